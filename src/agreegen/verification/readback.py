"""Reading back what we have just signed: the file before and after the signature are both at hand.

This proves less than `examine` asks of a stranger's file, and needs less: what stands in the unsigned file
was judged before, so it is enough that the signed file is that file, byte for byte, with one update behind it
that does nothing but sign. Every byte of the update is accounted for.
"""

from __future__ import annotations

import re

from agreegen.model.report import Changes, Coverage, Integrity, SignatureKind
from agreegen.signing.pdfsyntax import Entries, NotPlainError, PlainPdf, read_dictionary, reference
from agreegen.verification.integrity import CADES, judge_integrity
from agreegen.verification.interface import FoundSignature, Limits

_OBJECT = re.compile(rb"(\d+) 0 obj\n(?s:(.*?))\nendobj\n")
_SECTION = re.compile(rb"(\d+) (\d+)\n((?:\d{10} 00000 n \n)+)")
_TRAILER = re.compile(rb"trailer\n(?s:(.*?))\nstartxref\n(\d+)\n%%EOF\n\Z")
_CONTENTS = re.compile(rb"/Contents <([0-9A-Fa-f]+)> /ByteRange \[(\d+) (\d+) (\d+) (\d+)\] *>>\Z")


def prove_first_signature(unsigned: bytes, signed: bytes, role: str) -> str | None:
    """Prove that a file is an unsigned one with nothing but its first signature added.

    1. The signed file begins with the unsigned one.
    2. The update: its objects follow each other without a gap, and its cross-reference table names each of
       them where it stands; it continues the unsigned file's table.
    3. Of the unsigned file's objects it replaces two: the field of the role, with `/V` (and `/AP`) added, and
       the catalog, with `/Perms` added. The picture of a visible field stands in new objects.
    4. The signature's ByteRange leaves out exactly its own `/Contents` and ends with the file.
    5. Digest and signature hold.

    The caller still owes what is said of the unsigned file: its text, its structure.

    Args:
        unsigned: The file before signing, which has passed its gates.
        signed: The file after signing.
        role: Name of the signed field.

    Returns:
        None where it holds; otherwise what does not, or that the update is not of this plain kind, in which
        case `examine` has to judge the file.
    """
    base = unsigned if unsigned.endswith((b"\n", b"\r")) else unsigned + b"\n"
    if not signed.startswith(base):
        return "the signed file does not begin with the unsigned one"
    try:
        return _prove_update(PlainPdf.read(unsigned), signed, len(base), role)
    except NotPlainError:
        return "the update is not of the plain kind"


def _prove_update(plain: PlainPdf, signed: bytes, start: int, role: str) -> str | None:
    bodies, xref_at = _read_objects(signed, start)
    trailer = _read_table(signed, xref_at, {number: at for number, (at, _) in bodies.items()})
    for key in (b"/Root", b"/Info"):
        if trailer.get(key) != plain.trailer.get(key):
            return f"the update changes {key.decode()} of the trailer"
    if trailer.get(b"/Prev") != b"%d" % plain.xref_at:
        return "the update does not continue the unsigned file"
    old = {number for number in bodies if number < plain.size}
    root = reference(plain.trailer.get(b"/Root"))
    if root not in old or len(old) != 2:
        return "the update replaces other objects than the catalog and the field"
    (field,) = old - {root}
    number = plain.size
    problem = _catalog_problem(plain.object(root)[0], _entries(bodies, root), number)
    problem = problem or _field_problem(plain.object(field)[0], _entries(bodies, field), number, role)
    return problem or _signature_problem(signed, bodies[number][1], role)


def _read_objects(data: bytes, at: int) -> tuple[dict[int, tuple[int, bytes]], int]:
    bodies: dict[int, tuple[int, bytes]] = {}
    while found := _OBJECT.match(data, at):
        if int(found[1]) in bodies:
            raise NotPlainError
        bodies[int(found[1])] = (at, found[2])
        at = found.end()
    return bodies, at


def _read_table(data: bytes, at: int, offsets: dict[int, int]) -> Entries:
    if data[at : at + 5] != b"xref\n":
        raise NotPlainError
    xref_at, at = at, at + 5
    named: dict[int, int] = {}
    while section := _SECTION.match(data, at):
        entries = section[3].split(b" \n")[:-1]
        if len(entries) != int(section[2]):
            raise NotPlainError
        named |= {int(section[1]) + index: int(entry[:10]) for index, entry in enumerate(entries)}
        at = section.end()
    ending = _TRAILER.match(data, at)
    if ending is None or named != offsets or int(ending[2]) != xref_at:
        raise NotPlainError
    trailer, end = read_dictionary(ending[1], 0)
    if end != len(ending[1]) or trailer.get(b"/Size") != b"%d" % (max(offsets) + 1):
        raise NotPlainError
    return trailer


def _entries(bodies: dict[int, tuple[int, bytes]], number: int) -> Entries:
    body = bodies[number][1]
    entries, end = read_dictionary(body, 0)
    if body[end:].strip():
        raise NotPlainError
    return entries


def _catalog_problem(before: Entries, after: Entries, signature: int) -> str | None:
    permissions = after.pop(b"/Perms", None)
    if permissions is None or after != before:
        return "the update changes the catalog"
    granted, _ = read_dictionary(permissions, 0)
    if granted != {b"/DocMDP": b"%d 0 R" % signature}:
        return "the certification names another signature"
    return None


def _field_problem(before: Entries, after: Entries, signature: int, role: str) -> str | None:
    if after.pop(b"/V", None) != b"%d 0 R" % signature or before.get(b"/T") != b"(%s)" % role.encode():
        return "the update fills another field"
    if after.pop(b"/AP", None) is None and b"/AP" in before:
        return "the update takes the field's appearance away"
    if after != {key: value for key, value in before.items() if key != b"/AP"}:
        return "the update changes the field"
    return None


def _signature_problem(data: bytes, body: bytes, role: str) -> str | None:
    found = _CONTENTS.search(body)
    if found is None or b"/SubFilter /%s" % CADES.encode() not in body[: found.start()]:
        raise NotPlainError
    first, length, second, rest = (int(found[group]) for group in (2, 3, 4, 5))
    hole = data[length:second]
    if first or second + rest != len(data) or hole != b"<" + found[1] + b">":
        return "the ByteRange does not leave out exactly /Contents"
    facts = judge_integrity(
        data,
        FoundSignature(
            field=role,
            object_number=None,
            kind=SignatureKind.SIGNATURE,
            subfilter=CADES,
            byte_range=(first, length, second, rest),
            contents=bytes.fromhex(found[1].decode("ascii")),
            revision=None,
            coverage=Coverage.WHOLE_FILE,
            changes=Changes.NONE,
        ),
        max_cms_bytes=Limits().max_cms_bytes,
    )
    if facts.integrity is not Integrity.INTACT or not facts.padding_clean or not facts.cades:
        return "; ".join(facts.reasons) or f"the signature is {facts.integrity.value}"
    return None
