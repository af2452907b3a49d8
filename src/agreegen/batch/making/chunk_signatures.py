"""The signatures of a chunk: keys loaded once, timestamps asked for together over kept connections."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.batch.interface import Job, JobSignature
from agreegen.batch.job.timestamp_services import timestamp_servers
from agreegen.batch.making.read_back import adds_only_a_signature, check_signed_bytes
from agreegen.batch.making.remote_key import RemoteKey
from agreegen.batch.planning.planner import SignTask, credential_path
from agreegen.errors import AgreegenError, CredentialError, SigningError, TimestampError
from agreegen.model.report import PadesLevel
from agreegen.pki.signer_pin import fingerprint
from agreegen.register.interface import EventDraft, EventKind
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.credentials.loading import load_credential, locks_itself, read_config
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import BatchSigner
from agreegen.signing.prepared import Prepared, SigningIdentity

if TYPE_CHECKING:
    from agreegen.batch.making.chunks import Draft
    from agreegen.signing.services.timestamps import TimestampClient

_LONG_TERM = {PadesLevel.B_LT, PadesLevel.B_LTA}


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

    def sign(self, index: int, waiting: Sequence[tuple[Draft, SignTask]], now: datetime) -> None:
        """Sign drafts in one role; a row's own failure stays with its row.

        Raises:
            CredentialError: A credential that all rows share cannot be used.
        """
        signature = self._job.signatures[index]
        if not signature.personal:
            self._sign_with(
                self._shared_credential(index, now), signature, [draft for draft, _ in waiting], now
            )
            return
        by_file: OrderedDict[Path, list[Draft]] = OrderedDict()
        for draft, task in waiting:
            by_file.setdefault(task.credential, []).append(draft)
        for path, drafts in by_file.items():
            self._sign_personal(path, signature, drafts, now)

    def _sign_personal(
        self, path: Path, signature: JobSignature, drafts: Sequence[Draft], now: datetime
    ) -> None:
        try:
            credential = load_credential(path)
        except CredentialError as exc:
            if locks_itself(path):
                raise  # the next file may ask the same token
            _fail(drafts, exc)
            return
        try:
            check_credential(credential, self._trust, now)
            for draft in drafts:
                draft.warning = draft.warning or next(iter(credential.warnings), None)
            self._sign_with(credential, signature, drafts, now)
        except CredentialError as exc:
            _fail(drafts, exc)
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
    ) -> None:
        request = SigningRequest(
            role=signature.role,
            level=signature.level,
            now=now,
            trust=self._trust,
            reason=signature.reason,
            location=signature.location,
            relax_order=self._job.relax_order,
        )
        if credential.sm2_signer_id is not None:
            self.sm2_signer_ids.add(credential.sm2_signer_id)
        stamped = signature.level is not PadesLevel.B_B
        room = self._room() if stamped else 0
        signer = BatchSigner(SigningIdentity.of(credential), request, token_bytes=room)
        prepared = _prepare(signer, drafts)
        raw = credential.signer.sign_many([item.attributes for _, item in prepared])
        tokens: list[bytes | None] = [None] * len(raw)
        if room and self._client is not None:
            answers = self._client.timestamp_many(raw)
            tokens = [answer if isinstance(answer, bytes) else None for answer in answers]
        finished = _finish(signer, prepared, raw, tokens, credential.sm2_signer_id)
        results = self._complete([signed for _, signed in finished], signature.level, now)
        for (draft, _), result in zip(finished, results, strict=True):
            if isinstance(result, AgreegenError):
                draft.reason = str(result)
            else:
                same = adds_only_a_signature(draft.data, result.data, signature.role)
                draft.unread = draft.unread or not same
                draft.plain = draft.plain and signature.level not in _LONG_TERM
                _note(draft, result, signature, credential)

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

    def extend(self, drafts: Sequence[Draft], now: datetime) -> None:
        """Give documents that wait for a timestamp the level that their job asks for."""
        from agreegen.signing.extend import extend_pdf  # noqa: PLC0415 - only here

        levels = [signature.level for signature in self._job.signatures]
        wanted = max(levels, key=list(PadesLevel).index)
        servers = timestamp_servers(self._job)
        for draft in drafts:
            try:
                signed = extend_pdf(draft.data, wanted, now=now, tsa=servers, trust=self._trust, judged=True)
            except AgreegenError as exc:
                draft.warning = f"the timestamp is still missing: {exc}"
                continue
            draft.data, draft.changed, draft.pending = signed.data, True, signed.timestamp_pending
            draft.plain = False
            digest = draft.sha256
            kind = EventKind.TIMESTAMP_PENDING if draft.pending else EventKind.TIMESTAMPED
            facts = {"level": signed.level.value}
            draft.events.append(EventDraft(kind, draft.task.document.id, sha256=digest, details=facts))


def _connect(servers: Sequence[TimestampServer], trust: Trust) -> TimestampClient:
    from agreegen.signing.services.timestamps import TimestampClient  # noqa: PLC0415 - HTTP takes long to load

    return TimestampClient(servers, trust=trust)


def _prepare(signer: BatchSigner, drafts: Sequence[Draft]) -> list[tuple[Draft, Prepared]]:
    """Prepare every file that can be signed; a draft that cannot be gets the reason."""
    prepared: list[tuple[Draft, Prepared]] = []
    for draft in drafts:
        # Earlier signatures were made here, or stand in a file that the register knows by its hash; the
        # file is read back as a recipient would, before anything is published.
        judged = bool(draft.roles)
        try:
            prepared.append((draft, signer.prepare(draft.data, judged=judged, begun=draft.begun)))
        except SigningError as exc:
            draft.reason = str(exc)
    return prepared


def _finish(
    signer: BatchSigner,
    prepared: Sequence[tuple[Draft, Prepared]],
    values: Sequence[bytes],
    tokens: Sequence[bytes | None],
    sm2_signer_id: str | None,
) -> list[tuple[Draft, SignedPdf]]:
    """Put values and tokens in and check the signed bytes; a draft where that fails gets the reason."""
    finished: list[tuple[Draft, SignedPdf]] = []
    for (draft, item), value, token in zip(prepared, values, tokens, strict=True):
        try:
            signed = signer.finish(item, value, token=token)
            check_signed_bytes(draft.data, signed.data, item, sm2_signer_id=sm2_signer_id)
        except SigningError as exc:
            draft.reason = str(exc)
        else:
            finished.append((draft, signed))
    return finished


def _note(draft: Draft, signed: SignedPdf, signature: JobSignature, credential: Credential) -> None:
    draft.data, draft.changed = signed.data, True
    draft.roles.add(signature.role)
    digest = draft.sha256
    facts = {
        "credential": credential.name,
        "certificate_sha256": fingerprint(credential.certificate_der),
        "level": signed.level.value,
    }
    document_id = draft.task.document.id
    draft.events.append(EventDraft(EventKind.SIGNED, document_id, signature.role, digest, facts))
    if signed.timestamp_pending:
        draft.pending = True
    if draft.pending:
        draft.events.append(EventDraft(EventKind.TIMESTAMP_PENDING, document_id, sha256=digest))


def _fail(drafts: Sequence[Draft], exc: AgreegenError) -> None:
    for draft in drafts:
        draft.reason = str(exc)
