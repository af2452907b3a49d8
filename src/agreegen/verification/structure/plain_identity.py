"""What a plain file of ours says it is and who signed it, with few of its objects read.

Thousands of files of a register are asked this. Where everything that bears on the answer stands in the file
once, or the same in all revisions, `read_identity` would give the same answer; of any other file nothing is
said here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from agreegen.model.document import ATTACHMENT_NAME
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import Ref, Stream, StructureError, Value
from agreegen.pdf.plain import NotPlainError, PlainPdf
from agreegen.pdf.xref import parse_indirect
from agreegen.verification.structure.identity import Identity

_NAME = re.compile(rb"[A-Za-z0-9_.-]{1,100}")
_NUMBER_OR_ID = re.compile(rb"\d{1,10}(?: 0 R)?|\[ ?<[0-9A-Fa-f]*> ?<[0-9A-Fa-f]*> ?\]")
_CLOSING = b"endobj"
_MOST_REMEMBERED_BYTES = 2048
_LIMITS = Limits()
_PACKED = {"Filter", "DecodeParms", "F"}
_MOST_BYTES = 1 << 20

Dictionary = dict[str, Any]


def read_plain_identity(data: bytes) -> Identity | None:
    """Read what a plain file says of itself; None where `read_identity` is needed to tell.

    1. One catalog, whose form and names are the same in all revisions.
    2. Signature fields without kids, each under one name in all revisions, with no more than one signature.
    3. Each signature in an object that was written once.
    4. One attachment, ours, in objects that were written once, with the first revision, and not packed.

    The caller still owes what is owed to `read_identity`.
    """
    try:
        plain = PlainPdf.read(data)
        catalog = _catalog(plain)
        return Identity(_attachment(plain, catalog), _signatures(plain, catalog))
    except (NotPlainError, StructureError):
        return None


def _catalog(plain: PlainPdf) -> Dictionary:
    for trailer in plain.trailers:
        same = trailer.get(b"/Root") == plain.trailer.get(b"/Root")
        if not same or not all(map(_NUMBER_OR_ID.fullmatch, trailer.values())):
            raise NotPlainError
    number, _, reference = plain.trailer.get(b"/Root", b"").partition(b" ")
    if reference != b"0 R":
        raise NotPlainError
    catalogs = _versions(plain, Ref(int(number), 0))
    newest = catalogs[0]
    for catalog in catalogs:
        permissions = catalog.get("Perms", {})
        # Nobody of ours makes signatures of usage rights.
        if not isinstance(permissions, dict) or permissions.keys() & {"UR", "UR3"}:
            raise NotPlainError
        if any(catalog.get(key) != newest.get(key) for key in ("AcroForm", "Names")):
            raise NotPlainError
    return newest


def _signatures(plain: PlainPdf, catalog: Dictionary) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    names: set[str] = set()
    used: set[Ref] = set()
    for field in _fields(plain, catalog):
        name, value = _field(_versions(plain, field))
        if name in names or value in used:
            raise NotPlainError
        names.add(name)
        if value is None:
            continue
        used.add(value)
        contents = _contents(_written_once(plain, value))
        if contents is not None:
            found[name] = contents
    return found


def _fields(plain: PlainPdf, catalog: Dictionary) -> list[Ref]:
    """Return the fields of the form, which may have become more, and never fewer."""
    lists = [_references(form.get("Fields")) for form in _versions(plain, catalog.get("AcroForm"))]
    newest = lists[0]
    if len({each.num for each in newest}) != len(newest) or not all(set(one) <= set(newest) for one in lists):
        raise NotPlainError
    return newest


def _field(versions: Sequence[Dictionary]) -> tuple[str, Ref | None]:
    """Return the name of a field and its signature; None for an empty one."""
    title, value = versions[0].get("T"), versions[0].get("V")
    if not isinstance(title, bytes) or _NAME.fullmatch(title) is None:
        raise NotPlainError
    if value is not None and not isinstance(value, Ref):
        raise NotPlainError
    for version in versions:
        ours = version.get("FT") == "Sig" and version.get("T") == title and version.get("V") in (None, value)
        if not ours or "Kids" in version or isinstance(version.get("Ff"), Ref):
            raise NotPlainError
    return title.decode("ascii"), value


def _contents(signature: Value) -> bytes | None:
    """Return the CMS of a signature; None for a document timestamp."""
    if not isinstance(signature, dict):
        raise NotPlainError
    kind, contents = signature.get("SubFilter"), signature.get("Contents")
    if not isinstance(kind, str) or not isinstance(contents, bytes) or not any(contents):
        raise NotPlainError  # e.g. room that waits for a signature
    return None if kind == "ETSI.RFC3161" else contents


def _attachment(plain: PlainPdf, catalog: Dictionary) -> bytes:
    names = _written_first(plain, catalog.get("Names"))
    leaf = _written_first(plain, names.get("EmbeddedFiles"))
    listed = leaf.get("Names")
    if "Kids" in leaf or not isinstance(listed, list) or len(listed) != 2:
        raise NotPlainError
    specification = _written_first(plain, listed[1])
    if specification.get("F") != ATTACHMENT_NAME.encode():
        raise NotPlainError
    files = _written_first(plain, specification.get("EF"))
    stream = _from_first(plain, files.get("UF", files.get("F")))
    if not isinstance(stream, Stream) or stream.dictionary.keys() & _PACKED or len(stream.raw) > _MOST_BYTES:
        raise NotPlainError
    return stream.raw


def _written_first(plain: PlainPdf, value: Value) -> Dictionary:
    """Return a dictionary, direct or in an object that the first revision brought and none wrote again."""
    found = value if isinstance(value, dict) else _from_first(plain, value)
    if not isinstance(found, dict):
        raise NotPlainError
    return found


def _from_first(plain: PlainPdf, value: Value) -> Value:
    _, _, oldest_table = plain.sections[-1]
    if not isinstance(value, Ref) or plain.offset(value.num) >= oldest_table:
        raise NotPlainError
    return _written_once(plain, value)


def _written_once(plain: PlainPdf, value: Ref) -> Value:
    found = _objects(plain, value)
    if len(found) != 1:
        raise NotPlainError
    return found[0]


def _versions(plain: PlainPdf, value: Value) -> list[Dictionary]:
    """Return all versions of an object that is a dictionary, the last one first."""
    found = _objects(plain, value) if isinstance(value, Ref) else []
    dictionaries = [each for each in found if isinstance(each, dict)]
    if not found or len(dictionaries) != len(found):
        raise NotPlainError
    return dictionaries


def _objects(plain: PlainPdf, reference: Ref) -> list[Value]:
    if reference.gen:
        raise NotPlainError
    found: list[Value] = []
    for offset, table in plain.offsets(reference.num):
        number, value, end = _object_at(plain.data, offset)
        if number != reference.num or end > table:
            raise NotPlainError
        found.append(value)
    return found


def _object_at(data: bytes, offset: int) -> tuple[int, Value, int]:
    """Return number and value of the object at an offset, and where it ends.

    Most are the same in thousands of documents, so the small ones are remembered by their bytes.
    """
    end = data.find(_CLOSING, offset, offset + _MOST_REMEMBERED_BYTES) + len(_CLOSING)
    if end > len(_CLOSING):
        number, value, length = _parsed(data[offset:end])
        if length == end - offset:
            return number, value, end
    number, generation, value, end = parse_indirect(data, offset, _LIMITS)
    if generation or not data.endswith(_CLOSING, offset, end):
        raise NotPlainError
    return number, value, end


@functools.lru_cache(maxsize=256)
def _parsed(data: bytes) -> tuple[int, Value, int]:
    try:
        number, generation, value, end = parse_indirect(data, 0, _LIMITS)
    except StructureError:
        return 0, None, -1
    return (number, value, end) if not generation and data.endswith(_CLOSING, 0, end) else (0, None, -1)


def _references(value: Value) -> list[Ref]:
    if not isinstance(value, list) or not all(isinstance(each, Ref) and not each.gen for each in value):
        raise NotPlainError
    return value
