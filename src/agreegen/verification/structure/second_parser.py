"""The second parser: qpdf, with recovery off, has to read the same objects as the first one.

Where both read an object and read it differently, a reader of one kind shows another document than a reader
of the other kind. Where only one of them reads it, nothing is proved, but a recipient should know.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pikepdf

from agreegen.messages import Message, message
from agreegen.model.report import Alarm
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value, same
from agreegen.pdf.parser import parse_value
from agreegen.pdf.spelling import PLAIN_TOKENS

_MAX_COMPARED = 20_000
_NOT_SHOWN = frozenset({"XRef", "ObjStm"})
_STREAM_KEYS = frozenset({"Length"})
_TRAILER_KEYS = ("Root", "Info", "Encrypt")


def compare_parsers(file: PdfFile, view: View, password: str | None) -> list[Alarm]:
    """Compare what the two parsers read in the current revision, object by object.

    Args:
        file: The file.
        view: Its current revision.
        password: For encrypted files.
    """
    try:
        second = pikepdf.open(
            io.BytesIO(file.data),
            password=password or "",
            attempt_recovery=False,
            suppress_warnings=True,
            inherit_page_attributes=False,
        )
    except pikepdf.PasswordError:
        return [_refused(message("verification.second-parser-qpdf-wants-password-for"))]
    except (pikepdf.PdfError, ValueError, RuntimeError):
        # Its own sentence would name buffers and places in its code.
        return [_refused(message("verification.second-parser-qpdf-refuses-file"))]
    with second:
        return _compare(file, view, second)


def _compare(file: PdfFile, view: View, second: pikepdf.Pdf) -> list[Alarm]:
    trailer = _parsed(second.trailer, file)
    for key in _TRAILER_KEYS:
        if not same(trailer.get(key), view.trailer.get(key)):
            return [_differ(message("verification.trailers", key=key))]
    table = {number: (generation, entry) for (number, generation), entry in second.get_xref_table().items()}
    ours = {number for number in view.numbers() if view.location(number) is not None}
    differing: list[int] = []
    refused = 0
    # qpdf 12 takes such objects for free, which ISO 32000-1, clause 7.5.8.4, does not mean.
    plain = _Plain(view)
    for count, number in enumerate(sorted((ours | table.keys()) - file.veiled)):
        entry = table.get(number)
        if _same_location(view, number, entry) and (count >= _MAX_COMPARED or plain.is_plain(number)):
            continue
        verdict = _compare_object(file, view, second, number, present=entry is not None)
        if verdict is None:
            refused += 1
        elif not verdict:
            differing.append(number)
    return list(_told(refused, differing))


def _told(refused: int, differing: list[int]) -> Iterator[Alarm]:
    if refused:
        yield _refused(message("verification.objects-can-read-by-one-two", refused=refused))
    if differing:
        yield _differ(message("verification.objects-first", count=len(differing), differing=differing[0]))


def _same_location(view: View, number: int, found: tuple[int, Any] | None) -> bool:
    entry = view.entries.get(number)
    if found is None or entry is None:
        return False
    generation, other = found
    if entry.kind == 1:
        return (other.type, other.offset, generation) == (1, entry.place + view.file.shift, entry.extra)
    place = (other.type, other.obj_stream_number, other.obj_stream_index)
    return entry.kind == 2 and place == (2, entry.place, entry.extra)


class _Plain:
    """Tells which objects are written so plainly that no two parsers can read them differently."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._bodies: dict[int, bool] = {}

    def is_plain(self, number: int) -> bool:
        """Tell it of one object; both parsers must have found it at the same place."""
        entry, file = self._view.entries[number], self._view.file
        try:
            value = self._view.value(number)
            if entry.kind == 2:
                return self._is_plain_body(entry.place)
        except LimitError:
            raise
        except StructureError:
            return False
        end = value.start if isinstance(value, Stream) else file.ends.get(entry.place)
        return (
            end is not None and PLAIN_TOKENS.fullmatch(file.data, entry.place + file.shift, end) is not None
        )

    def _is_plain_body(self, container: int) -> bool:
        if container not in self._bodies:
            body, index = self._view.container(container)
            first = min((start for _, start in index), default=0)
            self._bodies[container] = PLAIN_TOKENS.fullmatch(body, first) is not None
        return self._bodies[container]


def _compare_object(
    file: PdfFile, view: View, second: pikepdf.Pdf, number: int, *, present: bool
) -> bool | None:
    """Return whether both read the same; None where one of them cannot read the object."""
    generation = _generation(view, number)
    try:
        ours = view.get(number, generation)
    except LimitError:
        raise
    except StructureError as problem:
        # Of two values for one key, some readers take the first and some the last.
        return False if problem.code == "duplicate-key" else None
    if isinstance(ours, Stream) and ours.dictionary.get("Type") in _NOT_SHOWN:
        return True
    try:
        found = second.get_object(number, generation)
        theirs = _stream(found, file) if isinstance(found, pikepdf.Stream) else _parsed(found, file)
    except (pikepdf.PdfError, StructureError, ValueError, RuntimeError):
        return None
    if theirs is None and ours is not None and present:
        return None
    return _match(view, *_without_signatures(file, ours, theirs))


def _generation(view: View, number: int) -> int:
    entry = view.entries.get(number)
    return entry.extra if entry is not None and entry.kind == 1 else 0


def _without_signatures(file: PdfFile, ours: Value, theirs: Value) -> tuple[Value, Value]:
    if file.decrypt is not None and isinstance(ours, dict) and isinstance(theirs, dict):
        return _without_signature(ours), _without_signature(theirs)
    return ours, theirs


def _without_signature(value: dict[str, Any]) -> dict[str, Any]:
    """Leave out the signature of a dictionary without /Type, which qpdf decrypts as any other string.

    It is not encrypted (ISO 32000-2, clause 7.6.2), and it is checked as it stands in the file.
    """
    if "ByteRange" not in value or "Type" in value:
        return value
    return {key: item for key, item in value.items() if key != "Contents"}


def _stream(found: Any, file: PdfFile) -> Stream:
    dictionary = _parsed(found.stream_dict, file)
    return Stream(dictionary if isinstance(dictionary, dict) else {}, found.read_raw_bytes(), -1)


def _parsed(found: Any, file: PdfFile) -> Any:
    if found is None:
        return None
    if not isinstance(found, pikepdf.Object):
        return _plain(found)
    value, _ = parse_value(found.unparse(resolved=True), 0, file.limits.max_depth)
    return value


def _plain(found: Any) -> Value:
    """Scalars come as Python values already."""
    return found if isinstance(found, bool | int) else float(found)


def _match(view: View, ours: Value, theirs: Value) -> bool:
    if isinstance(ours, Stream) and isinstance(theirs, Stream):
        if "Encrypt" not in view.trailer and ours.raw != theirs.raw:
            return False
        one = {key: value for key, value in ours.dictionary.items() if key not in _STREAM_KEYS}
        two = {key: value for key, value in theirs.dictionary.items() if key not in _STREAM_KEYS}
        return _match(view, one, two)
    return same(ours, theirs) or same(_normalised(view, ours), _normalised(view, theirs))


def _normalised(view: View, value: Value) -> Value:
    """Put null in place of references to what is null, missing or unreadable, as qpdf does."""
    if isinstance(value, Ref):
        if value.num in view.file.veiled:
            return None
        try:
            return None if view.get(value.num, value.gen) is None else value
        except StructureError:
            return None
    if isinstance(value, dict):
        return {key: _normalised(view, child) for key, child in value.items()}
    if isinstance(value, list):
        return [_normalised(view, child) for child in value]
    return value


def _refused(told: Message) -> Alarm:
    return Alarm("second-parser-refuses", told, alters=False)


def _differ(what: Message) -> Alarm:
    return Alarm(
        "parsers-differ", message("verification.two-parsers-read-differently", what=what), alters=True
    )
