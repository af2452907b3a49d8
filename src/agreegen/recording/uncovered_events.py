"""Events that no signed head covers: whether the files bear them out, before anybody signs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agreegen.chain.hashing import format_time, link_hash
from agreegen.errors import RegisterError
from agreegen.files import sha256_of
from agreegen.messages import Message, join_sentences, message
from agreegen.model.report import FileReport
from agreegen.recording.interface import TailCheck
from agreegen.recording.own_documents import OwnDocument, examine_file, read_own
from agreegen.recording.signature_problems import examine_own, signature_problems
from agreegen.register.interface import DocumentRow, DocumentState, Event, EventKind, How
from agreegen.register.store import Register

_GOING_ON = {
    EventKind.SIGNED,
    EventKind.TIMESTAMP_PENDING,
    EventKind.TIMESTAMPED,
    EventKind.VERIFIED,
    EventKind.SUPERSEDED,
}
"""What a run that was killed at the wrong moment may have left of documents that a head covers."""
_BEGINNING = {EventKind.RENDERED, EventKind.ADOPTED, EventKind.QUARANTINED}
"""What it may have left besides of documents that are new behind the head."""
_NEVER_SIGNED = {EventKind.PRINTED, EventKind.MENDED, EventKind.DAMAGED}
"""What later versions record, always with its head, but in registers that nobody ever signed."""
_MOST_TOLD = 20


def require_explained(register: Register, check: TailCheck) -> None:
    """Look at every event behind the last signed head, before a new head covers it.

    Whoever can write to the folder can append events; signed over without a look, they would be laundered.

    1. The chain goes on from the head without a break.
    2. Where the chain names its signer, nothing may stand there: since then every command ends under a head.
       In registers of earlier versions each event is of a kind that a killed run may have left; what a head
       covers is not made anew, taken out of force, or called archived; a scan needs a person who answers.
    3. Each document's file is there, with the hash of its row, and is that document by its own word. Who is
       replaced is replaced by one of them, for the same row.
    4. Its signatures are right, by people whom the trust knows, each in a role that its certificate may hold;
       a role that names no holder is signed as in the documents that a head covers.

    Raises:
        RegisterError: Something is foreign or unexplained, told event by event; nothing was written.
    """
    head = register.last_head()
    covered = 0 if head is None else head.count
    if register.event_count <= covered + (head is not None):
        return
    problems: list[Message] = []
    documents: dict[str, None] = {}
    allowed = _Allowed(register, check, covered, register.signer() is not None)
    tip = None if head is None else head.hash
    for event in register.events(after=covered):
        if tip is not None:
            tip = _follow(event, tip, register.path)
        if event.seq == covered + 1 and event.kind is EventKind.HEAD and head is not None:
            continue
        if event.document_id and not allowed.named:
            documents.setdefault(event.document_id)
        problems += allowed.problems(event)
    expected = _Expected(register, check, frozenset(documents), anybody=check.accepted and head is None)
    for document_id in documents:
        row = register.document(document_id)
        reasons: Iterable[Message] = [message("recording.its-row-gone")]
        if row is not None:
            reasons = _document_problems(register, row, check, expected)
            if not _is_accounted(register, row, documents):
                reasons = [*reasons, message("recording.no-document-was-made-behind-head")]
        problems += [message("recording.of-document", id=document_id, reason=reason) for reason in reasons]
    if problems:
        raise _unexplained(register, problems)


def _unexplained(register: Register, problems: list[Message]) -> RegisterError:
    more = len(problems) - _MOST_TOLD
    told = problems[:_MOST_TOLD] + ([message("recording.and-more", count=more)] if more > 0 else [])
    return RegisterError(
        message(
            "recording.events-behind-last-signed-head-not", path=register.path, told=join_sentences(told)
        ),
        hint=message("recording.restore-register-from-copy-or-rebuild"),
    )


def _follow(event: Event, tip: bytes, path: Path) -> bytes:
    row = (
        event.seq,
        format_time(event.at),
        event.kind.value,
        event.document_id,
        event.role,
        event.sha256,
        event.details,
    )
    if link_hash(tip, row) != event.hash:
        raise RegisterError(
            message("recording.event-does-not-follow-from-one", path=path, seq=event.seq),
            hint=message("recording.run-register-verify"),
        )
    return event.hash


@dataclass(slots=True)
class _Allowed:
    """Which events may stand behind the last head.

    Attributes:
        register: The register.
        check: What decides.
        covered: Number of events that the last head covers; 0 where there is none.
        named: Whether the chain names its signer: then no command leaves anything behind a head.
    """

    register: Register
    check: TailCheck
    covered: int
    named: bool

    def problems(self, event: Event) -> Iterator[Message]:
        """Say what is wrong with an event of its kind, behind the head."""
        if event.kind is EventKind.PAPER and not self.named:
            if not self.check.accepted:
                yield message(
                    "recording.event-nobody-answers-scan-document",
                    seq=event.seq,
                    document_id=event.document_id,
                )
        elif not self._is_explained(event):
            what = message(f"register.event-kind.{event.kind.value}")
            if event.document_id:
                what = message("recording.event-of-document", what=what, document_id=event.document_id)
            yield message("recording.event-stands-under-no-head-no-2", seq=event.seq, what=what)

    def _is_explained(self, event: Event) -> bool:
        if self.named:
            return False
        if event.kind is EventKind.RUN or event.kind in _GOING_ON:
            return True
        if event.kind in _BEGINNING:
            first = next(self.register.events(event.document_id))
            return first.seq > self.covered
        # Earlier versions recorded bags before they signed.
        return event.kind is EventKind.ARCHIVED or (event.kind in _NEVER_SIGNED and self.covered == 0)


def _is_accounted(register: Register, row: DocumentRow, tail: Mapping[str, None]) -> bool:
    """Whether a document is not replaced, or by one behind the head that is in force for the same row."""
    if row.state is not DocumentState.REPLACED:
        return True
    current = register.current(row.registration.row_key)
    return current is not None and current.registration.id in tail


@dataclass(slots=True)
class _Expected:
    """Finds out, once a role, whose certificates sign for everybody in the documents that a head covers.

    Where a person answers for a register without any head, nobody else knows; then anybody's pass.
    """

    register: Register
    check: TailCheck
    tail: frozenset[str]
    anybody: bool
    _found: dict[str, frozenset[str]] = field(default_factory=dict)

    def allows(self, role: str, certificate: str) -> bool:
        return self.anybody or certificate in self.certificates(role)

    def certificates(self, role: str) -> frozenset[str]:
        if role not in self._found:
            self._found[role] = self.check.certificates.get(role, frozenset()) | self._covered(role)
        return self._found[role]

    def _covered(self, role: str) -> frozenset[str]:
        found = (
            self._certificate(row, role)
            for row in self.register.documents()
            if row.registration.id not in self.tail
            and (each := row.fulfilment(role)) is not None
            and each.how is not How.PAPER
        )
        first = next((each for each in found if each is not None), None)
        return frozenset() if first is None else frozenset({first})

    def _certificate(self, row: DocumentRow, role: str) -> str | None:
        recorded = row.fulfilled[role].certificate
        path = self.register.path.parent / row.registration.path
        if recorded is not None or not path.is_file():
            return recorded
        signer = read_own(path.read_bytes()).signers.get(role)
        return None if signer is None else signer.certificate_sha256


def _document_problems(
    register: Register, row: DocumentRow, check: TailCheck, expected: _Expected
) -> list[Message]:
    path = register.path.parent / row.registration.path
    if row.scans_alone:
        return []
    if not path.is_file():
        return [message("recording.its-file-gone", path=row.registration.path)]
    data = path.read_bytes()
    if sha256_of(data) != row.sha256:
        return [message("recording.not-file-register-knows-2", path=row.registration.path)]
    return [*examine_file(data, row), *_signature_problems(data, check, expected)]


def _signature_problems(data: bytes, check: TailCheck, expected: _Expected) -> Iterator[Message]:
    report = examine_own(data, check.trust, check.now)
    if not isinstance(report, FileReport):
        yield report
        return
    yield from signature_problems(report, check.trust)
    yield from _role_problems(read_own(data), expected)


def _role_problems(own: OwnDocument, expected: _Expected) -> Iterator[Message]:
    """Yield roles that nobody signed, or others than in the documents that a head covers."""
    declared = {} if own.document is None else {each.id: each for each in own.document.roles}
    for role in declared.values():
        if role.holder is None and role.id not in own.signers and expected.certificates(role.id):
            yield message("recording.has-not-signed-every-document-head", role=role)
    for name, signer in own.signers.items():
        known = declared.get(name)
        if (known is None or known.holder is None) and not expected.allows(name, signer.certificate_sha256):
            told = known or name
            yield message("recording.was-signed-no-document-head-covers", role=told, subject=signer)
