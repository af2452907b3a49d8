"""What in a seal's PDF would break the PDF/A of the documents it is pressed on (ISO 19005-3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pikepdf

from agreegen.errors import SpokenValueError
from agreegen.messages import Message, message

_FONTS = {"/Type1", "/MMType1", "/TrueType", "/CIDFontType0", "/CIDFontType2"}
_UPWARDS = {"/Parent", "/P", "/StructParents"}
_OUTSIDE = ("/F", "/FFilter", "/Ref", "/OPI", "/Alternates")
_ACTIONS = ("/URI", "/JavaScript", "/Launch", "/GoToR", "/GoToE", "/SubmitForm", "/ImportData", "/Rendition")
_MAX_OBJECTS = 20_000


def pdfa_problem(form: pikepdf.Object) -> Message | None:
    """Say why a form XObject must not stand in a PDF/A-3b document with an RGB output intent; None if it may.

    Fonts have to be embedded (6.2.11.4.1), CMYK needs an intent that the documents do not have (6.2.4.3),
    and LZW (6.1.7.2), interpolation (6.2.8.1) and layers are left out of what is taken over.

    Args:
        form: The form XObject that a page was turned into.

    Raises:
        ValueError: It has too many objects for a seal.
    """
    for thing in _reachable(form):
        problem = _own_problem(thing)
        if problem is not None:
            return problem
    return None


def _own_problem(thing: pikepdf.Object) -> Message | None:
    if not isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        return message("signing.has-colours-cmyk") if _names_cmyk(thing) else None
    if str(thing.get("/Subtype", "")) in _FONTS and "/BaseFont" in thing and not _is_embedded(thing):
        return message("signing.its-font-not-embedded", value=str(thing["/BaseFont"]).lstrip("/"))
    return next((problem for problem, found in _PROBLEMS.items() if found(thing)), None)


def _has_cmyk(thing: pikepdf.Object) -> bool:
    return any(_is_cmyk(value) for _, value in thing.items()) or _paints_cmyk(thing)


def _leads_outside(thing: pikepdf.Object) -> bool:
    """Tell an object that makes readers fetch or run something (ISO 32000-2, 7.3.8.2, 8.10.4, 12.6).

    A stream whose data lie in another file, a page of another document, pictures for a press, actions and
    files: a seal needs none of them, and every document would carry them.
    """
    if isinstance(thing, pikepdf.Stream):
        return any(key in thing for key in _OUTSIDE) or thing.get("/Subtype") == "/PS"
    return thing.get("/Type") in ("/Filespec", "/F") or thing.get("/S") in _ACTIONS


def _is_embedded(font: pikepdf.Object) -> bool:
    if "/FontDescriptor" not in font:
        return False
    descriptor = font["/FontDescriptor"]
    return any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))


def _is_cmyk(value: object) -> bool:
    return isinstance(value, pikepdf.Name) and value == "/DeviceCMYK"


def _names_cmyk(thing: pikepdf.Object) -> bool:
    return isinstance(thing, pikepdf.Array) and any(_is_cmyk(item) for item in thing)


def _paints_cmyk(thing: pikepdf.Object) -> bool:
    if not isinstance(thing, pikepdf.Stream) or thing.get("/Subtype") != "/Form":
        return False
    for instruction in pikepdf.parse_content_stream(thing, "k K cs CS"):
        operator = str(instruction.operator)
        if operator in ("k", "K"):
            return True
        if operator in ("cs", "CS") and any(_is_cmyk(operand) for operand in instruction.operands):
            return True
    return False


_PROBLEMS: Mapping[Message, Callable[[pikepdf.Object], bool]] = {
    message("signing.has-colours-cmyk"): _has_cmyk,
    message("signing.compressed-lzw"): lambda thing: "/LZWDecode" in str(thing.get("/Filter", "")),
    message("signing.refers-something-outside-file"): _leads_outside,
    message("signing.has-image-readers-should-interpolate"): lambda thing: bool(
        thing.get("/Interpolate", False)
    ),
    message("signing.has-layers"): lambda thing: "/OC" in thing,
}


def _reachable(start: pikepdf.Object) -> Iterator[pikepdf.Object]:
    waiting, seen, count = [start], set(), 0
    while waiting:
        thing = waiting.pop()
        if thing.is_indirect:
            if thing.objgen in seen:
                continue
            seen.add(thing.objgen)
        count += 1
        if count > _MAX_OBJECTS:
            raise SpokenValueError(message("pdf.picture-too-many-objects"))
        yield thing
        if isinstance(thing, pikepdf.Array):
            inner: list[object] = list(thing)
        else:
            inner = [value for key, value in thing.items() if key not in _UPWARDS]
        waiting.extend(
            value for value in inner if isinstance(value, pikepdf.Array | pikepdf.Dictionary | pikepdf.Stream)
        )
