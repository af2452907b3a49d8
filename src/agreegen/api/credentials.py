"""Credentials, trust anchors and timestamp services: what commands that sign or judge are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.api.access import Prompt
from agreegen.clock import read_clock
from agreegen.messages import Message
from agreegen.signing.certificate_checks import (
    Finding,
    certificate_end,
    check_credential,
    try_credential,
)
from agreegen.signing.credentials.loading import load_credential, read_config
from agreegen.signing.interface import Credential, TimestampServer, Trust
from agreegen.signing.names import subject_label
from agreegen.signing.services.timestamp_files import load_tsa
from agreegen.signing.trust import load_trust

if TYPE_CHECKING:
    from agreegen.signing.credentials.pkcs11_tokens import TokenEntry

__all__ = [
    "CheckedCredential",
    "Credential",
    "TimestampServer",
    "Trust",
    "examine_credential",
    "list_tokens",
    "load_credential",
    "load_timestamp_servers",
    "load_trust",
    "make_example_pki",
    "secrets_asked",
]

_SOME_FIELD_PT = (119.06, 119.06)
"""A field of 42 mm, to try the picture of a seal on."""


@dataclass(frozen=True, slots=True)
class CheckedCredential:
    """A credential that made a trial signature.

    Attributes:
        mechanism: Its kind of signature, e.g. `rsa-sha256`.
        findings: What deserves a look.
        holder: Whom its certificate names.
        until: The end of its certificate.
    """

    mechanism: str
    findings: tuple[Finding, ...]
    holder: str
    until: datetime


def load_timestamp_servers(
    names: Iterable[str], *, prompt: Prompt | None = None
) -> tuple[TimestampServer, ...]:
    """Read timestamp services, each named by its address or by a YAML file; each says its own warnings.

    Raises:
        CredentialError: One cannot be read.
        UsageError: One is no address.
    """
    return tuple(load_tsa(name, prompt=prompt) for name in names)


def examine_credential(
    path: Path,
    *,
    trust: Sequence[Path] = (),
    for_job: Path | None = None,
    prompt: Prompt | None = None,
    now: datetime | None = None,
) -> CheckedCredential:
    """Check certificate, chain, status, key and picture of a credential, and make one trial signature.

    Args:
        path: The credential file.
        trust: Trust anchors and revocation lists: files and folders.
        for_job: A job whose trust counts, too, and until whose end the credential must last.
        prompt: Asks for secrets that must be typed in.
        now: Aware UTC time; None for the clock.

    Raises:
        CredentialError: It cannot be used.
        InputError: The job or its roster cannot be read.
    """
    from agreegen.signing.appearance.field_appearance import appearance_of  # noqa: PLC0415 - takes long to load
    from agreegen.signing.prepared import SigningIdentity  # noqa: PLC0415 - the same
    from agreegen.signing.services.revocation import check_status  # noqa: PLC0415 - the same

    now, until, places = now or read_clock(), None, list(trust)
    if for_job is not None:
        from agreegen.batch.checking.preflight import expected_end  # noqa: PLC0415 - the same
        from agreegen.batch.job.job_file import read_job  # noqa: PLC0415 - only with a job

        job = read_job(for_job)
        places.extend(job.trust)
        until = expected_end(job, now)
    with load_credential(path, prompt=prompt) as credential:
        anchors = load_trust(places)
        findings = check_credential(credential, anchors, now, until=until)
        findings = [*findings, *check_status(credential, anchors, now)]
        try_credential(credential)
        appearance_of(SigningIdentity.of(credential), now)(*_SOME_FIELD_PT)
        certificate = credential.certificate_der
        return CheckedCredential(
            credential.signer.mechanism.value,
            tuple(findings),
            subject_label(certificate),
            certificate_end(certificate),
        )


def secrets_asked(path: Path) -> tuple[Message, ...]:
    """Say what will be asked for before a credential can be used, as its `prompt` is told it.

    Raises:
        CredentialError: It cannot be read.
    """
    return read_config(path).questions()


def list_tokens(module: Path) -> list[TokenEntry]:
    """Return the tokens, keys and certificates that a PKCS#11 library gives without a PIN.

    Raises:
        CredentialError: The library cannot be used.
        MissingProgramError: The optional package is not installed.
    """
    from agreegen.signing.credentials.pkcs11_tokens import list_module  # noqa: PLC0415 - needs the package

    return list_module(module)


def make_example_pki(folder: Path, *, force: bool = False, now: datetime | None = None) -> None:
    """Make a throw-away PKI: `credentials/`, `trust/` and what a loopback responder needs.

    Every subject says EXAMPLE; the keys are fresh and prove nothing about anyone.

    Raises:
        UsageError: The folder holds something, and `force` is false or it is none of ours.
    """
    from agreegen.example_pki import maker  # noqa: PLC0415 - seldom needed

    maker.make_example_pki(folder, now=now or read_clock(), force=force)
