"""Whose certificates the office's own signatures carry: over its bags, and in roles that it signs for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.batch.planning.planner import credential_path
from agreegen.chain.signed_heads import SignerIdentity
from agreegen.errors import AgreegenError
from agreegen.recording.signer import identity_of
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, Prompt

Identities = tuple[SignerIdentity, ...]


@dataclass(frozen=True, slots=True)
class OfficeSigners:
    """Who signs for the office; any other trusted person's signature in their place proves nothing.

    Attributes:
        sealers: Who seals the bags.
        roles: Role → who signs it for everybody.
    """

    sealers: Identities = ()
    roles: Mapping[str, Identities] = field(default_factory=dict)


def read_office_signers(
    job: Job, loaded: Credential, prompt: Prompt | None, others: Iterable[str] = ()
) -> OfficeSigners:
    """Read from the credentials of a job who signs for the office; of a key that is not to be had, nobody.

    Args:
        job: The job.
        loaded: The credential that signs the new register; it seals bags, too.
        prompt: Asks for secrets that must be typed in.
        others: SHA-256 of further certificates, e.g. of those that have ended.
    """
    named = tuple(SignerIdentity(each, "", "") for each in others)
    seals = () if job.archive is None else _identity(job.archive.credential, loaded, prompt)
    roles: dict[str, Identities] = {}
    for signature in job.signatures:
        path = None if signature.personal else credential_path(signature, {})
        found = () if path is None else _identity(path, loaded, prompt)
        if found:
            roles[signature.role] = (*roles.get(signature.role, named), *found)
    return OfficeSigners((identity_of(loaded.certificate_der), *seals, *named), roles)


def _identity(path: Path, loaded: Credential, prompt: Prompt | None) -> Identities:
    if path == loaded.path:
        return (identity_of(loaded.certificate_der),)
    try:
        credential = load_credential(path, prompt=prompt)
    except AgreegenError:
        return ()
    credential.close()
    return (identity_of(credential.certificate_der),)
