"""Which appearance a signer's visible fields get."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from agreegen.signing.appearance.pictures import AppearanceMaker, picture
from agreegen.signing.appearance.text_line import text_lines
from agreegen.signing.names import subject_label
from agreegen.signing.prepared import SigningIdentity
from agreegen.values.printed import print_day

_OFFICE_TIME = timezone(timedelta(hours=8), "UTC+8")


def appearance_of(identity: SigningIdentity, now: datetime) -> AppearanceMaker:
    """Return what visible fields of a signer show: the credential's picture, else name and time as text.

    Raises:
        CredentialError: The picture cannot be read.
    """
    if identity.appearance is not None:
        return picture(identity.appearance.image)
    local = now.astimezone(_OFFICE_TIME)
    moment = f"{print_day(local)} {local:%H:%M}"
    return text_lines((subject_label(identity.certificate_der), moment))
