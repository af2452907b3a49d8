"""Reading back what was just signed: the right bytes under the signature, the right text on the page.

The examination of `agreegen verify` suspects everything. Here this process made the file a moment ago, so
three questions are enough for most files; the first one of each chunk gets the whole examination besides.
"""

from __future__ import annotations

import re

from agreegen.conversion.text import check_text
from agreegen.errors import SigningError
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.model.report import Integrity
from agreegen.rendering.expected import expected_text
from agreegen.signing.prepared import Prepared
from agreegen.verification.algorithms import SM2_DEFAULT_ID
from agreegen.verification.integrity import check_container, digester_for

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_MAX_CMS_BYTES = 1 << 20


def check_signed_bytes(
    before: bytes, signed: bytes, prepared: Prepared, *, sm2_signer_id: str | None = None
) -> None:
    """Check that a file carries a right signature over everything but the signature itself.

    1. It is the file before signing and an addition to it; nothing of the former changed.
    2. The addition states one ByteRange: from the first byte to the last, but for the hole of `/Contents`.
    3. The CMS in the hole is right for these bytes, under the certificate that it carries.

    Args:
        before: The file before the signature.
        signed: The file with it.
        prepared: Where the hole is.
        sm2_signer_id: The id that enters the digest of an SM2 signature, where it is not the default one.

    Raises:
        SigningError: One of them does not hold.
    """
    if not signed.startswith(before):
        raise SigningError("reading it back finds other bytes than were to be signed")
    stated = [tuple(map(int, found)) for found in _BYTE_RANGE.findall(signed, len(before))]
    start, end = prepared.start, prepared.end
    if stated != [(0, start, end, len(signed) - end)]:
        raise SigningError("reading it back finds another ByteRange than was signed")
    if signed[start : start + 1] != b"<" or signed[end - 1 : end] != b">":
        raise SigningError("reading it back finds no signature where it must be")
    try:
        contents = bytes.fromhex(signed[start + 1 : end - 1].decode("ascii"))
    except ValueError as exc:
        raise SigningError("reading it back finds a damaged signature") from exc
    facts = check_container(
        contents,
        digester_for(signed, (0, start, end, len(signed) - end)),
        subfilter="ETSI.CAdES.detached",
        max_cms_bytes=_MAX_CMS_BYTES,
        sm2_ids=(sm2_signer_id or SM2_DEFAULT_ID,),
    )
    if facts.integrity is not Integrity.INTACT:
        raise SigningError(f"reading it back finds the signature not right: {'; '.join(facts.reasons)}")


def check_page(data: bytes, form: Form, document: Document) -> None:
    """Check that the page says the form's fixed text filled with this row's values, and nothing else.

    Raises:
        ConversionError: The text differs.
    """
    check_text(expected_text(form, document), data)
