"""Who signs the register for a command that is no run: a credential named, or the one of its job."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.batch.job.head_credential import head_credential
from agreegen.batch.job.job_file import read_job
from agreegen.errors import AgreegenError, RegisterError
from agreegen.messages import Message, message
from agreegen.model.retention import Retention
from agreegen.recording.interface import TailCheck
from agreegen.recording.recorder import Recorder
from agreegen.recording.recorder_opening import open_recorder
from agreegen.recording.signer import identity_of
from agreegen.register.store import Register
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, Prompt, Trust
from agreegen.signing.trust import load_trust

_HINT = message("batch.give-credential-or-name-register-credential")


def remembered_signer(register_file: Path) -> Path | None:
    """Return whose credential signs the heads of a register, by the job that it remembers.

    Raises:
        RegisterError: It remembers none, or one that cannot be read.
    """
    return head_credential(_remembered_job(register_file))


def remembered_retention(output: Path) -> Retention | None:
    """Return how long the bags of an output folder's job are kept; None where no job says so any more."""
    register_file = output / "register.db"
    if not register_file.is_file():
        return None
    try:
        archive = _remembered_job(register_file).archive
    except AgreegenError:
        return None  # it may lie elsewhere by now: then the forms say how long
    return None if archive is None else archive.retention


@contextlib.contextmanager
def recorder_for(
    register_file: Path,
    credential_file: Path | None,
    *,
    now: datetime,
    prompt: Prompt | None = None,
    tell: Callable[[Message], None] | None = None,
    accepted: bool = False,
    create: bool = False,
) -> Iterator[Recorder]:
    """Open a register for one command that writes to it; its heads are signed by whom its job names.

    Args:
        register_file: The register.
        credential_file: The credential, where the user names one.
        now: Aware UTC time.
        prompt: Asks for secrets that must be typed in.
        tell: Told where another command writes and this one waits.
        accepted: Whether a person answers for what no head covers.
        create: Whether a register that is not there is begun; then the credential must be named.

    Raises:
        RegisterError: Nobody is there to sign, or the register cannot be written; nothing was written.
        CredentialError: The credential cannot be used; nothing was written.
    """
    with _signer(register_file, credential_file, now, prompt) as (credential, trust):
        if create and not register_file.exists():
            register_file.parent.mkdir(parents=True, exist_ok=True)
            Register.open(register_file, create=True, now=now).close()
        check = TailCheck(now, trust, accepted=accepted)
        with open_recorder(register_file, credential, now=now, check=check, tell=tell) as recorder:
            yield recorder


@contextlib.contextmanager
def recorder_beside(
    register_file: Path,
    used: Credential,
    credential_file: Path | None = None,
    *,
    now: datetime,
    prompt: Prompt | None = None,
    tell: Callable[[Message], None] | None = None,
) -> Iterator[Recorder]:
    """Open a register for a command that has a credential in use already.

    The register's own signer answers for the record; the credential in use does only where they are the same,
    or where the register names nobody yet.

    Raises:
        RegisterError: The register's own signer is not to be had; nothing was written.
        CredentialError: Its credential cannot be used; nothing was written.
    """
    with Register.open(register_file, read_only=True) as register:
        named = register.signer()
    own = named is None or identity_of(used.certificate_der).same_as(named, by_name=False)
    if own and credential_file is None:
        check = TailCheck(now)
        with open_recorder(register_file, used, now=now, check=check, tell=tell, pins=False) as recorder:
            yield recorder
        return
    with recorder_for(register_file, credential_file, now=now, prompt=prompt, tell=tell) as recorder:
        yield recorder


@contextlib.contextmanager
def recorder_for_bag(
    source: Path,
    bag_credential: Credential,
    credential_file: Path | None = None,
    *,
    now: datetime,
    prompt: Prompt | None = None,
    tell: Callable[[Message], None] | None = None,
) -> Iterator[Recorder | None]:
    """Open the register of a folder that is to be archived, or give None where there is none to write to.

    The register's own signer answers for the record; whoever signs the bag does only where they are the same,
    or where the register names nobody yet.

    Args:
        source: The folder.
        bag_credential: Who signs the bag; loaded and checked.
        credential_file: Who signs the register, where the user names one.
        now: Aware UTC time.
        prompt: Asks for secrets that must be typed in.
        tell: Told where another command writes and this one waits.

    Raises:
        RegisterError: The register's own signer is not to be had; nothing was written.
        CredentialError: Its credential cannot be used; nothing was written.
    """
    path = source / "register.db"
    if not (path.is_file() and os.access(path, os.W_OK) and os.access(source, os.W_OK)):
        yield None
        return
    with recorder_beside(
        path, bag_credential, credential_file, now=now, prompt=prompt, tell=tell
    ) as recorder:
        yield recorder


@contextlib.contextmanager
def _signer(
    register_file: Path, credential_file: Path | None, now: datetime, prompt: Prompt | None
) -> Iterator[tuple[Credential, Trust]]:
    path, trust = credential_file, Trust()
    try:
        job = _remembered_job(register_file)
        path, trust = path or head_credential(job), load_trust(list(job.trust))
        if path is None:
            raise RegisterError(
                message("batch.names-no-credential-signs-register", path=job.path), hint=_HINT
            )
    except AgreegenError:
        if path is None:  # with a credential at hand, the job is only asked for its trust anchors
            raise
    with load_credential(path, prompt=prompt) as credential:
        check_credential(credential, trust, now)
        yield credential, trust


def _remembered_job(register_file: Path) -> Job:
    with Register.open(register_file, read_only=True) as register:
        path = register.job_file()
    if path is None:
        raise RegisterError(
            message("batch.remembers-no-job-so-nobody-named", register_file=register_file), hint=_HINT
        )
    try:
        return read_job(path)
    except AgreegenError as exc:
        raise RegisterError(
            message("batch.remembers-job-which-cannot-read", register_file=register_file, path=path, exc=exc),
            hint=_HINT,
        ) from exc
