"""Makes `resources/sample/printer-manual.pdf`: three pages with an outline, set by Qt, outlined by pypdf.

QT_QPA_PLATFORM=offscreen python packaging/make_sample_pdf.py resources/sample/printer-manual.pdf
"""

import io
import sys
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from PySide6.QtCore import QBuffer, QIODevice, QMarginsF
from PySide6.QtGui import QGuiApplication, QPageLayout, QPageSize, QPdfWriter, QTextDocument

TITLE = "Letterpress printer LP-200: operating manual"
SETTING_UP = """
<p>Place the printer on a level table that carries at least 180 kilograms. Leave 60 centimetres of free space on the
side of the paper tray. Connect it to an earthed socket of 230 volts; the fuse must be rated for 16 amperes.</p>
<p>Before the first start, remove the three red transport locks and keep them for a later move.</p>
"""
INKS = """
<p>The LP-200 takes oil-based inks only. Water-based inks make the rollers swell and void the warranty.</p><p>Paper may
weigh from 80 to 600 grams per square metre. Sheets heavier than 350 grams are fed by hand, one at a time.</p><p>Fresh
prints need about twelve hours before they can be cut.</p>
"""
CARE = """
<p>Clean the rollers with vegetable oil at the end of every day. Grease the main bearing every 500 hours with lithium
grease; the running time is shown on the display under Service.</p><p>If error E14 appears, the paper sensor is dirty:
wipe it with a dry cloth and switch the printer off for ten seconds.</p><p>The warranty lasts 24 months from the day of
delivery.</p>
"""
PAGES = (("Setting up", SETTING_UP), ("Inks and paper", INKS), ("Care and repair", CARE))


def set_pages() -> bytes:
    """The pages as Qt sets them."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(150)
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A5), QPageLayout.Orientation.Portrait, QMarginsF(15, 15, 15, 15))
    )
    document = QTextDocument()
    document.documentLayout().setPaintDevice(writer)
    breaks = ' style="page-break-before: always"'
    document.setHtml(
        f"<h1>{TITLE}</h1>"
        + "".join(f"<h2{breaks if number else ''}>{head}</h2>{body}" for number, (head, body) in enumerate(PAGES))
    )
    document.setPageSize(writer.pageLayout().paintRectPixels(150).size())
    document.print_(writer)
    return bytes(buffer.data().data())


def main() -> None:
    """Write the file named on the command line."""
    QGuiApplication([])
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(set_pages())))
    for number, (head, _) in enumerate(PAGES):
        writer.add_outline_item(title=head, page_number=number)
    writer.add_metadata({"/Title": TITLE, "/Author": "Brightwater Prints"})
    with Path(sys.argv[1]).open("wb") as file:
        writer.write(file)


if __name__ == "__main__":
    main()
