"""A PDF with an empty hole for its signature, and the identity that will sign: all that preparation needs."""

from __future__ import annotations

from dataclasses import dataclass

from agreegen.errors import SigningError
from agreegen.messages import message
from agreegen.signing.interface import AppearanceSource, Credential, Mechanism


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """What preparing a document needs to know of a credential: everything but the key, so it may travel.

    Attributes:
        name: The credential's name, for messages.
        certificate_der: The signing certificate.
        chain_der: Further certificates.
        mechanism: How the key signs.
        appearance: Picture for visible fields, if any.
        attributes: Further signed attributes, DER.
    """

    name: str
    certificate_der: bytes
    chain_der: tuple[bytes, ...]
    mechanism: Mechanism
    appearance: AppearanceSource | None = None
    attributes: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, credential: Credential) -> SigningIdentity:
        """Return the identity of a credential."""
        return cls(
            credential.name,
            credential.certificate_der,
            credential.chain_der,
            credential.signer.mechanism,
            credential.appearance,
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A PDF that lacks only its CMS.

    Attributes:
        data: The whole file, with zeros where the CMS goes.
        start: Offset of the `<` of `/Contents`.
        end: Offset behind its `>`.
        digest: Digest over everything outside of that string.
        attributes: The signed attributes: the message for the key; empty for a document timestamp.
    """

    data: bytes
    start: int
    end: int
    digest: bytes
    attributes: bytes = b""

    @property
    def byte_range(self) -> tuple[int, int, int, int]:
        """The signed ranges, as `/ByteRange` has them (ISO 32000-2, 12.8.1)."""
        return 0, self.start, self.end, len(self.data) - self.end

    def is_filled_in(self, data: bytes) -> bool:
        """Tell whether a file is this one, whatever stands in the hole."""
        return (
            len(data) == len(self.data)
            and data.startswith(self.data[: self.start + 1])
            and data.endswith(self.data[self.end - 1 :])
        )

    def fill(self, cms: bytes) -> bytes:
        """Return the file with the CMS in place, padded with zeros.

        Raises:
            SigningError: The CMS is larger than the room reserved for it.
        """
        room = self.end - self.start - 2
        content = cms.hex().encode()
        if len(content) > room:
            raise SigningError(
                message("signing.signature-needs-bytes-were-reserved", count=len(cms), room=room // 2),
                hint=message("signing.sign-again-if-happens-again-timestamp"),
            )
        padded = content.ljust(room, b"0")
        return b"".join((self.data[: self.start + 1], padded, self.data[self.end - 1 :]))
