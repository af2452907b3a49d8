"""How a signature came about: one JSON file, written in one way, that the certificate commits to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from agreegen.errors import InputError
from agreegen.files import sha256_of
from agreegen.messages import message
from agreegen.model.document import canonical_json

VERSION = 1
_MOST_BYTES = 30_000


class Occasion(StrEnum):
    """Where somebody signs."""

    DESK = "desk"
    LINK = "link"


class Pointer(StrEnum):
    """With what somebody draws, as the browser says."""

    TOUCH = "touch"
    PEN = "pen"
    MOUSE = "mouse"


@dataclass(frozen=True, slots=True)
class Moments:
    """When what happened, by the server's clock, aware UTC.

    Attributes:
        issued: The link was made, or the tablet prepared.
        opened: The person came to the page.
        consented: The person agreed to the statement.
        signed: The drawing arrived.
    """

    issued: datetime
    opened: datetime
    consented: datetime
    signed: datetime

    def __post_init__(self) -> None:
        if not self.issued <= self.opened <= self.consented <= self.signed:
            raise InputError(message("device.steps-out-of-order"), hint=message("device.again.hint"))


@dataclass(frozen=True, slots=True)
class SigningEvidence:
    """How a signature came about.

    Attributes:
        document_id: The document's id.
        document_sha256: SHA-256 of the file before this signature, lower-case hex, as all digests here.
        form: Id and version of the form.
        role: The role, which is the name of the signature field.
        pages: SHA-256 of the picture of each page, as it was shown.
        consent: Version and text of the statement that was agreed to.
        moments: When what happened.
        occasion: Desk or link.
        address: Where the requests came from, as the server saw it.
        browser: What the browser called itself.
        pointer: With what was drawn.
        witness: Who stood beside; None where nobody did.
        strokes_sha256: SHA-256 of the file of strokes, which is kept encrypted.
    """

    document_id: str
    document_sha256: str
    form: tuple[str, str]
    role: str
    pages: tuple[str, ...]
    consent: tuple[str, str]
    moments: Moments
    occasion: Occasion
    address: str
    browser: str
    pointer: Pointer
    witness: str | None
    strokes_sha256: str

    def to_json(self) -> bytes:
        """Return the file.

        Raises:
            InputError: It is larger than a signature should carry.
        """
        version, text = self.consent
        data = canonical_json(
            {
                "version": VERSION,
                "document": {
                    "id": self.document_id,
                    "sha256": self.document_sha256,
                    "form": self.form[0],
                    "form_version": self.form[1],
                },
                "role": self.role,
                "pages": list(self.pages),
                "consent": {"version": version, "text": text},
                "issued": _time(self.moments.issued),
                "opened": _time(self.moments.opened),
                "consented": _time(self.moments.consented),
                "signed": _time(self.moments.signed),
                "occasion": self.occasion.value,
                "address": self.address,
                "browser": self.browser,
                "pointer": self.pointer.value,
                "witness": self.witness,
                "strokes_sha256": self.strokes_sha256,
            }
        )
        if len(data) > _MOST_BYTES:
            raise InputError(
                message("device.evidence-too-long", count=len(data)),
                hint=message("device.evidence-too-long.hint"),
            )
        return data


def evidence_sha256(evidence: bytes) -> str:
    """Return what the certificate commits to, and what `sha256sum` prints of the file."""
    return sha256_of(evidence)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
