"""Validation data and document timestamps for plain PDFs, without a full parser.

Each function returns None where the file is not plain; then pyHanko does the same work.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence

from agreegen.pdf.pictures.streams import stream_body
from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, items, reference
from agreegen.signing.field_contents import FieldContent
from agreegen.signing.interface import Evidence
from agreegen.signing.plain.increment import Hole, append, append_with_hole, dictionary
from agreegen.signing.prepared import Prepared

_FIELD = "agreegen_timestamp_{}"
_PRINT_AND_LOCKED = 132
_MAX_PAGE_DEPTH = 50


def read_contents(pdf: bytes) -> list[FieldContent] | None:
    """Return what the filled signature fields of a plain PDF hold, oldest first.

    Raises:
        SigningError: A CMS cannot be read.
    """
    try:
        plain = PlainPdf.read(pdf)
        found = [_filled(plain, widget) for widget in _widgets(plain)]
        ordered = sorted((entry for entry in found if entry is not None), key=lambda entry: entry[0])
    except (NotPlainError, ValueError):
        return None
    return [
        FieldContent.parse(name, contents, timestamp=timestamp) for _, name, timestamp, contents in ordered
    ]


def read_names(pdf: bytes) -> frozenset[str] | None:
    """Return the names of the form fields of a plain PDF."""
    try:
        return field_names(PlainPdf.read(pdf))
    except NotPlainError:
        return None


def field_names(plain: PlainPdf) -> frozenset[str]:
    """Return the names of the form fields.

    Raises:
        NotPlainError: The form is not of ours.
    """
    names = [widget.get(b"/T", b"()") for widget in _widgets(plain)]
    return frozenset(name[1:-1].decode("latin-1") for name in names)


def append_store(pdf: bytes, evidence: Evidence) -> bytes | None:
    """Append a document security store without VRI, or what is new in it (EN 319 142-1, 5.4.2)."""
    try:
        return with_store(PlainPdf.read(pdf), evidence)
    except NotPlainError:
        return None


def with_store(plain: PlainPdf, evidence: Evidence) -> bytes:
    """Do what `append_store` does for a file that was read.

    Raises:
        NotPlainError: Its store is not of ours.
    """
    root = reference(plain.trailer.get(b"/Root"))
    catalog, _ = plain.object(root)
    number = plain.size
    bodies: dict[int, bytes] = {}
    store: Entries = {b"/Type": b"/DSS"}
    at = number + 1
    if b"/DSS" in catalog:
        number, at = reference(catalog[b"/DSS"]), number
        store, _ = plain.object(number)
    else:
        bodies[root] = dictionary({**catalog, b"/DSS": b"%d 0 R" % number})
    for key, ders in (
        (b"/Certs", evidence.certificates_der),
        (b"/OCSPs", evidence.ocsps_der),
        (b"/CRLs", evidence.crls_der),
    ):
        kept = items(store[key]) if key in store else []
        known = {plain.stream(item) for item in kept}
        fresh = [der for der in ders if der not in known]
        bodies.update({at + index: _evidence_body(der) for index, der in enumerate(fresh)})
        kept += [b"%d 0 R" % (at + index) for index in range(len(fresh))]
        at += len(fresh)
        if kept:
            store[key] = b"[%s]" % b" ".join(kept)
    bodies[number] = dictionary(store)
    return append(plain, bodies, seed=b"DSS")


@functools.lru_cache(maxsize=256)
def _evidence_body(der: bytes) -> bytes:
    """Return the stream of a certificate, list or response; those of a chunk's documents are the same few."""
    return stream_body(b"", der)


def free_timestamp_name(taken: Collection[str]) -> str:
    """Return the name that the field of the next document timestamp gets.

    Args:
        taken: Names of the fields that the file has.
    """
    return next(name for number in range(1, len(taken) + 2) if (name := _FIELD.format(number)) not in taken)


def prepare_plain_timestamp(pdf: bytes, name: str, *, reserved_bytes: int) -> Prepared | None:
    """Append a document timestamp dictionary in a new invisible field; `digest` is left empty.

    Args:
        pdf: The file.
        name: Name of the new field, which must be free.
        reserved_bytes: Room for the token.
    """
    try:
        return with_timestamp(PlainPdf.read(pdf), name, reserved_bytes=reserved_bytes)
    except NotPlainError:
        return None


def with_timestamp(plain: PlainPdf, name: str, *, reserved_bytes: int) -> Prepared:
    """Do what `prepare_plain_timestamp` does for a file that was read.

    Raises:
        NotPlainError: Its form or its first page is not of ours.
    """
    signature = plain.size
    widget = signature + 1
    page, page_entries = _first_page(plain)
    annotations = items(page_entries.get(b"/Annots", b"[]"))
    new = b"%d 0 R" % widget
    bodies = _with_field(plain, new)
    bodies[page] = dictionary({**page_entries, b"/Annots": b"[%s]" % b" ".join([*annotations, new])})
    bodies[widget] = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /F %d /P %d 0 R /Rect [0 0 0 0] /V %d 0 R >>"
        % (name.encode("ascii"), _PRINT_AND_LOCKED, page, signature)
    )
    entries = b"/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161"
    return append_with_hole(plain, bodies, Hole(signature, entries, reserved_bytes), seed=name.encode())


def _with_field(plain: PlainPdf, new: bytes) -> dict[int, bytes]:
    root = reference(plain.trailer.get(b"/Root"))
    catalog, _ = plain.object(root)
    form = plain.dictionary(catalog.get(b"/AcroForm"))
    changed = dictionary({**form, b"/Fields": b"[%s]" % b" ".join([*items(form.get(b"/Fields")), new])})
    if catalog[b"/AcroForm"].startswith(b"<<"):
        return {root: dictionary({**catalog, b"/AcroForm": changed})}
    return {reference(catalog[b"/AcroForm"]): changed}


def _first_page(plain: PlainPdf) -> tuple[int, Entries]:
    catalog = plain.dictionary(plain.trailer.get(b"/Root"))
    number = reference(catalog.get(b"/Pages"))
    for _ in range(_MAX_PAGE_DEPTH):
        entries, _ = plain.object(number)
        if entries.get(b"/Type") == b"/Page":
            return number, entries
        kids: Sequence[bytes] = items(entries.get(b"/Kids"))
        if not kids:
            break
        number = reference(kids[0])
    raise NotPlainError


def _widgets(plain: PlainPdf) -> list[Entries]:
    form = plain.dictionary(plain.dictionary(plain.trailer.get(b"/Root")).get(b"/AcroForm"))
    widgets = [plain.object(reference(item))[0] for item in items(form.get(b"/Fields"))]
    if any(widget.keys() & {b"/Kids", b"/Parent"} for widget in widgets):
        raise NotPlainError
    return widgets


def _filled(plain: PlainPdf, widget: Entries) -> tuple[int, str, bool, bytes] | None:
    if widget.get(b"/FT") != b"/Sig" or b"/V" not in widget:
        return None
    number = reference(widget[b"/V"])
    value, _ = plain.object(number)
    contents, name = value.get(b"/Contents", b""), widget.get(b"/T", b"")
    if not contents.startswith(b"<") or not name.startswith(b"(") or b"\\" in name:
        raise NotPlainError
    timestamp = value.get(b"/SubFilter") == b"/ETSI.RFC3161"
    data = bytes.fromhex(contents[1:-1].decode())
    # Signature dictionaries are written once, so their order in the file is the order of the revisions.
    return plain.offset(number), name[1:-1].decode("latin-1"), timestamp, data
