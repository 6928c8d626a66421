"""Writes the samples that are mail or in encodings no editor writes.

Run once by hand (python tests/formats/make_text.py); what it writes is committed, and the same each time.
"""

import base64
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"

_SHOP = """<?xml version="1.0" encoding="EUC-KR"?>
<!DOCTYPE shop SYSTEM "shop.dtd">
<shop><name>서울 가게</name>
<product id="1"><name>녹차</name><price currency="KRW">5,000</price><tag>차</tag><tag>green</tag></product>
<product id="2"><name>홍차</name><price currency="KRW">7,000</price><note>향이&nbsp;좋다 &lt;new&gt;</note></product>
</shop>
"""
_PAGE = "<html><body><h2>견적</h2><p>총액은 <b>3백만 원</b>입니다.</p></body></html>"


def encoded(text: str, charset: str = "euc-kr") -> str:
    """A header's encoded word (RFC 2047)."""
    codec = "cp949" if charset == "euc-kr" else charset
    return f"=?{charset}?B?{base64.b64encode(text.encode(codec)).decode()}?="


def attachment(name: str, content: bytes, kind: str = "application/octet-stream") -> str:
    """One part with its headers, for a multipart message."""
    body = base64.encodebytes(content).decode()
    return (
        f'Content-Type: {kind}; name="{name}"\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{body}\n"
    )


def multipart(parts: list[str], boundary: str, kind: str = "mixed") -> str:
    """The header of a multipart and its parts."""
    body = "".join(f"--{boundary}\n{part}" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{body}--{boundary}--\n'


def letter() -> bytes:
    """Korean in three old ways, alternatives, files of four formats (one damaged), and a message in the message."""
    plain = base64.encodebytes("안녕하세요,\n\n견적서를 보냅니다.\n\n> 언제 보내시나요?\n".encode("cp949")).decode()
    page = base64.encodebytes(_PAGE.encode("utf-8")).decode()
    words = multipart(
        [
            f"Content-Type: text/plain; charset=euc-kr\nContent-Transfer-Encoding: base64\n\n{plain}\n",
            f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{page}\n",
        ],
        "inner",
        "alternative",
    )
    old = encoded("지난 편지", "iso-2022-kr")
    forwarded = f"Content-Type: message/rfc822\n\nSubject: {old}\nFrom: b@b.example\n\nOld words.\n\n"
    return (
        f"From: {encoded('홍길동')} <hong@a.example>\nTo: kim@b.example\n"
        f"Subject: {encoded('견적서 송부')}\n {encoded('의 건')}\n"
        "Date: Mon, 5 Jan 2026 09:00:00 +0900\nMIME-Version: 1.0\n"
        + multipart(
            [
                words,
                attachment(encoded("견적.csv"), "품명,가격\n연필,500\n지우개,300\n".encode("cp949")),
                attachment("../../etc/notes.md", b"# Notes\n\nBring the contract.\n"),
                attachment("broken.docx", b"PK\x03\x04 nothing"),
                attachment("picture.bin", bytes(range(256))),
                attachment("page.html", _PAGE.encode("utf-8"), "text/html"),
                forwarded,
            ],
            "outer",
        )
    ).encode("ascii")


def archive() -> bytes:
    """Three messages: one that quotes a separator, one whose words look like one, one that is damaged."""
    return (
        "From hong@a.example Mon Jan  5 09:00:00 2026\nSubject: 첫째 편지\nFrom: hong@a.example\n"
        "Content-Type: text/plain; charset=utf-8\n\n>From here on it is quoted.\n\nFrom time to time\nit snows.\n\n"
        "From - Tue Jan 06 10:00:00 2026\r\nSubject: Second\r\nTo: kim@b.example\r\n\r\n둘째 편지입니다.\r\n\r\n"
        "From MAILER-DAEMON Tue Jan  6 11:00:00 2026\nno header at all\n\n"
        "From MAILER-DAEMON Tue Jan  6 12:00:00 2026\nFrom: c@c.example\n\nNo subject here.\n"
    ).encode()


def main() -> None:
    korean = "대한민국의 주권은 국민에게 있고, 모든 권력은 국민으로부터 나온다.\n"
    files = {
        "letter.eml": letter(),
        "archive.mbox": archive(),
        "noise.eml": bytes(range(256)) * 8,
        "shop.xml": _SHOP.encode("euc-kr"),
        "mskanji.csv": "名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪\n".encode("cp932"),
        "johab.txt": korean.encode("johab"),
        "iso2022kr.txt": korean.encode("iso2022_kr"),
        "utf32.txt": korean.encode("utf-32-le"),
        "zeros.log": bytes(100_000),
        "picture.txt": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 16,
    }
    for name, content in files.items():
        (SAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    main()
