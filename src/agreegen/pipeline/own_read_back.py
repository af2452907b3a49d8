"""Reading back what was just signed: the right bytes under the signature, the right text on the page.

The examination of `agreegen verify` suspects everything. Here this process made the file a moment ago, so
fewer questions are enough for most files; the first one of each chunk, or of each kind that a command signs,
gets the whole examination besides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agreegen.conversion.text import check_text
from agreegen.errors import SigningError
from agreegen.messages import join_sentences, message
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.model.report import Integrity
from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, reference
from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.pki.cms.container_check import check_container, digester_for
from agreegen.rendering.expected import expected_text

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_MAX_CMS_BYTES = 1 << 20


def check_signed_bytes(
    before: bytes, signed: bytes, hole: tuple[int, int], *, sm2_signer_id: str | None = None
) -> None:
    """Check that a file carries a right signature over everything but the signature itself.

    1. It is the file before signing and an addition to it; nothing of the former changed.
    2. The addition states one ByteRange: from the first byte to the last, but for the hole of `/Contents`.
    3. The CMS in the hole is right for these bytes, under the certificate that it carries.

    Args:
        before: The file before the signature.
        signed: The file with it.
        hole: Where the signature stands, brackets included.
        sm2_signer_id: The id that enters the digest of an SM2 signature, where it is not the default one.

    Raises:
        SigningError: One of them does not hold.
    """
    if not signed.startswith(before):
        raise SigningError(message("pipeline.reading-back-finds-other-bytes-than"))
    start, end = hole
    stated = [tuple(map(int, found)) for found in _BYTE_RANGE.findall(signed, len(before))]
    if stated != [(0, start, end, len(signed) - end)]:
        raise SigningError(message("pipeline.reading-back-finds-another-byterange-than"))
    if signed[start : start + 1] != b"<" or signed[end - 1 : end] != b">":
        raise SigningError(message("pipeline.reading-back-finds-no-signature-where"))
    try:
        contents = bytes.fromhex(signed[start + 1 : end - 1].decode("ascii"))
    except ValueError as exc:
        raise SigningError(message("pipeline.reading-back-finds-damaged-signature")) from exc
    facts = check_container(
        contents,
        digester_for(signed, (0, start, end, len(signed) - end)),
        subfilter="ETSI.CAdES.detached",
        max_cms_bytes=_MAX_CMS_BYTES,
        sm2_ids=(sm2_signer_id or SM2_DEFAULT_ID,),
    )
    if facts.integrity is not Integrity.INTACT:
        raise SigningError(
            message("pipeline.reading-back-finds-signature-not-right", reasons=join_sentences(facts.reasons))
        )


def adds_only_a_signature(before: bytes, signed: bytes, role: str) -> bool:
    """Tell whether a signed file shows and says what the file before it does, but for one field filled.

    1. It is the file before, unchanged, and one revision more.
    2. That revision replaces two objects, the catalog and the role's empty signature field.
    3. The catalog keeps all its entries and gains `/Perms` at most; the field, all but `/V` and `/AP`.

    Then no page, font or text of it can differ, and what was found in the text before holds after.

    Args:
        before: The file before the signature, of which everything is known.
        signed: The file with it.
        role: The role that signed.

    Returns:
        False also where one of the files is not plain enough to tell.
    """
    try:
        old, new = PlainPdf.read(before), PlainPdf.read(signed)
        replaced = _replaced(old, new) if signed.startswith(before) else []
        root = reference(old.trailer.get(b"/Root"))
        if len(replaced) != 2 or root not in replaced:
            return False
        field = next(number for number in replaced if number != root)
        return _keeps(old, new, root, {b"/Perms"}) and _fills(old, new, field, role)
    except NotPlainError:
        return False


def _replaced(old: PlainPdf, new: PlainPdf) -> list[int]:
    """Return the objects of a file that one revision more replaces; none where it is something else."""
    added = new.sections[: len(new.sections) - len(old.sections)]
    one_more = new.revisions == old.revisions + 1 and new.sections[len(added) :] == old.sections
    if not one_more or any(new.trailer.get(key) != old.trailer.get(key) for key in (b"/Root", b"/Info")):
        return []
    written = [number for begin, count, _ in added for number in range(begin, begin + count)]
    return sorted(number for number in written if number < old.size)


def _keeps(old: PlainPdf, new: PlainPdf, number: int, may_change: set[bytes]) -> bool:
    before, after = old.object(number)[0], new.object(number)[0]
    return _without(before, may_change) == _without(after, may_change)


def _fills(old: PlainPdf, new: PlainPdf, field: int, role: str) -> bool:
    before, after = old.object(field)[0], new.object(field)[0]
    named = before.get(b"/FT") == b"/Sig" and before.get(b"/T") == b"(%s)" % role.encode()
    empty = b"/V" not in before and reference(after.get(b"/V")) >= old.size
    return named and empty and _keeps(old, new, field, {b"/V", b"/AP"})


def _without(entries: Entries, keys: set[bytes]) -> Entries:
    return {key: value for key, value in entries.items() if key not in keys}


@dataclass(slots=True)
class SignedKinds:
    """The kinds of files of which a command has signed one, and read it back wholly.

    A kind is a template and a role; credential, level and time are the same for all that one command
    signs.
    """

    _known: set[tuple[str, str, str]] = field(default_factory=set)

    def knows(self, document: Document, role: str) -> bool:
        """Tell whether a file of the kind was read back wholly."""
        return (document.form_id, document.template_sha256, role) in self._known

    def note(self, document: Document, role: str) -> None:
        """Note that one was."""
        self._known.add((document.form_id, document.template_sha256, role))


def check_page(data: bytes, form: Form, document: Document) -> None:
    """Check that the page says the form's fixed text filled with this row's values, and nothing else.

    Raises:
        ConversionError: The text differs.
    """
    check_text(expected_text(form, document), data)
