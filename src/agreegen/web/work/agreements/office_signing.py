"""Signing as the office: one act in a process of its own, which alone holds the PIN and then ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agreegen.api import PadesLevel, load_credential, load_timestamp_servers, load_trust, sign
from agreegen.errors import CredentialError, SigningError
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.foreign.limits import Limits
from agreegen.messages import message
from agreegen.web.home import Home
from agreegen.web.settings import Settings

_LIMITS = Limits(memory_bytes=2 << 30, cpu_s=60, wall_s=120.0)


def sign_as_office(
    home: Home, settings: Settings, pdf: bytes, credential: str, pin: str
) -> tuple[bytes, str]:
    """Sign a file in the role that a credential can sign next.

    Args:
        home: The home folder.
        settings: They name the timestamp services.
        pdf: The file.
        credential: Name of the credential file.
        pin: What its holder typed; goes to the one process that signs, in memory.

    Returns:
        The signed file, and the role.

    Raises:
        CredentialError: There is no such credential, or it cannot be used.
        SigningError: It cannot be signed so.
    """
    if credential not in home.credential_files():
        raise CredentialError(message("web.agreement.no-credential", name=credential))
    process = Confinement(_LIMITS)
    try:
        path = home.credentials / credential
        return process.call(_sign, pdf, path, pin, home.trust, home.services(settings.tsa))
    except ConfinedError as exc:
        raise SigningError(message("web.agreement.not-signed")) from exc
    finally:
        process.close()


def _sign(pdf: bytes, path: Path, pin: str, trust: Path, tsa: Sequence[str]) -> tuple[bytes, str]:
    """Sign in the confined process."""

    def answer(question: str) -> str:
        if not pin:
            raise CredentialError(message("web.agreement.pin-needed", question=question))
        return pin

    with load_credential(path, prompt=answer) as credential:
        servers = load_timestamp_servers(tsa)
        level = PadesLevel.B_T if servers else PadesLevel.B_B
        anchors = load_trust([trust]) if any(trust.iterdir()) else None
        signed = sign(pdf, credential, level=level, trust=anchors, tsa=servers)
    return signed.pdf.data, signed.role
