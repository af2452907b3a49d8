"""What the filled signature fields of a file hold, read and not judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agreegen.errors import SigningError
from agreegen.messages import message
from agreegen.pki.algorithms import UnsupportedError
from agreegen.pki.cms.structure import (
    SIGNATURE_TIMESTAMP,
    MalformedError,
    ParsedCms,
    find_signer,
    guarded,
    parse_cms,
    parse_tst_info,
)

MAX_CMS_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, eq=False)
class FieldContent:
    """What a filled signature field holds.

    Attributes:
        field: Name of the field.
        timestamp: Whether it is a document timestamp.
        cms: Its CMS, one signer.
        certificate: The signer's certificate (asn1crypto); None where it is not inside.
        time: The time a timestamp states; None for a signature.
    """

    field: str
    timestamp: bool
    cms: ParsedCms
    certificate: Any | None
    time: datetime | None = None

    @classmethod
    def parse(cls, field: str, data: bytes, *, timestamp: bool) -> FieldContent:
        """Read the DER of a CMS, zero padding after it allowed.

        Raises:
            SigningError: It is not a SignedData with one signer, or a timestamp without a time.
        """
        what = message("signing.timestamp-file") if timestamp else message("signing.signature-file")
        try:
            cms = parse_cms(data, max_bytes=MAX_CMS_BYTES)
            certificate, _ = guarded(what, lambda: find_signer(cms, list(cms.certificates)))
            time = parse_tst_info(cms.content or b"")["gen_time"].native if timestamp else None
        except (MalformedError, UnsupportedError) as exc:
            raise SigningError(message("signing.cannot-read-3", what=what, exc=exc)) from exc
        return cls(field, timestamp, cms, certificate, time)

    @property
    def tokens(self) -> tuple[bytes, ...]:
        """The RFC 3161 tokens over the signature value, DER."""
        return tuple(bytes(value.dump()) for value in self.cms.unsigned.get(SIGNATURE_TIMESTAMP, []))
