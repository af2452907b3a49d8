"""Which appearance a signer's visible fields get."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from agreegen.signing.names import subject_label
from agreegen.signing.pictures import AppearanceMaker, picture
from agreegen.signing.prepared import SigningIdentity
from agreegen.signing.textline import text_lines

_OFFICE_TIME = timezone(timedelta(hours=8), "UTC+8")


def appearance_of(identity: SigningIdentity, now: datetime) -> AppearanceMaker:
    """Return what visible fields of a signer show: the credential's picture, else name and date as text.

    Raises:
        CredentialError: The picture cannot be read.
    """
    if identity.appearance is not None:
        return picture(identity.appearance.image)
    date = now.astimezone(_OFFICE_TIME)
    return text_lines((subject_label(identity.certificate_der), f"{date.year}年{date.month}月{date.day}日"))
