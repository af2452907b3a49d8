"""The structure scan, step by step; it always answers."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from agreegen.foreign import contained
from agreegen.messages import ErrorKind, Message, message
from agreegen.model.report import Alarm, Changes, Coverage, SignatureKind
from agreegen.pdf.document import PdfFile, View, open_file
from agreegen.pdf.encryption import unlock
from agreegen.pdf.finding import Candidate, find_candidates
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import LimitError, StructureError
from agreegen.verification.changes.interface import Finding
from agreegen.verification.changes.own_updates import foreign_updates, is_own_document
from agreegen.verification.changes.permissions import docmdp_level
from agreegen.verification.changes.unsigned_content import unsigned_content
from agreegen.verification.interface import UNSIGNED_CONTENT, FoundSignature, Structure, ValidationData
from agreegen.verification.pictures.interface import Drawn, SealLook
from agreegen.verification.structure import coverage as ranges
from agreegen.verification.structure.canonical_form import is_plain_throughout
from agreegen.verification.structure.changes import Judgement, judge_changes
from agreegen.verification.structure.coverage import Covered, cover
from agreegen.verification.structure.reconcile import reconcile
from agreegen.verification.structure.second_parser import compare_parsers
from agreegen.verification.structure.store import read_attachments, read_store
from agreegen.verification.structure.unfollowable_files import scan_wreck
from agreegen.verification.structure.whole_form import linearization_problem, odd_object

_SAYS_NOTHING_OF_READING = frozenset({UNSIGNED_CONTENT})
_MAX_VIEWS, _MAX_ENTRIES = 2_000, 50_000_000


@dataclass(slots=True)
class _Findings:
    """What the steps have said so far about the file as a whole."""

    alarms: list[Alarm] = field(default_factory=list)
    undecided: bool = False
    _taken: set[Alarm] = field(default_factory=set)

    def add(self, code: str, told: Message, *, alters: bool = False, topic: str = "") -> None:
        """Note an alarm once."""
        self.take(Alarm(code, told, alters, topic=topic))

    def take(self, alarm: Alarm) -> None:
        """Note an alarm once."""
        if alarm not in self._taken:
            self._taken.add(alarm)
            self.alarms.append(alarm)

    def take_all(self, alarms: Iterable[Alarm]) -> None:
        """Note alarms, each once."""
        for alarm in alarms:
            self.take(alarm)

    def leave_open_without_libraries(self) -> None:
        """Note that one parser alone has read the file, which decides nothing."""
        self.undecided = True
        self.add("limit", message("verification.library-failed-on-this-file-so"))

    def problem(self, problem: StructureError, *, alters: bool = False) -> None:
        """Note that something could not be read; a limit leaves the file undecided."""
        self.undecided = self.undecided or isinstance(problem, LimitError)
        self.add(problem.code, problem.sentence, alters=alters and not isinstance(problem, LimitError))


def scan_structure(data: bytes, limits: Limits, password: str | None = None) -> Structure:
    """Read a file's structure and say what its signatures cover and what came after them.

    1. The chain of cross-reference sections gives the revisions; without one, the raw bytes are searched for
       signatures so that they can be named.
    2. Signatures are found by the form of every revision and from the raw bytes, and compared.
    3. Each ByteRange is held against the revisions.
    4. Each later revision is explained object by object.
    5. A second parser reads the file and has to see the same.
    6. The pages are drawn before and after every later revision.

    The caller still owes the cryptography: digests, signatures, certificates.

    Args:
        data: The file.
        limits: What it may cost.
        password: For encrypted files.
    """
    findings = _Findings()
    try:
        return contained(_scan)(data, limits, password, findings)
    except StructureError as problem:
        findings.problem(problem)
        return scan_wreck(data, limits, findings.alarms, undecided=findings.undecided)
    except Exception as problem:  # hostile input must not take the answer about the other parts away
        findings.problem(LimitError(message("verification.file-cannot-judged", kind=ErrorKind.of(problem))))
        return scan_wreck(data, limits, findings.alarms, undecided=True)


def _scan(data: bytes, limits: Limits, password: str | None, findings: _Findings) -> Structure:
    if len(data) > limits.max_file_bytes:
        raise LimitError(message("verification.file-larger-than-bytes", max_file_bytes=limits.max_file_bytes))
    file = open_file(data, limits)
    encrypted, unlocked = _unlock(file, password, findings)
    _note_displaced_tables(file, findings)
    views = _views(file)
    candidates, empty = find_candidates(file, views)
    covered, prepared = _cover_all(file, views, candidates)
    rights = [candidate for candidate in candidates if candidate.usage_rights]
    findings.take_all(reconcile(file, views, covered, rights, prepared))
    judgement = judge_changes(file, views, covered)
    attachment = _attachment(views, covered, findings)
    own = is_own_document(attachment) and not file.locked
    if own:
        _check_own_updates(views, covered, judgement)
    findings.take_all(judgement.alarms)
    _note_unsigned(file, views, covered, judgement, findings)
    if covered:
        first = min((item.revision for item in covered if item.revision is not None), default=len(views) - 1)
        _check_whole_form(file, views, findings, first)
        _ask_second_parser(file, views, findings, first, password=password, unlocked=unlocked)
    elif not limits.native:
        findings.leave_open_without_libraries()
    seals = _draw(file, views, covered, judgement, findings, own=own)
    store = _read_store(views, findings)
    signatures = tuple(_found(views, item, judgement) for item in covered)
    return Structure(
        revisions=tuple(revision.end for revision in file.revisions),
        signatures=signatures,
        empty_fields=(*empty, *_names_of(prepared)),
        alarms=tuple(findings.alarms),
        sound=_is_sound(findings, signatures),
        validation_data=store,
        attachment=attachment,
        encrypted=encrypted,
        places=tuple(judgement.places),
        seals=seals,
    )


def _unlock(file: PdfFile, password: str | None, findings: _Findings) -> tuple[bool, bool]:
    encrypted, unlocked = unlock(file, password)
    if not unlocked:
        findings.add("password-needed", message("verification.file-encrypted-password-does-not-open"))
    return encrypted, unlocked


def _names_of(prepared: Sequence[Candidate]) -> Iterator[str]:
    return (candidate.names[max(candidate.names)] for candidate in prepared if candidate.names)


def _cover_all(
    file: PdfFile, views: list[View], candidates: list[Candidate]
) -> tuple[list[Covered], list[Candidate]]:
    """Hold each ByteRange against the revisions; return signatures in order, and what is only prepared."""
    rest = [candidate for candidate in candidates if not candidate.usage_rights]
    prepared = [candidate for candidate in rest if ranges.is_prepared(candidate)]
    covered = [cover(file, candidate) for candidate in rest if candidate not in prepared]
    prepared += [item.candidate for item in covered if ranges.is_reserved(item)]
    covered = [item for item in covered if not ranges.is_reserved(item)]
    covered.sort(key=lambda c: (len(views) if c.revision is None else c.revision, c.candidate.place or 0))
    return covered, prepared


def _ask_second_parser(
    file: PdfFile,
    views: list[View],
    findings: _Findings,
    first: int,
    *,
    password: str | None,
    unlocked: bool,
) -> None:
    if not file.limits.native:
        findings.leave_open_without_libraries()
        return
    if any(alarm.alters for alarm in findings.alarms):
        return  # a second opinion changes nothing, and libraries die over what is broken
    for alarm in compare_parsers(file, views[-1], password):
        findings.take(alarm)
        # Where nothing stands behind the signature, it is what was signed, whoever can read it.
        refused = alarm.code == "second-parser-refuses" and unlocked
        findings.undecided = findings.undecided or (refused and first < len(views) - 1)


def _is_sound(findings: _Findings, signatures: Sequence[FoundSignature]) -> bool | None:
    changes = {signature.changes for signature in signatures}
    partial = any(signature.coverage is Coverage.PARTIAL for signature in signatures)
    if partial or Changes.FORBIDDEN in changes or any(alarm.alters for alarm in findings.alarms):
        return False
    return None if findings.undecided or Changes.UNKNOWN in changes else True


def _attachment(views: list[View], covered: list[Covered], findings: _Findings) -> bytes | None:
    """Return `agreegen.json` of the first signed revision; two of them would be two documents in one file."""
    signed = [item.revision for item in covered if item.revision is not None]
    found = read_attachments(views[min(signed)] if signed else views[-1])
    if len(found) > 1:
        findings.add("attachment-unreadable", message("verification.file-carries-more-than-one-agreegen"))
    return found[0] if found else None


def _check_own_updates(views: list[View], covered: list[Covered], judgement: Judgement) -> None:
    """Behind the first signature of a document of ours stands what this program writes, or it was altered."""
    signed = _signed_revisions(covered)
    for index in range(signed[0], len(views) - 1) if signed else ():
        reasons = foreign_updates(views[index], views[index + 1])
        judgement.forbid(index, [Finding("structure", reason) for reason in reasons])


def _read_store(views: list[View], findings: _Findings) -> ValidationData:
    """What a store holds does not decide whether a file was changed; one that is too large leaves it open."""
    try:
        return read_store(views)
    except LimitError as problem:
        findings.problem(problem)
        return ValidationData()


def _signed_revisions(covered: list[Covered]) -> list[int]:
    whole = [item for item in covered if item.coverage is not Coverage.PARTIAL]
    return sorted({item.revision for item in whole if item.revision is not None})


def _note_unsigned(
    file: PdfFile, views: list[View], covered: list[Covered], judgement: Judgement, findings: _Findings
) -> None:
    """Tell what came after the last signature; a timestamp is nobody's signature."""
    own = [item for item in covered if ranges.kind_of(item.candidate.value) is SignatureKind.SIGNATURE]
    signed = _signed_revisions(own)
    if not signed or file.locked:
        return
    try:
        findings.take_all(unsigned_content(views[max(signed)], views[-1], judgement.places))
    except StructureError as problem:
        findings.problem(problem)


def _draw(
    file: PdfFile,
    views: list[View],
    covered: list[Covered],
    judgement: Judgement,
    findings: _Findings,
    *,
    own: bool,
) -> tuple[SealLook, ...]:
    """Let the pictures decide what the rules found nothing against."""
    signed = _signed_revisions(covered)
    if file.locked or not signed or signed[0] == len(views) - 1 or judgement.forbids:
        return ()
    if not file.limits.native:
        judgement.learn(Drawn(limit=message("verification.pages-were-not-drawn-because-library")))
        return ()
    from agreegen.verification.pictures.findings import page_alarms  # noqa: PLC0415 - for changed files only
    from agreegen.verification.pictures.judging import draw_changes  # noqa: PLC0415 - the same

    reads_one_way = functools.cache(functools.partial(_reads_one_way, views, findings, signed[0]))

    def shows_nothing(old: int, new: int) -> bool:
        return judgement.unseen.issuperset(range(old, new)) and reads_one_way()

    drawn = draw_changes(
        file, views, signed, judgement.places, every_page=not own, shows_nothing=shows_nothing
    )
    for alarm in page_alarms(drawn):
        findings.take(alarm)
        findings.undecided = findings.undecided or not alarm.alters
    judgement.learn(drawn)
    return drawn.seals


def _reads_one_way(views: list[View], findings: _Findings, first: int) -> bool:
    """Tell whether every reader finds the same objects in each state of a file, so far as is known."""
    odd = {alarm.code for alarm in findings.alarms} - _SAYS_NOTHING_OF_READING
    try:
        return not odd and not findings.undecided and is_plain_throughout(views, first)
    except StructureError:
        return False


def _check_whole_form(file: PdfFile, views: list[View], findings: _Findings, first: int) -> None:
    """Name the traps in the signed bytes; they catch nobody as long as nothing stands behind them."""
    behind = first < len(views) - 1
    number = odd_object(views, first)
    if number is not None:
        text = message("verification.object-holds-something-only-some-readers", number=number)
        findings.add("odd-reference", text, alters=behind)
        findings.undecided = True
    problem = linearization_problem(file)
    if problem is not None:
        findings.add("linearization", problem, alters=behind)
        findings.undecided = True


def _note_displaced_tables(file: PdfFile, findings: _Findings) -> None:
    for section in (section for revision in file.revisions for section in revision.sections):
        if section.stated is not None:
            text = message(
                "verification.cross-references-begin-at-byte-not",
                offset=section.offset,
                stated=section.stated,
            )
            findings.add("xref", text)


def _views(file: PdfFile) -> list[View]:
    if len(file.revisions) > _MAX_VIEWS:
        raise LimitError(message("verification.file-more-than-revisions", max_views=_MAX_VIEWS))
    if sum(len(revision.entries) for revision in file.revisions) * len(file.revisions) > _MAX_ENTRIES:
        raise LimitError(message("verification.file-too-many-objects-for-many"))
    return file.views()


def _found(views: list[View], item: Covered, judgement: Judgement) -> FoundSignature:
    value, candidate = item.candidate.value, item.candidate
    view = views[item.revision if item.revision is not None else -1]
    changes, reasons = judgement.of(item)
    return FoundSignature(
        field=f"object {candidate.number}"
        if view.file.locked and candidate.names
        else _field_name(candidate),
        kind=ranges.kind_of(value),
        subfilter=_subfilter(value),
        byte_range=item.byte_range,
        contents=item.contents,
        revision=item.revision,
        coverage=item.coverage,
        changes=changes,
        certificates=ranges.certificates_of(view, value.get("Cert")),
        docmdp=docmdp_level(view, value),
        claimed_time=ranges.claimed_time(value.get("M")),
        name=ranges.text(view, value.get("Name")),
        reason=ranges.text(view, value.get("Reason")),
        location=ranges.text(view, value.get("Location")),
        reasons=tuple(item.reasons) + tuple(reasons),
    )


def _field_name(candidate: Candidate) -> str | None:
    return candidate.names[max(candidate.names)] if candidate.names else None


def _subfilter(value: dict[str, object]) -> str | None:
    found = value.get("SubFilter")
    return found if isinstance(found, str) else None
