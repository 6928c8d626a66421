"""Elements of XML by their local names: office formats are written in two or three namespaces that mean the same."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def local(tag: str) -> str:
    """A tag or attribute without its namespace; names do not clash in the parts that are read here."""
    return tag.rpartition("}")[2]


def inside(element: "Element | None") -> "Iterable[Element]":
    """All child elements; none of None."""
    return element if element is not None else ()


def deep(element: "Element | None") -> "Iterable[Element]":
    """The element and all below it; nothing of None."""
    return element.iter() if element is not None else ()


def children(element: "Element | None", name: str) -> "Iterator[Element]":
    """The child elements of this name."""
    return (each for each in inside(element) if local(each.tag) == name)


def child(element: "Element | None", *names: str) -> "Element | None":
    """The first child that has one of these names."""
    return next((each for each in inside(element) if local(each.tag) in names), None)


def value(element: "Element | None", name: str = "val") -> str:
    """An attribute, in whatever namespace; empty where there is none."""
    for key, said in element.attrib.items() if element is not None else ():
        if local(key) == name:
            return said
    return ""


def natural(text: str, default: int, most: int) -> int:
    """A number as it is written, no more than `most`; `default` where it is none."""
    if not text.isascii() or not text.isdigit():
        return default
    return min(int(text), most) if len(text) < 10 else most


def is_on(element: "Element | None") -> bool:
    """Whether a property that is either on or off is on (ECMA-376 part 1, 17.17.4)."""
    return element is not None and value(element) not in {"0", "false", "off"}
