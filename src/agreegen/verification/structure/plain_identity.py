"""What a plain file of ours says it is and who signed it, with few of its objects read.

Thousands of files of a register are asked this. Where everything that bears on the answer stands in the file
once, or the same in all revisions, `read_identity` would give the same answer; of any other file nothing is
said here. Files of one batch differ in their attachments and signatures alone: where these are is remembered
with the bytes of all the objects that say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
_MOST_LAYOUTS = 16
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
        root = _root(plain)
        layout = next((known for known in tuple(_layouts) if known.is_of(plain, root)), None)
        if layout is None:
            layout = _read_layout(_Objects(plain), root)
            _layouts[:] = [layout, *_layouts[: _MOST_LAYOUTS - 1]]
        read = {name: _contents(_written_once(plain, each)) for name, each in layout.signatures.items()}
        signatures = {name: contents for name, contents in read.items() if contents is not None}
        return Identity(_attachment(plain, layout.attachment), signatures)
    except (NotPlainError, StructureError):
        return None


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a file has its attachment and its signatures.

    Attributes:
        root: Number of its catalog.
        attachment: Where the attachment stands.
        signatures: Role → where its signature, or its timestamp, stands.
        objects: Number → versions as they stand in the file, the last one first, of each object that says so.
        first: Numbers of those that must come with the first revision.
    """

    root: int
    attachment: Ref
    signatures: Mapping[str, Ref]
    objects: Mapping[int, tuple[bytes, ...]]
    first: frozenset[int]

    def is_of(self, plain: PlainPdf, root: int) -> bool:
        """Tell whether all objects that say so are the same, byte for byte, in another file."""
        if root != self.root or not all(_is_first(plain, number) for number in self.first):
            return False
        return all(_are_at(plain, number, versions) for number, versions in self.objects.items())


def _are_at(plain: PlainPdf, number: int, versions: tuple[bytes, ...]) -> bool:
    count = 0
    for offset, table in plain.offsets(number):
        version = versions[count] if count < len(versions) else b""
        if not version or not plain.data.startswith(version, offset) or offset + len(version) > table:
            return False
        count += 1
    return count == len(versions)


_layouts: list[_Layout] = []
"""Those of the files that were read last; what a batch made has one or two."""


@dataclass(frozen=True, slots=True)
class _Objects:
    """Reads objects of a file and notes them.

    Attributes:
        plain: The file.
        noted: Number → versions as they stand in the file.
        first: Numbers of those that must come with the first revision.
    """

    plain: PlainPdf
    noted: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    first: set[int] = field(default_factory=set)

    def versions(self, value: Value) -> list[Dictionary]:
        """Return all versions of an object that is a dictionary, the last one first."""
        if not isinstance(value, Ref):
            raise NotPlainError
        found = _versions(self.plain, value)
        dictionaries = [each for each, _ in found if isinstance(each, dict)]
        if not found or len(dictionaries) != len(found):
            raise NotPlainError
        self.noted[value.num] = tuple(text for _, text in found)
        return dictionaries

    def written_first(self, value: Value) -> Dictionary:
        """Return a dictionary, direct or in an object written once, with the first revision."""
        if isinstance(value, dict):
            return value
        found = self.versions(value)
        if len(found) != 1 or not isinstance(value, Ref) or not _is_first(self.plain, value.num):
            raise NotPlainError
        self.first.add(value.num)
        return found[0]


def _read_layout(objects: _Objects, root: int) -> _Layout:
    catalog = _catalog(objects, root)
    attachment, signatures = _attached(objects, catalog), _signatures(objects, catalog)
    return _Layout(root, attachment, signatures, objects.noted, frozenset(objects.first))


def _root(plain: PlainPdf) -> int:
    for trailer in plain.trailers:
        same = trailer.get(b"/Root") == plain.trailer.get(b"/Root")
        if not same or not all(map(_NUMBER_OR_ID.fullmatch, trailer.values())):
            raise NotPlainError
    number, _, reference = plain.trailer.get(b"/Root", b"").partition(b" ")
    if reference != b"0 R":
        raise NotPlainError
    return int(number)


def _catalog(objects: _Objects, root: int) -> Dictionary:
    catalogs = objects.versions(Ref(root, 0))
    newest = catalogs[0]
    for catalog in catalogs:
        permissions = catalog.get("Perms", {})
        # Nobody of ours makes signatures of usage rights.
        if not isinstance(permissions, dict) or permissions.keys() & {"UR", "UR3"}:
            raise NotPlainError
        if any(catalog.get(key) != newest.get(key) for key in ("AcroForm", "Names")):
            raise NotPlainError
    return newest


def _signatures(objects: _Objects, catalog: Dictionary) -> dict[str, Ref]:
    found: dict[str, Ref] = {}
    names: set[str] = set()
    for field_ in _fields(objects, catalog):
        name, value = _field(objects.versions(field_))
        if name in names or value in found.values():
            raise NotPlainError
        names.add(name)
        if value is not None:
            found[name] = value
    return found


def _fields(objects: _Objects, catalog: Dictionary) -> list[Ref]:
    """Return the fields of the form, which may have become more, and never fewer."""
    lists = [_references(form.get("Fields")) for form in objects.versions(catalog.get("AcroForm"))]
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


def _attached(objects: _Objects, catalog: Dictionary) -> Ref:
    """Return where the attachment stands."""
    names = objects.written_first(catalog.get("Names"))
    leaf = objects.written_first(names.get("EmbeddedFiles"))
    listed = leaf.get("Names")
    if "Kids" in leaf or not isinstance(listed, list) or len(listed) != 2:
        raise NotPlainError
    specification = objects.written_first(listed[1])
    if specification.get("F") != ATTACHMENT_NAME.encode():
        raise NotPlainError
    files = objects.written_first(specification.get("EF"))
    stream = files.get("UF", files.get("F"))
    if not isinstance(stream, Ref):
        raise NotPlainError
    return stream


def _attachment(plain: PlainPdf, place: Ref) -> bytes:
    stream = _written_once(plain, place)
    packed = not isinstance(stream, Stream) or stream.dictionary.keys() & _PACKED
    if (
        packed
        or not isinstance(stream, Stream)
        or len(stream.raw) > _MOST_BYTES
        or not _is_first(plain, place.num)
    ):
        raise NotPlainError
    return stream.raw


def _is_first(plain: PlainPdf, number: int) -> bool:
    """Tell whether the last version of an object came with the first revision."""
    _, _, oldest_table = plain.sections[-1]
    return plain.offset(number) < oldest_table


def _written_once(plain: PlainPdf, value: Ref) -> Value:
    found = _versions(plain, value)
    if len(found) != 1:
        raise NotPlainError
    return found[0][0]


def _versions(plain: PlainPdf, reference: Ref) -> list[tuple[Value, bytes]]:
    """Return all versions of an object and their bytes, the last one first."""
    if reference.gen:
        raise NotPlainError
    found: list[tuple[Value, bytes]] = []
    for offset, table in plain.offsets(reference.num):
        number, generation, value, end = parse_indirect(plain.data, offset, _LIMITS)
        if (
            generation
            or number != reference.num
            or end > table
            or not plain.data.endswith(_CLOSING, offset, end)
        ):
            raise NotPlainError
        found.append((value, plain.data[offset:end]))
    return found


def _references(value: Value) -> list[Ref]:
    if not isinstance(value, list) or not all(isinstance(each, Ref) and not each.gen for each in value):
        raise NotPlainError
    return value
