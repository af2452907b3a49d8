"""Proof by rebuilding: a file of ours is what its form and values make, byte for byte.

The compiled engine and the quick writers are deterministic. So the unsigned file is made again from the
values attached to it, and each update (signature, security store, document timestamp) is written again from
what it says. Where all come out as they stand in the file, all that the structure scan, the second parser and
the comparison of the text could find out about it is known already, and more: every glyph is the one that the
font has. Nothing here speaks against a file: what is not proved is left to the structure scan.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from agreegen.conversion.compiled.description import ENGINE
from agreegen.conversion.compiled.reading import printed_text
from agreegen.files import sha256_of
from agreegen.foreign import contained
from agreegen.forms.catalog import forms_folder
from agreegen.model.document import Document
from agreegen.model.report import Changes, Coverage, SignatureKind
from agreegen.model.text import normalise_text
from agreegen.pdf.filters import is_drawn_alike, is_unpacked_alike
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import Ref, StructureError, Value
from agreegen.pdf.parser import parse_value
from agreegen.pdf.plain import PlainPdf
from agreegen.pdf.spelling import PLAIN_TOKENS
from agreegen.rendering.expected import expected_text
from agreegen.signing.plain.long_term_retracing import RetracedStore, RetracedTimestamp
from agreegen.signing.plain.retracing import RetracedSignature, RetracedUpdate, retrace_updates
from agreegen.signing.plain.signature_update import find_targets
from agreegen.verification.interface import FoundSignature, Options, Structure, ValidationData
from agreegen.verification.proof.ink_looks import LookObject, inflated, is_ink
from agreegen.verification.proof.releases import Rebuilder, rebuilder_of
from agreegen.verification.proof.seams import redraw_seams

_KIND = rb"/Subtype/application#2fjson"
_ATTACHMENT = re.compile(_KIND + rb"/Params<<[^<>]{1,200}<[0-9a-f]{32}>>>/Length (\d{1,5})>>\n")
_OPENING = b"stream\n"
_BEFORE_STREAM, _BEHIND_STREAM = b"\nstream\n", b"\nendstream"
_ALIEN_TEXT = re.compile(rb"obj|stream|xref|%%EOF|trailer|/ByteRange|/SubFilter|/DocTimeStamp")
"""What could lead a reader astray that does not go by `/Length`; no form asks for it."""
_ALIEN_NAMES = re.compile(
    rb"/(?:ByteRange|SubFilter|DocTimeStamp|Contents|Sig|ObjStm|XRef|Annots?|Pages?|Catalog|Parent|P|AA|A|JS|OC"
    rb"|Ref|F|FFilter|EF|AF)\b"
)
"""Names that have no place in the picture of a signature."""
_IDENTIFIER = re.compile(r"[0-9a-f]{32}")
_LEAST = Limits(max_objects=20_000, max_depth=64, max_stream_bytes=16 << 20)
"""Smaller limits than these are a caller's wish to be held exactly: the structure scan does that."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A file that was made again.

    Attributes:
        structure: What the structure scan says about such a file.
        document: What it carries; the printed text is that of its form with these values.
    """

    structure: Structure
    document: Document


def prove(data: bytes, options: Options) -> Proved | None:
    """Make a file again from what it says about itself.

    1. The attached values: read where the compiled engine puts them.
    2. The unsigned file: made from them by the approved form's compiled base, equal byte for byte; the
       slices of seals drawn again with the pictures whose hashes are attached.
    3. Its text: that of the form's template filled with the values, by the other way than the engine's.
    4. What came after, where anything did: each update written again, equal byte for byte; pictures closed in
       themselves.

    The caller still owes the cryptography, the approval of the template, roles and trust.

    Args:
        data: The file.
        options: What the caller of the verification chose.

    Returns:
        What is proved; None where anything differs: then nothing is said about the file.
    """
    if not _within(options.limits, len(data)):
        return None
    try:
        return contained(_prove)(data, options)
    except MemoryError:
        raise
    except Exception:  # hostile values may break the engine anywhere; the structure scan answers
        return None


def _within(limits: Limits, size: int) -> bool:
    return (
        size <= limits.max_file_bytes
        and limits.max_objects >= _LEAST.max_objects
        and limits.max_depth >= _LEAST.max_depth
        and limits.max_stream_bytes >= _LEAST.max_stream_bytes
    )


def _prove(data: bytes, options: Options) -> Proved | None:
    # Step 1: the attached values.
    attachment = _attachment(data)
    if attachment is None or _ALIEN_TEXT.search(attachment):
        return None
    document = Document.from_json(attachment)
    maker = rebuilder_of(forms_folder(options.forms_folder), document)
    if maker is None or document.engine != ENGINE or document.fonts or not _declares(document, maker):
        return None
    # Step 2: the unsigned file.
    bare = maker.rebuild(document)
    unsigned = None if bare is None else redraw_seams(bare, document, data)
    if bare is None or unsigned is None or not data.startswith(unsigned):
        return None
    # Step 3: its text; slices of seals hold none.
    plain = PlainPdf.read(unsigned)
    bare_text = plain if unsigned is bare else PlainPdf.read(bare)
    if not _says(bare_text, expected_text(maker.form, document)):
        return None
    # Step 4: signatures, security store, document timestamps.
    structure = _structure(plain, data, attachment, options.limits)
    return None if structure is None else Proved(structure, document)


def _says(plain: PlainPdf, expected: str) -> bool:
    """Tell whether a file prints a text, and nothing else."""
    text = printed_text(plain)
    return text is not None and normalise_text(text) == normalise_text(expected)


def _structure(plain: PlainPdf, data: bytes, attachment: bytes, limits: Limits) -> Structure | None:
    if len(data) == len(plain.data):
        open_fields = tuple(target.name for target in find_targets(plain))
        return Structure((len(data),), (), open_fields, attachment=attachment)
    updates = retrace_updates(plain, data)
    signed = [one for one in updates if isinstance(one, RetracedSignature)]
    store = _store(updates)
    if not signed or store is None or not all(_is_closed(one, limits) for one in signed):
        return None
    last = len(updates)
    found = [_found(one, number, last) for number, one in enumerate(updates, 1) if _is_signature(one)]
    if len({one.contents for one in found}) != len(found):
        return None
    return Structure(
        revisions=(len(plain.data), *(one.end for one in updates)),
        signatures=tuple(found),
        empty_fields=signed[-1].empty_fields,
        validation_data=store,
        attachment=attachment,
    )


def _store(updates: Sequence[RetracedUpdate]) -> ValidationData | None:
    """Collect what the security store got; None where an item stands there twice or could be misread."""
    kinds: tuple[list[bytes], list[bytes], list[bytes]] = ([], [], [])
    first: dict[str, int] = {}
    newest = None
    for number, update in enumerate(updates, 1):
        if not isinstance(update, RetracedStore):
            continue
        if any(_ALIEN_TEXT.search(packed) for packed in update.streams):
            return (
                None  # evidence may be so chosen that, packed, it looks like an object to who repairs files
            )
        evidence = update.evidence
        for kind, items in zip(
            kinds, (evidence.certificates_der, evidence.ocsps_der, evidence.crls_der), strict=True
        ):
            for item in items:
                digest = sha256_of(item)
                if digest in first:
                    return None
                first[digest] = newest = number
                kind.append(item)
    certificates, ocsps, crls = map(tuple, kinds)
    return ValidationData(certificates, ocsps, crls, newest, tuple(first.items()))


def _attachment(data: bytes) -> bytes | None:
    head = _ATTACHMENT.match(data, max(0, data.find(_KIND)))
    if head is None or not data.startswith(_OPENING, head.end()):
        return None
    start = head.end() + len(_OPENING)
    return data[start : start + int(head[1])]


def _declares(document: Document, maker: Rebuilder) -> bool:
    form = maker.form
    same = (document.form_version, document.title) == (form.version, form.title_zh)
    return same and _IDENTIFIER.fullmatch(document.id) is not None


def _is_signature(update: RetracedUpdate) -> TypeGuard[RetracedSignature | RetracedTimestamp]:
    return not isinstance(update, RetracedStore)


def _found(one: RetracedSignature | RetracedTimestamp, revision: int, last: int) -> FoundSignature:
    is_last = revision == last
    found = FoundSignature(
        field=one.field,
        kind=SignatureKind.TIMESTAMP,
        subfilter="ETSI.RFC3161",
        byte_range=one.byte_range,
        contents=one.contents,
        revision=revision,
        coverage=Coverage.WHOLE_FILE if is_last else Coverage.REVISION,
        # A further signature in a field that was there, and not locked, is what a certification permits;
        # evidence and timestamps always are.
        changes=Changes.NONE if is_last else Changes.PERMITTED,
    )
    if isinstance(one, RetracedTimestamp):
        return found
    return replace(
        found,
        kind=SignatureKind.SIGNATURE,
        subfilter="ETSI.CAdES.detached",
        docmdp=2 if one.certifies else None,
        claimed_time=one.text.moment,
        reason=one.text.reason,
        location=one.text.location,
    )


def _is_closed(signature: RetracedSignature, limits: Limits) -> bool:
    """Tell whether the picture is ink within its field, made of plain objects of its own."""
    first = signature.number + 1
    numbers = range(first, first + len(signature.pictures))
    objects: list[LookObject] = []
    for index, body in enumerate(signature.pictures):
        try:
            value, end = parse_value(body, 0, limits.max_depth)
        except StructureError:
            return False
        if PLAIN_TOKENS.fullmatch(body, 0, end) is None or _ALIEN_NAMES.search(body, 0, end):
            return False
        if not _is_whole(value, body[end:]) or not _refers_within(value, numbers):
            return False
        if index == 0 and not (body[end:] and _fills(value, signature.size)):
            return False
        objects.append(LookObject(value, body[end + len(_BEFORE_STREAM) : -len(_BEHIND_STREAM)]))
    return not objects or is_ink(objects, first)


def _fills(value: Value, size: tuple[float, float] | None) -> bool:
    """Tell whether a form XObject has the box of its field, which clips all that it paints."""
    if size is None or not isinstance(value, dict) or value.get("Subtype") != "Form":
        return False
    box = value.get("BBox")
    if not isinstance(box, list) or not all(type(edge) in (int, float) for edge in box):
        return False
    return len(box) == 4 and all(abs(edge - own) < 1e-3 for edge, own in zip(box, (0, 0, *size), strict=True))


def _is_whole(value: Value, rest: bytes) -> bool:
    """Tell whether nothing or exactly one stream of the stated length follows, and whether it can be read."""
    if not rest:
        return True
    length = value.get("Length") if isinstance(value, dict) else None
    whole = rest.startswith(_BEFORE_STREAM) and rest.endswith(_BEHIND_STREAM)
    around = len(_BEFORE_STREAM) + len(_BEHIND_STREAM)
    if not whole or type(length) is not int or len(rest) != length + around:
        return False
    if not is_unpacked_alike(value):
        return False
    if value.get("Subtype") == "Image":
        return is_drawn_alike(value)  # seals are packed in many ways, and no text is in them
    packing = value.get("Filter")
    if "DecodeParms" in value or packing not in (None, "FlateDecode"):
        return False
    return packing is None or inflated(rest[len(_BEFORE_STREAM) : -len(_BEHIND_STREAM)]) is not None


def _refers_within(value: Value, numbers: range) -> bool:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Ref) and not (item.gen == 0 and item.num in numbers):
            return False
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return True
