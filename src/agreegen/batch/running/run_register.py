"""How a run writes to its register: who signs, what it remembers of the job, when its last head was made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from agreegen.batch.interface import Job
from agreegen.batch.job.timestamp_services import timestamp_servers
from agreegen.batch.workers.shared_keys import SharedKeys, shared_certificates
from agreegen.errors import TimestampError
from agreegen.messages import Message, message
from agreegen.recording.interface import TailCheck
from agreegen.recording.recorder import Recorder
from agreegen.recording.signer import CredentialSigner
from agreegen.recording.standing import require_standing
from agreegen.register.interface import EventDraft, EventKind
from agreegen.register.store import Register
from agreegen.signing.interface import Trust


def recorder_for_run(job: Job, register: Register, keys: SharedKeys, trust: Trust, now: datetime) -> Recorder:
    """Give what records for a run, after a look at what stands in the register.

    Raises:
        RegisterError: Another signer answers for it, or events behind the last head are not explained.
    """
    signer = None if keys.head is None else CredentialSigner(keys.head, now)
    check = TailCheck(now, trust, shared_certificates(job, keys))
    if keys.head is not None:
        check = check.for_credential(keys.head)
    require_standing(register, None if signer is None else signer.identity, check)
    return Recorder(register, signer)


def run_event(job: Job) -> EventDraft:
    """Return the event by which the register remembers its job, so that later commands find who signs it."""
    facts = {
        "job": os.path.relpath(job.path.resolve(), job.output.resolve()),
        "job_path": str(job.path.resolve()),
        "job_sha256": job.sha256,
        "template_sha256": job.form.template_sha256,
    }
    return EventDraft(EventKind.RUN, details=facts)


def prove_time(job: Job, recorder: Recorder, trust: Trust, now: datetime) -> Iterator[Message]:
    """Have the last head of a run signed once more, with a timestamp, and yield a warning where that fails.

    Every head before it existed by then.

    Raises:
        RegisterError: The register cannot be written.
        CredentialError: The key cannot sign.
    """
    if recorder.signer is None or not job.tsa:
        return
    try:
        recorder.prove_time(replace(recorder.signer, now=now, tsa=timestamp_servers(job), trust=trust))
    except TimestampError as exc:
        yield message("batch.time-register-head-could-not-proved", exc=exc)
