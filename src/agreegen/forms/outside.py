"""What a Word template refers to outside of itself: an office would fetch it while it lays out the page."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from agreegen.messages import Message, message
from agreegen.model.text import shorten

_ADDRESS = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|//|\\\\)", re.IGNORECASE)
_FETCHING = re.compile(
    r"\b(?:INCLUDEPICTURE|INCLUDETEXT|INCLUDE|IMPORT|LINK|DDE|DDEAUTO|DATABASE|RD|HTMLACTIVEX)\b"
)
_INNER = re.compile(r"\s*(?:data:image/(?:png|jpeg)|#)", re.IGNORECASE)
_READ = (".xml", ".rels", ".svg", ".vml")


def find_outside(
    package: zipfile.ZipFile, read: Callable[[zipfile.ZipFile, str], Any]
) -> Iterator[tuple[str, Message]]:
    """Yield every reference out of an Office Open XML package: the part, and what it refers to.

    Linked pictures and objects, attached templates and sub-documents are relationships with an external
    target (ECMA-376 part 2, 9.3); drawings in VML and SVG carry addresses themselves, and fields fetch. Links
    that only a reader's click follows are none.

    Args:
        package: The package.
        read: Reads and parses a part.
    """
    for name in package.namelist():
        if name.lower().endswith(_READ):
            root = read(package, name)
            for target in dict.fromkeys(_of_part(root)):
                yield name, target


def _of_part(root: Any) -> Iterator[Message]:
    for element in root.iter(etree.Element):
        kind = etree.QName(element).localname
        if kind == "Relationship":
            yield from _of_relationship(element)
        elif kind in ("instrText", "fldSimple"):
            text = "".join([element.text or "", *map(str, element.attrib.values())])
            if found := _FETCHING.search(text.upper()):
                yield message("forms.outside-field", field=found[0])
        else:
            yield from _of_attributes(element)


def _of_relationship(element: Any) -> Iterator[Message]:
    kind = str(element.get("Type", "")).rpartition("/")[2]
    target = str(element.get("Target", ""))
    outside = element.get("TargetMode") == "External" or _ADDRESS.match(target) is not None
    if outside and kind != "hyperlink":
        yield message("forms.outside-relationship", kind=kind, target=shorten(target))


def _of_attributes(element: Any) -> Iterator[Message]:
    for key, value in element.attrib.items():
        name = etree.QName(key).localname.lower()
        text = str(value)
        if name in ("src", "href") and _ADDRESS.match(text) and not _INNER.match(text):
            yield message("forms.outside-address", address=shorten(text))
