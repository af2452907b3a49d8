"""The update that puts a signature into a plain PDF of ours (ISO 32000-2, 7.5.6 and 12.8).

It follows from the file, the field, what the signature says, the room for the CMS and the picture alone, so
that `retracing` can write it again. Whether somebody may sign is decided elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, items, reference
from agreegen.signing.appearance.pictures import AppearanceMaker
from agreegen.signing.plain.increment import Hole, append_with_hole, dictionary
from agreegen.signing.prepared import Prepared

_CERTIFICATION = (
    b"<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 /P 2 >> >>"
)
_LOCK_ALL = (
    b"<< /Type /SigRef /TransformMethod /FieldMDP /Data %d 0 R "
    b"/TransformParams << /Type /TransformParams /V /1.2 /Action /All >> >>"
)
_NAME = re.compile(rb"\(([A-Za-z0-9_.-]{1,100})\)")


@dataclass(frozen=True, slots=True)
class SignatureText:
    """What a signature dictionary says beside its CMS.

    Attributes:
        moment: `/M`, aware.
        reason: `/Reason`.
        location: `/Location`.
    """

    moment: datetime
    reason: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An empty signature field, and what signing in it changes.

    Attributes:
        name: Name of the field.
        root: Object number of the catalog.
        catalog: Its entries.
        field: Object number of the signature field.
        widget: Its entries.
        locks: Whether the field locks all fields.
        certifies: Whether nobody has signed the file yet, so that this signature certifies it.
    """

    name: str
    root: int
    catalog: Entries
    field: int
    widget: Entries
    locks: bool
    certifies: bool

    @property
    def size(self) -> tuple[float, float] | None:
        """Width and height of the field in points; None for an invisible one.

        Raises:
            NotPlainError: Its rectangle is none.
        """
        try:
            left, bottom, right, top = (float(edge) for edge in items(self.widget.get(b"/Rect")))
        except ValueError as exc:
            raise NotPlainError from exc
        width, height = abs(right - left), abs(top - bottom)
        return (width, height) if width and height else None


def find_targets(plain: PlainPdf) -> list[Target]:
    """Return the signature fields of a plain PDF of ours that nobody has signed, in the order of the form.

    Raises:
        NotPlainError: It is not such a file.
    """
    root = reference(plain.trailer.get(b"/Root"))
    catalog, _ = plain.object(root)
    if b"/DSS" in catalog:
        raise NotPlainError
    form = plain.dictionary(catalog.get(b"/AcroForm"))
    if form.get(b"/SigFlags") != b"3":
        raise NotPlainError
    fields = [reference(item) for item in items(form.get(b"/Fields"))]
    widgets = {field: plain.object(field)[0] for field in fields}
    certifies = not any(b"/V" in widget for widget in widgets.values())
    if certifies == (b"/Perms" in catalog):
        raise NotPlainError  # signed and not certified by its first signature, or the other way round
    targets: list[Target] = []
    for field, widget in widgets.items():
        name = _NAME.fullmatch(widget.get(b"/T", b""))
        if name is None or widget.keys() & {b"/Kids", b"/Parent"} or widget.get(b"/FT") != b"/Sig":
            raise NotPlainError
        if b"/V" not in widget:
            locks = _locks(plain, widget)
            targets.append(Target(name[1].decode(), root, catalog, field, widget, locks, certifies))
    return targets


def _locks(plain: PlainPdf, widget: Entries) -> bool:
    if b"/Lock" not in widget:
        return False
    if plain.dictionary(widget[b"/Lock"]).get(b"/Action") != b"/All":
        raise NotPlainError
    return True


def append_signature(
    plain: PlainPdf,
    target: Target,
    text: SignatureText,
    reserved_bytes: int,
    appearance: AppearanceMaker,
) -> Prepared:
    """Append a signature dictionary in an empty field, with room for the CMS; `digest` is left empty.

    Args:
        plain: The file.
        target: One of its `find_targets`.
        text: What the dictionary says.
        reserved_bytes: Room for the CMS.
        appearance: Makes the picture of a visible field.

    Raises:
        NotPlainError: The field is not of ours.
    """
    number = plain.size
    widget = {**target.widget, b"/V": b"%d 0 R" % number}
    pictures: list[bytes] = []
    if target.size is not None:
        pictures = appearance(*target.size).bodies(number + 1)
        widget[b"/AP"] = b"<< /N %d 0 R >>" % (number + 1)
    bodies = {
        target.field: dictionary(widget),
        **{number + 1 + index: body for index, body in enumerate(pictures)},
    }
    if target.certifies:
        catalog = {**target.catalog, b"/Perms": b"<< /DocMDP %d 0 R >>" % number}
        bodies[target.root] = dictionary(catalog)
    hole = Hole(number, _signature_entries(target, text), reserved_bytes)
    return append_with_hole(plain, bodies, hole, seed=pdf_time(text.moment))


def _signature_entries(target: Target, text: SignatureText) -> bytes:
    references = [_CERTIFICATION] if target.certifies else []
    references += [_LOCK_ALL % target.root] if target.locks else []
    parts = [
        b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached",
        b"/M (%s)" % pdf_time(text.moment),
    ]
    if references:
        parts.append(b"/Reference [%s]" % b" ".join(references))
    if text.reason:
        parts.append(b"/Reason %s" % text_string(text.reason))
    if text.location:
        parts.append(b"/Location %s" % text_string(text.location))
    return b" ".join(parts)


def pdf_time(moment: datetime) -> bytes:
    """Write a time as a PDF date in UTC (ISO 32000-2, 7.9.4)."""
    return moment.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ").encode()


def text_string(text: str) -> bytes:
    """Write a text string in UTF-16BE, as hexadecimal digits (ISO 32000-2, 7.9.2.2)."""
    return b"<%s>" % (b"\xfe\xff" + text.encode("utf-16-be")).hex().upper().encode()
