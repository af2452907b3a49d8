"""Making a register again: under another name, signed, and only then in its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.batch.planning.document_paths import SUPERSEDED
from agreegen.batch.rebuilding.found_files import Findings
from agreegen.batch.rebuilding.interface import BagFacts, FoundDocument, RebuildReport
from agreegen.batch.rebuilding.office_signers import OfficeSigners
from agreegen.batch.rebuilding.row_matching import Identifier, count_contents
from agreegen.batch.running.run_register import run_event
from agreegen.chain.lock import lock_folder
from agreegen.errors import RegisterError, UsageError
from agreegen.files import TEMPORARY_PREFIX, replacing, sha256_of_file
from agreegen.messages import Message, join_sentences, message
from agreegen.recording.recorder import Recorder
from agreegen.recording.signer import CredentialSigner
from agreegen.register.interface import EventDraft, EventKind
from agreegen.register.store import Register
from agreegen.signing.interface import Credential, Trust

_EVENTS_AT_ONCE = 2_000
_NAME = "register.db"


@dataclass(frozen=True, slots=True)
class RebuildRequest:
    """What is to be rebuilt, from what, and who answers for it.

    Attributes:
        folder: The folder whose register was lost.
        job: Its job: the form, and the roster that tells whose documents these are.
        bags: Bags of it.
        credential: Who signs the new register; loaded and checked.
        trust: Anchors that signers must chain to.
        by: Who commands it.
        now: Aware UTC time.
        office: Who signs for the office.
    """

    folder: Path
    job: Job
    bags: tuple[Path, ...]
    credential: Credential
    trust: Trust
    by: str
    now: datetime
    office: OfficeSigners = field(default_factory=OfficeSigners)


@dataclass(slots=True)
class _Counts:
    documents: int = 0
    signatures: int = 0
    paper: int = 0
    archived: int = 0
    nameless: list[str] = field(default_factory=list)


def rebuild_register(request: RebuildRequest, *, confirm: Callable[[int, int], bool]) -> RebuildReport | None:
    """Make a register again from what documents, scans and bags prove.

    1. The folder has no register, and nobody else works in it.
    2. Documents are read and judged, bags are checked; the user is told how many there are and asked.
    3. Each document is registered with its signatures, its row, its bag and its scans, as far as something
       proves them; the new register begins with an event that says what it is.
    4. It gets its name when it is whole.

    Args:
        request: What is to be rebuilt.
        confirm: Told how many documents and bags there are; says whether to go on.

    Returns:
        What was recovered and what was not; None where the user did not want it.

    Raises:
        UsageError: There is a register already.
        RegisterError: There is nothing to rebuild it from, or it cannot be written.
    """
    target = request.folder / _NAME
    if target.exists():
        raise UsageError(
            message("batch.text", target=target), hint=message("batch.move-away-first-if-made-again")
        )
    with lock_folder(request.folder):
        findings = Findings(request.folder, request.trust, request.now, request.office)
        documents = list(findings.documents())
        bags = findings.bags([path for path in request.bags if (path / "bagit.txt").is_file()])
        if not documents:
            raise RegisterError(
                message(
                    "batch.holds-no-document-proves-itself",
                    folder=request.folder,
                    lost=join_sentences(findings.lost[:3]),
                ),
                hint=message("batch.name-output-folder-batch"),
            )
        if not confirm(len(documents), len(request.bags)):
            return None
        temporary = request.folder / f"{TEMPORARY_PREFIX}{_NAME}"
        temporary.unlink(missing_ok=True)
        try:
            counts = _fill(request, temporary, documents, bags, findings.lost)
            temporary.rename(target)
        finally:
            for path in request.folder.glob(f"{temporary.name}*"):
                path.unlink(missing_ok=True)
    return RebuildReport(
        documents=counts.documents,
        signatures=counts.signatures,
        paper=counts.paper,
        archived=counts.archived,
        nameless=tuple(counts.nameless),
        lost=tuple(findings.lost),
    )


def _fill(
    request: RebuildRequest,
    path: Path,
    documents: list[FoundDocument],
    bags: dict[str, BagFacts],
    lost: list[Message],
) -> _Counts:
    with Register.open(path, create=True, now=request.now) as register:
        recorder = Recorder(register, CredentialSigner(request.credential, request.now))
        identifier = Identifier(request.job.form, register, bags)
        identifier.read_roster(request.job)
        filling = _Filling(request, recorder, identifier, bags, lost, contents=count_contents(documents))
        facts = {"by": request.by, "documents": len(documents), "bags": len(request.bags)}
        filling.add(EventDraft(EventKind.REBUILT, details=facts))
        filling.add(run_event(request.job))
        by_id = {found.document.id: found for found in sorted(documents, key=lambda each: not each.replaced)}
        for found in by_id.values():
            filling.document(found)
        filling.flush()
        for found in by_id.values():
            if found.replaced:
                filling.replaced(found)
        filling.flush()
        lost += _loose_scans(request.folder, register)
    return filling.counts


@dataclass(slots=True)
class _Filling:
    """Fills the new register, so many events at a time, each time under a signed head."""

    request: RebuildRequest
    recorder: Recorder
    identifier: Identifier
    bags: dict[str, BagFacts]
    lost: list[Message]
    contents: dict[bytes, int]
    counts: _Counts = field(default_factory=_Counts)
    _drafts: list[EventDraft] = field(default_factory=list)

    def add(self, draft: EventDraft) -> None:
        self._drafts.append(draft)

    def flush(self) -> None:
        self.recorder.record(self._drafts, now=self.request.now)
        self._drafts = []

    def document(self, found: FoundDocument) -> None:
        """Register a document with its signatures, and what a bag says of it."""
        registration, known = self.identifier.registration(found, self.contents)
        if not known:
            self.counts.nameless.append(found.path)
        document_id, details = registration.id, {"rebuilt": True}
        self.add(
            EventDraft(
                EventKind.ADOPTED,
                document_id,
                sha256=found.sha256,
                details=details,
                registration=registration,
            )
        )
        for role, signer in sorted(found.signers.items()):
            facts = details | {"credential": signer.subject, "certificate_sha256": signer.certificate_sha256}
            self.add(EventDraft(EventKind.SIGNED, document_id, role, found.sha256, facts))
        size = {"size": found.size}
        self.add(EventDraft(EventKind.VERIFIED, document_id, sha256=found.sha256, details=size))
        self.counts.documents += 1
        self.counts.signatures += len(found.signers)
        self._from_bag(found, self.bags.get(document_id))
        if len(self._drafts) >= _EVENTS_AT_ONCE:
            self.flush()

    def replaced(self, found: FoundDocument) -> None:
        """Say that a document was replaced, and by which one, where its row has another in force."""
        register = self.recorder.register
        row = register.document(found.document.id)
        assert row is not None  # it was registered before
        others = register.documents_of(row.registration.row_key)
        by = next((each.registration.id for each in others if not _is_replaced(each.registration.path)), None)
        self.add(EventDraft(EventKind.SUPERSEDED, found.document.id, details={"by": by}))

    def _from_bag(self, found: FoundDocument, facts: BagFacts | None) -> None:
        if facts is None:
            return
        document_id = found.document.id
        if facts.paper is not None and self._has_scans(facts):
            self.add(facts.paper.to_draft())
            self.counts.paper += 1
        if facts.sha256 == found.sha256:
            details = {"bag": facts.bag, "rebuilt": True}
            self.add(EventDraft(EventKind.ARCHIVED, document_id, sha256=found.sha256, details=details))
            self.counts.archived += 1

    def _has_scans(self, facts: BagFacts) -> bool:
        """See that the scans of a record lie below the folder; those that do not come back from the bag."""
        assert facts.paper is not None
        for scan in facts.paper.scans:
            path = self.request.folder / scan.path
            if not path.resolve().is_relative_to(self.request.folder.resolve()):
                self.lost.append(
                    message("batch.bag-names-scan-outside-folder", path=scan.path, bag=facts.bag)
                )
                return False
            if path.is_file() and sha256_of_file(path) == scan.sha256:
                continue
            with replacing(path, mode=0o600) as temporary:
                shutil.copyfile(facts.scan_sources[scan.path], temporary)
        return True


def _is_replaced(path: str) -> bool:
    return path.startswith(f"{SUPERSEDED}/")


def _loose_scans(folder: Path, register: Register) -> Iterator[Message]:
    """Yield the scans whose record is lost: nothing tells whose they are, or who accepted them."""
    known = {scan.path for _, scan in register.scans()}
    for path in sorted((folder / "scans").rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_file() and relative not in known and "/inputs/" not in relative:
            yield message("batch.no-bag-holds-record-scan-add", relative=relative)
