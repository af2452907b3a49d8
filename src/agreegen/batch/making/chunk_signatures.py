"""The signatures of a chunk: keys loaded once, timestamps asked for together over kept connections."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.batch.interface import Job, JobSignature
from agreegen.batch.job.timestamp_services import timestamp_servers
from agreegen.batch.making.drafts import Draft, TaskResult
from agreegen.batch.making.remote_key import RemoteKey
from agreegen.batch.planning.planner import SignTask, credential_path
from agreegen.errors import AgreegenError, CredentialError, SigningError, TimestampError
from agreegen.messages import foreign_text, message
from agreegen.model.report import PadesLevel
from agreegen.pipeline.own_read_back import adds_only_a_signature, check_signed_bytes
from agreegen.pki.signer_pin import fingerprint
from agreegen.register.interface import EventDraft, EventKind
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.credentials.loading import load_credential, locks_itself, read_config
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import BatchSigner
from agreegen.signing.prepared import Prepared, SigningIdentity

if TYPE_CHECKING:
    from agreegen.signing.services.timestamps import TimestampClient

_LONG_TERM = {PadesLevel.B_LT, PadesLevel.B_LTA}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft that waits for one signature.

    Attributes:
        place: Its place in the chunk.
        draft: The draft.
        task: Which signature, with which credential.
    """

    place: int
    draft: Draft
    task: SignTask


def _stated_signer_ids(job: Job) -> set[str]:
    """Read from the shared credentials' files, without opening a key, which SM2 signer ids they state."""
    found: set[str] = set()
    for signature in job.signatures:
        path = None if signature.personal else credential_path(signature, {})
        # A worker on another machine may have no such file; what it signs with tells it in time.
        with contextlib.suppress(CredentialError):
            if path is not None and (config := read_config(path)).has("signer_id"):
                found.add(config.text("signer_id"))
    return found


class ChunkSigner:
    """Signs the documents of chunks.

    Args:
        job: The job.
        trust: Anchors and revocation lists.
        remote_keys: Keys that stay with the coordinator, by index into `Job.signatures`.
        workers: Number of workers that share the limit of timestamp requests.
        credentials: Credentials that are loaded already, by index; the caller closes them.

    Attributes:
        sm2_signer_ids: The ids that SM2 signatures of this job are made with, as far as they are known.
    """

    def __init__(
        self,
        job: Job,
        trust: Trust,
        remote_keys: Mapping[int, RemoteKey],
        workers: int,
        credentials: Mapping[int, Credential] | None = None,
    ) -> None:
        self._job = job
        self._trust = trust
        self._remote_keys = remote_keys
        self._shared = dict(credentials or {})
        self._own: list[Credential] = []
        self.sm2_signer_ids = _stated_signer_ids(job)
        servers = timestamp_servers(job, workers)
        self._client = _connect(servers, trust) if servers else None
        self._token_bytes: int | None = None

    def close(self) -> None:
        """Release what this signer loaded."""
        for credential in self._own:
            credential.close()
        if self._client is not None:
            self._client.close()

    def sign(
        self, index: int, waiting: Sequence[Waiting], now: datetime
    ) -> Iterator[tuple[int, Draft | TaskResult]]:
        """Sign drafts in one role; a row's own failure stays with its row.

        Yields:
            The place of each draft, and what has become of it.

        Raises:
            CredentialError: A credential that all rows share cannot be used.
        """
        signature = self._job.signatures[index]
        if not signature.personal:
            shared, drafts = self._shared_credential(index, now), [each.draft for each in waiting]
            made = self._sign_with(shared, signature, drafts, now)
            yield from zip((each.place for each in waiting), made, strict=True)
            return
        by_file: OrderedDict[Path, list[Waiting]] = OrderedDict()
        for each in waiting:
            by_file.setdefault(each.task.credential, []).append(each)
        for path, own in by_file.items():
            made = self._sign_personal(path, signature, [each.draft for each in own], now)
            yield from zip((each.place for each in own), made, strict=True)

    def _sign_personal(
        self, path: Path, signature: JobSignature, drafts: Sequence[Draft], now: datetime
    ) -> list[Draft | TaskResult]:
        try:
            credential = load_credential(path)
        except CredentialError as exc:
            if locks_itself(path):
                raise  # the next file may ask the same token
            return [draft.failed(foreign_text(exc)) for draft in drafts]
        try:
            check_credential(credential, self._trust, now)
            noted = [draft.warned(next(iter(credential.warnings), None)) for draft in drafts]
            return self._sign_with(credential, signature, noted, now)
        except CredentialError as exc:
            return [draft.failed(foreign_text(exc)) for draft in drafts]
        finally:
            credential.close()

    def _shared_credential(self, index: int, now: datetime) -> Credential:
        if index not in self._shared:
            remote = self._remote_keys.get(index)
            path = credential_path(self._job.signatures[index], {})
            assert path is not None  # it is no personal one
            credential = remote.connect() if remote is not None else load_credential(path)
            self._shared[index] = credential
            self._own.append(credential)
        check_credential(self._shared[index], self._trust, now)
        return self._shared[index]

    def _sign_with(
        self, credential: Credential, signature: JobSignature, drafts: Sequence[Draft], now: datetime
    ) -> list[Draft | TaskResult]:
        """Sign drafts with one credential; return what becomes of each, in order.

        1. Every file is prepared; 2. the key signs all of them; 3. timestamps are asked for together;
        4. values and tokens are put in, and the signed bytes are checked; 5. validation data is added.
        """
        if credential.sm2_signer_id is not None:
            self.sm2_signer_ids.add(credential.sm2_signer_id)
        room = 0 if signature.level is PadesLevel.B_B else self._room()
        request = self._request(signature, now)
        signer = BatchSigner(SigningIdentity.of(credential), request, token_bytes=room)
        prepared = [_prepare(signer, draft) for draft in drafts]
        ready = [item for item in prepared if not isinstance(item, AgreegenError)]
        values = credential.signer.sign_many([item.attributes for item in ready])
        answers = iter(zip(values, self._tokens(values, room), strict=True))
        made = [
            item
            if isinstance(item, AgreegenError)
            else _finish(signer, draft, item, *next(answers), credential.sm2_signer_id)
            for draft, item in zip(drafts, prepared, strict=True)
        ]
        signed = [item for item in made if not isinstance(item, AgreegenError)]
        whole = iter(self._complete(signed, signature.level, now))
        return [
            _next(draft, item if isinstance(item, AgreegenError) else next(whole), signature, credential)
            for draft, item in zip(drafts, made, strict=True)
        ]

    def _request(self, signature: JobSignature, now: datetime) -> SigningRequest:
        return SigningRequest(
            role=signature.role,
            level=signature.level,
            now=now,
            trust=self._trust,
            reason=signature.reason,
            location=signature.location,
            relax_order=self._job.relax_order,
        )

    def _tokens(self, values: Sequence[bytes], room: int) -> list[bytes | None]:
        """Ask for the timestamps of signature values; None where there is none to be had."""
        if not room or self._client is None:
            return [None] * len(values)
        answers = self._client.timestamp_many(values)
        return [answer if isinstance(answer, bytes) else None for answer in answers]

    def _room(self) -> int:
        """Return the room for a timestamp; 0 while no service answers (then it stays pending)."""
        if self._token_bytes is None and self._client is not None:
            try:
                self._token_bytes = self._client.token_bytes()
            except TimestampError:
                return 0
        return self._token_bytes or 0

    def _complete(
        self, signed: Sequence[SignedPdf], level: PadesLevel, now: datetime
    ) -> list[SignedPdf | AgreegenError]:
        """Add validation data: the evidence is fetched once, after all timestamps of the chunk were taken."""
        results: list[SignedPdf | AgreegenError] = list(signed)
        if level not in _LONG_TERM or self._client is None:
            return results
        ready = [index for index, item in enumerate(signed) if not item.timestamp_pending]
        files = [signed[index].data for index in ready]
        from agreegen.signing.extend import add_validation_data_many  # noqa: PLC0415 - only here

        made = add_validation_data_many(files, level, self._trust, self._client, now)
        for index, result in zip(ready, made, strict=True):
            results[index] = result
        return results

    def extend(self, drafts: Sequence[Draft], now: datetime) -> list[Draft]:
        """Give documents that wait for a timestamp the level that their job asks for."""
        if not drafts:
            return []
        levels = [signature.level for signature in self._job.signatures]
        wanted = max(levels, key=list(PadesLevel).index)
        servers = timestamp_servers(self._job)
        return [self._extend(draft, wanted, servers, now) for draft in drafts]

    def _extend(
        self, draft: Draft, level: PadesLevel, servers: Sequence[TimestampServer], now: datetime
    ) -> Draft:
        from agreegen.signing.extend import extend_pdf  # noqa: PLC0415 - only here

        try:
            signed = extend_pdf(draft.file.data, level, now=now, tsa=servers, trust=self._trust, judged=True)
        except AgreegenError as exc:
            return replace(draft, warning=message("batch.timestamp-still-missing", exc=exc))
        file, pending = draft.file.grown(signed.data), signed.timestamp_pending
        kind = EventKind.TIMESTAMP_PENDING if pending else EventKind.TIMESTAMPED
        facts = {"level": signed.level.value}
        event = EventDraft(kind, draft.task.document.id, sha256=file.sha256, details=facts)
        return replace(draft, file=file, changed=True, pending=pending, plain=False).noting(event)


def _connect(servers: Sequence[TimestampServer], trust: Trust) -> TimestampClient:
    from agreegen.signing.services.timestamps import TimestampClient  # noqa: PLC0415 - HTTP takes long to load

    return TimestampClient(servers, trust=trust)


def _prepare(signer: BatchSigner, draft: Draft) -> Prepared | AgreegenError:
    # Earlier signatures were made here, or stand in a file that the register knows by its hash; the
    # file is read back as a recipient would, before anything is published.
    try:
        return signer.prepare(draft.file.data, judged=bool(draft.roles), begun=draft.file.begun)
    except SigningError as exc:
        return exc


def _finish(
    signer: BatchSigner,
    draft: Draft,
    prepared: Prepared,
    value: bytes,
    token: bytes | None,
    sm2_signer_id: str | None,
) -> SignedPdf | AgreegenError:
    """Put value and token in, and check the signed bytes."""
    try:
        signed = signer.finish(prepared, value, token=token)
        check_signed_bytes(
            draft.file.data, signed.data, (prepared.start, prepared.end), sm2_signer_id=sm2_signer_id
        )
    except SigningError as exc:
        return exc
    return signed


def _next(
    draft: Draft, signed: SignedPdf | AgreegenError, signature: JobSignature, credential: Credential
) -> Draft | TaskResult:
    """Return the draft with a signature, or what is said of a row where that failed."""
    if isinstance(signed, AgreegenError):
        return draft.failed(foreign_text(signed))
    file, document_id = draft.file.grown(signed.data), draft.task.document.id
    facts = {
        "credential": credential.name,
        "certificate_sha256": fingerprint(credential.certificate_der),
        "level": signed.level.value,
    }
    events = [EventDraft(EventKind.SIGNED, document_id, signature.role, file.sha256, facts)]
    pending = draft.pending or signed.timestamp_pending
    if pending:
        events.append(EventDraft(EventKind.TIMESTAMP_PENDING, document_id, sha256=file.sha256))
    same = adds_only_a_signature(draft.file.data, signed.data, signature.role)
    return replace(
        draft,
        file=file,
        events=(*draft.events, *events),
        roles=draft.roles | {signature.role},
        changed=True,
        pending=pending,
        plain=draft.plain and signature.level not in _LONG_TERM,
        unread=draft.unread or not same,
    )
