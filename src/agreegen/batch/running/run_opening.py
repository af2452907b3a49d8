"""What a run needs before its first row: settings, roster, a writable output, keys and workers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.making.laying_down import OutputError
from agreegen.batch.making.messages import WorkerSettings
from agreegen.batch.planning.document_paths import DOCUMENTS, QUARANTINE, SUPERSEDED
from agreegen.batch.workers.key_holder import KeyHolder
from agreegen.batch.workers.pools import InlinePool, Pool, ProcessPool
from agreegen.errors import InputError, RegisterError, UsageError
from agreegen.pki.signer_pin import fingerprint
from agreegen.register.store import Register
from agreegen.rosters.roster import Roster, open_roster
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.certificate_paths import known_paths
from agreegen.signing.interface import Credential, Prompt, Trust

_ROWS_FOR_PROCESSES = 40


@dataclass(slots=True)
class SharedKeys:
    """The credentials that all rows share.

    Attributes:
        holder: Holds them.
        by_index: By index into `Job.signatures`.
        shareable: Which of them a worker loads by itself.
        head: Signs the heads of the register, if any.
        archive: Signs the bags, if any.
        trust: Anchors and revocation lists.
        findings: What deserves a look about them, without doubles.
    """

    holder: KeyHolder
    by_index: dict[int, Credential] = field(default_factory=dict)
    shareable: set[int] = field(default_factory=set)
    head: Credential | None = None
    archive: Credential | None = None
    trust: Trust = field(default_factory=Trust)
    findings: list[str] = field(default_factory=list)

    def check(self, credential: Credential, trust: Trust, now: datetime) -> None:
        """Check a credential that was loaded, and keep what deserves a look."""
        found = [finding.message for finding in check_credential(credential, trust, now)]
        self.findings.extend(text for text in found if text not in self.findings)


def load_keys(
    job: Job,
    holder: KeyHolder,
    trust: Trust,
    now: datetime,
    prompt: Prompt | None,
    *,
    elsewhere: bool = False,
) -> SharedKeys:
    """Load the credentials that all rows share; `elsewhere`: those without a file here are the workers'."""
    keys = SharedKeys(holder, trust=trust)
    for index, signature in enumerate(job.signatures):
        if not signature.personal:
            path = Path(signature.credential.replace("{{", "{").replace("}}", "}"))
            if elsewhere and not path.is_file():
                continue
            credential, shareable = holder.load(path, prompt=prompt)
            keys.check(credential, trust, now)
            keys.by_index[index] = credential
            if shareable:
                keys.shareable.add(index)
    loaded = {credential.path: credential for credential in keys.by_index.values()}

    def load(path: Path) -> Credential:
        if path not in loaded:
            loaded[path], _ = holder.load(path, prompt=prompt)
            keys.check(loaded[path], trust, now)
        return loaded[path]

    if job.archive is not None:
        keys.archive = load(job.archive.credential)
    if job.register_credential is not None:
        keys.head = load(job.register_credential)
    else:
        keys.head = keys.archive or next(iter(keys.by_index.values()), None)
    return keys


def shared_certificates(job: Job, keys: SharedKeys) -> dict[str, frozenset[str]]:
    """Return, by role, the SHA-256 of the certificate that signs it for everybody."""
    return {
        job.signatures[index].role: frozenset({fingerprint(credential.certificate_der)})
        for index, credential in keys.by_index.items()
    }


def start_pool(job: Job, rows: int, settings: RunSettings, keys: SharedKeys, trust: Trust) -> Pool:
    pages = settings.pages
    if settings.engine == "dask":
        return _join_cluster(job, settings, keys, trust)
    count = settings.workers or (1 if rows < _ROWS_FOR_PROCESSES else min(os.cpu_count() or 1, 16))
    if count == 1:
        return InlinePool(WorkerSettings(job, trust, pages, {}), keys.by_index)
    remote = {
        index: keys.holder.share(credential)
        for index, credential in keys.by_index.items()
        if index not in keys.shareable
    }
    return ProcessPool(WorkerSettings(job, trust, pages, remote, count, known_paths()), count)


def _join_cluster(job: Job, settings: RunSettings, keys: SharedKeys, trust: Trust) -> Pool:
    if settings.scheduler is None:
        raise UsageError("no scheduler is named", hint="give --scheduler tls://host:8786")
    from agreegen.batch.workers.cluster import DaskPool  # noqa: PLC0415 - an optional package

    told = WorkerSettings(job, trust, settings.pages, {}, paths=known_paths())
    shareable = frozenset(keys.shareable)
    workers, copy_back = settings.workers or 1, settings.copy_back
    return DaskPool(told, settings.scheduler, keys.by_index, shareable, workers, copy_back)


def is_own_roster(job: Job, settings: RunSettings) -> bool:
    """Tell whether a run reads the job's own roster, and not, say, `failed-rows.csv`."""
    return settings.roster is None or settings.roster.resolve() == job.roster.file.resolve()


def open_job_roster(job: Job, settings: RunSettings) -> Roster:
    source, other, own = job.roster, settings.roster, is_own_roster(job, settings)
    return open_roster(
        source.file if other is None else other,
        job.form,
        sheet=source.sheet if own else None,
        columns=source.columns,
        defaults=job.defaults,
        limit=settings.limit,
    )


def require_writable(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputError(f"{output} cannot be made: {exc.strerror}", hint="choose another output") from exc
    if not os.access(output, os.W_OK | os.X_OK):
        raise OutputError(
            f"{output} cannot be written", hint="mend the permissions, or choose another output"
        )
    refuse_links(output)


def refuse_links(output: Path) -> None:
    """Refuse an output whose folders of documents are links: what lies behind one is not the output's.

    A run would write through it, and neither the register nor a bag would find the files again.

    Raises:
        OutputError: One is a link.
    """
    for name in (DOCUMENTS, SUPERSEDED, QUARANTINE):
        top = output / name
        for folder in (top, *(top / below for below in _names_of(top))):
            if folder.is_symlink() and (folder.is_dir() or not folder.exists()):
                raise OutputError(
                    f"{folder} is a link; documents lie in the output folder itself",
                    hint="let the job's `output` name the folder that it leads to, or move that folder here",
                )


def _names_of(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_symlink())
    except OSError:
        return []


def refuse_lost_register(job: Job) -> None:
    """Refuse a folder with documents and no register: a new one would not know them and make them again.

    Raises:
        RegisterError: The register is gone.
    """
    if job.register_file.exists() or not job.documents_folder.is_dir():
        return
    first = next((path for path in job.documents_folder.rglob("*") if path.suffix.lower() == ".pdf"), None)
    if first is not None:
        raise RegisterError(
            f"{job.output} holds documents ({first.relative_to(job.output)}, …), but no register.db",
            hint=f"put the register back from a copy, or: agreegen register rebuild {job.output}",
        )


def refuse_other_template(job: Job, register: Register) -> None:
    other = register.other_template(job.form.id, job.form.template_sha256)
    if other is not None:
        raise InputError(
            f"{job.output} holds documents of another template of {job.form.id} ({other[:12]}…), now it "
            f"has {job.form.template_sha256[:12]}…; one output never mixes two",
            hint="use the released form again, or give the job a new output folder",
        )
