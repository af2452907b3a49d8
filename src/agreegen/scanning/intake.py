"""Scanned pages come back: each is read, compared, and recorded or laid before a person.

1. Every input is kept whole, under its hash, before anything is read from it.
2. Every page is looked at in a confined process. A page that the register knows already is left alone.
3. A page is accepted by itself only where nothing is in doubt: marks that agree, a document in force whose
   file is the registered one, its printed text, ink in every open place, none anywhere else.
4. A document is recorded when all its pages are there: first they are split off and lie durably, then one
   transaction under a signed head says so. A run that is killed at any moment is simply run again.
5. Everything else stands in the review folder, with its picture and the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from agreegen.chain.event_facts import read_facts
from agreegen.errors import InputError
from agreegen.files import sha256_of, sha256_of_file
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.foreign.limits import Limits
from agreegen.model.document import Document
from agreegen.recording.own_documents import count_pages, read_own
from agreegen.recording.recorder import Recorder
from agreegen.register.interface import DocumentRow, EventDraft, EventKind, How, ScanFile
from agreegen.register.paper import PaperProblem, PaperRecord, paper_problem
from agreegen.register.view import RegisterView
from agreegen.scanning import reading
from agreegen.scanning.comparing.comparison import Likeness
from agreegen.scanning.comparing.references import Copy, signature_boxes
from agreegen.scanning.comparing.signing_check import Signing
from agreegen.scanning.comparing.text_comparison import Text
from agreegen.scanning.copies.stamp import stamps_for
from agreegen.scanning.interface import PageResult, PageStatus, Reason, ScanReport
from agreegen.scanning.keeping import KeptInput, keep_input, keep_page
from agreegen.scanning.marks import MarkText
from agreegen.values.printed import print_day

LIMITS = Limits(memory_bytes=2048 << 20, cpu_s=60, wall_s=180.0)
"""What a page may take: an A4 sheet in colour at 1,200 dpi takes some 600 MB and a few seconds."""

_RECORDED_AT_ONCE = 25
_LEAST_DPI = 185.0
"""DA/T 31-2017 asks for 200 dpi; a print scaled to 94 % measures 188."""
_PROBLEMS = {
    PaperProblem.UNKNOWN: Reason.UNKNOWN_ID,
    PaperProblem.REPLACED: Reason.REPLACED,
    PaperProblem.QUARANTINED: Reason.QUARANTINED,
    PaperProblem.DESTROYED: Reason.REPLACED,
    PaperProblem.OF_ANOTHER: Reason.SCAN_OF_ANOTHER,
}


@dataclass(slots=True)
class ReadPage:
    """A page of the input and what is known of it so far.

    Attributes:
        kept: The input.
        result: What became of it.
        mark: What its marks say.
        turns: Quarters clockwise until it stands upright.
        dpi: Its measured resolution.
    """

    kept: KeptInput
    result: PageResult
    mark: MarkText | None = None
    turns: int = 0
    dpi: float = 200.0


@dataclass(frozen=True, slots=True)
class KnownPages:
    """What the register says of pages that were read before.

    Attributes:
        inputs: Hash → name of inputs that it knows.
        rejected: Source hash and page of pages that a person rejected.
    """

    inputs: Mapping[str, str]
    rejected: frozenset[tuple[str, int]]

    @classmethod
    def of(cls, view: RegisterView) -> KnownPages:
        """Read them from the events of the register itself."""
        inputs, rejected = {}, set()
        for event in view.events(""):
            if event.kind is EventKind.SCANNED:
                facts = read_facts(event.details)
                inputs[str(facts["sha256"])] = str(facts["name"])
            elif event.kind is EventKind.SCAN_REJECTED:
                facts = read_facts(event.details)
                rejected.add((str(facts["source_sha256"]), int(facts["source_page"])))
        return cls(inputs, frozenset(rejected))


@dataclass(slots=True)
class Intake:
    """Takes scans in.

    Attributes:
        view: The register.
        root: Its folder.
        recorder: Records; None to write nothing.
        by: On whose command pages are accepted.
        now: Aware UTC time.
        tell: Told after each page, with the number of pages so far.
        undecided: Called with each page that is left for a person, while it lies open.
    """

    view: RegisterView
    root: Path
    recorder: Recorder | None
    by: str
    now: datetime
    tell: Callable[[PageResult], None] = lambda _: None
    undecided: Callable[[ReadPage, Confinement], None] = lambda _page, _confinement: None
    pages: list[ReadPage] = field(default_factory=list)
    _ready: list[PaperRecord] = field(default_factory=list)
    _candidates: dict[str, dict[int, ReadPage]] = field(default_factory=dict)
    _confinement: Confinement = field(default_factory=lambda: Confinement(LIMITS))

    def take(self, sources: Iterable[Path]) -> ScanReport:
        """Read inputs to their end and return what became of every page.

        Raises:
            RegisterError: The register cannot be written; what was recorded before stays.
            OSError: An input cannot be kept.
        """
        known = KnownPages.of(self.view)
        try:
            for source in sources:
                kept = self._keep(source)
                count = self._take_input(kept, known)
                self._record_ready()
                self._record_input(kept, count, known)
            self._leave_incomplete()
        finally:
            self._confinement.close()
        return ScanReport(tuple(page.result for page in self.pages), dry_run=self.recorder is None)

    def _keep(self, source: Path) -> KeptInput:
        if self.recorder is None:
            return KeptInput(source, source, sha256_of_file(source))
        return keep_input(source, self.root)

    def _take_input(self, kept: KeptInput, known: KnownPages) -> int:
        try:
            count = self._confinement.call(reading.count_input_pages, kept.path)
        except (InputError, ConfinedError):
            self._finish(ReadPage(kept, self._result(kept, 1, PageStatus.REVIEW, Reason.UNREADABLE)))
            return 0
        for number in range(1, count + 1):
            page = ReadPage(kept, self._result(kept, number, PageStatus.REVIEW))
            try:
                self._read(page, known)
            except (InputError, ConfinedError):
                page.result = page.result.with_status(PageStatus.REVIEW, Reason.UNREADABLE)
            self._finish(page)
        return count

    def _read(self, page: ReadPage, known: KnownPages) -> None:
        """Find out what a page is; one that nothing speaks against becomes a candidate."""
        key = (page.kept.sha256, page.result.page)
        if key in known.rejected:
            page.result = page.result.with_status(PageStatus.REJECTED, Reason.BY_DECISION)
            return
        owner = self.view.source_page_owner(*key)
        if owner is not None:
            self._name(page, self.view.document(owner))
            page.result = page.result.with_status(PageStatus.ALREADY_THERE)
            return
        seen = self._confinement.call(reading.look, page.kept.path, page.result.page)
        plain = _at_first_sight(seen)
        if plain is not None:
            page.result = page.result.with_status(plain[0], *plain[1])
            return
        page.mark = seen.marks[0]
        if seen.half:
            page.result = page.result.with_status(PageStatus.REVIEW, Reason.HALF_MARK)
        self._read_document(page, page.mark)

    def _read_document(self, page: ReadPage, mark: MarkText) -> None:
        row = self.view.document(mark.document_id)
        self._name(page, row)
        if row is None or not row.in_force:
            problem = paper_problem(self.view, mark.document_id, ()) or PaperProblem.UNKNOWN
            page.result = page.result.with_status(PageStatus.REVIEW, _PROBLEMS[problem])
            return
        copy = self._copy_of(row)
        if copy is None or mark.pages != len(copy.stamps):
            reason = Reason.FILE_CHANGED if copy is None else Reason.UNKNOWN_ID
            page.result = page.result.with_status(PageStatus.REVIEW, reason)
            return
        reasons = self._compare(page, row, copy)
        if not reasons and Reason.HALF_MARK not in page.result.reasons:
            self._add_candidate(page, mark, row, copy)

    def _compare(self, page: ReadPage, row: DocumentRow, copy: Copy) -> tuple[Reason, ...]:
        """Compare a page with its document; return what speaks against it, warnings apart."""
        judged = self._confinement.call(reading.judge_page, page.kept.path, page.result.page, copy)
        page.turns, page.dpi = judged.turns, judged.dpi or page.dpi
        reasons = list(_reasons(judged.likeness))
        if _open_roles(row, copy):
            places = self._confinement.call(signature_boxes, copy.pdf)
            if not set(copy.open_roles) & set(places):
                reasons.append(Reason.NO_PLACE)
        if self._was_retracted(row, page):
            reasons.append(Reason.RETRACTED)
        warnings = (Reason.LOW_RESOLUTION,) if 0 < judged.dpi < _LEAST_DPI else ()
        page.result = page.result.with_status(PageStatus.REVIEW, *warnings, *reasons)
        return tuple(reasons)

    def _add_candidate(self, page: ReadPage, mark: MarkText, row: DocumentRow, copy: Copy) -> None:
        pages = self._candidates.setdefault(mark.document_id, {})
        if not _open_roles(row, copy) or mark.page in pages:
            page.result = page.result.with_status(PageStatus.ALREADY_THERE, Reason.ANOTHER_COPY)
            return
        pages[mark.page] = page
        if len(pages) == mark.pages:
            self._accept(row, _open_roles(row, copy), pages)

    def _accept(self, row: DocumentRow, roles: tuple[str, ...], pages: dict[int, ReadPage]) -> None:
        """Split the pages of a document off and record it."""
        document_id = row.registration.id
        if self.recorder is not None:
            scans = tuple(self._split_off(document_id, part, pages[part]) for part in sorted(pages))
            self._ready.append(PaperRecord(document_id, roles, scans, accepted_by=self.by, automatic=True))
            if len(self._ready) >= _RECORDED_AT_ONCE:
                self._record_ready()
        for page in pages.values():
            page.result = page.result.with_status(PageStatus.ACCEPTED)

    def _record_ready(self) -> None:
        if self.recorder is not None and self._ready:
            self.recorder.record_paper(self._ready, now=self.now)
            self._ready.clear()

    def _split_off(self, document_id: str, part: int, page: ReadPage) -> ScanFile:
        number = page.result.page
        data = self._confinement.call(reading.split, page.kept.path, number, page.turns, page.dpi)
        return keep_page(self.root, document_id, part, data, page.kept, number)

    def _finish(self, page: ReadPage) -> None:
        self.pages.append(page)
        waiting = page.mark is not None and page in self._candidates.get(page.mark.document_id, {}).values()
        if page.result.status is PageStatus.REVIEW and not waiting:
            self.undecided(page, self._confinement)
        self.tell(page.result)

    def _leave_incomplete(self) -> None:
        """Lay before a person the pages of documents of which other pages are missing."""
        for pages in self._candidates.values():
            for page in pages.values():
                if page.result.status is PageStatus.REVIEW:
                    page.result = page.result.with_status(PageStatus.REVIEW, Reason.PAGES_MISSING)
                    self.undecided(page, self._confinement)

    def _record_input(self, kept: KeptInput, count: int, known: KnownPages) -> None:
        if self.recorder is None or kept.sha256 in known.inputs:
            return
        path = kept.path.relative_to(self.root).as_posix()
        facts = {"name": kept.source.name, "path": path, "sha256": kept.sha256, "pages": count, "by": self.by}
        self.recorder.record([EventDraft(EventKind.SCANNED, details=facts)], now=self.now)

    def _copy_of(self, row: DocumentRow) -> Copy | None:
        """Return a document as it was printed; None where its file is not the registered one."""
        path = self.root / row.registration.path
        data = path.read_bytes() if path.is_file() else b""
        if not data or sha256_of(data) != row.sha256 or row.scans_alone:
            return None
        return copy_of(data, row)

    def _was_retracted(self, row: DocumentRow, page: ReadPage) -> bool:
        """Whether this very page was recorded for the document once, and the record was taken back."""
        wanted = (page.kept.sha256, page.result.page)
        return any(
            (scan.get("source_sha256"), scan.get("source_page")) == wanted
            for event in self.view.events(row.registration.id)
            if event.kind is EventKind.PAPER
            for scan in read_facts(event.details).get("scans", ())
        )

    def _name(self, page: ReadPage, row: DocumentRow | None) -> None:
        if row is not None:
            known = row.registration
            page.result = replace(page.result, document=known.id, staff_no=known.staff_no, name=known.name)

    def _result(self, kept: KeptInput, number: int, status: PageStatus, *reasons: Reason) -> PageResult:
        return PageResult(str(kept.source), kept.sha256, number, status, reasons=reasons)


def copy_of(data: bytes, row: DocumentRow) -> Copy | None:
    """Return what the printed copy of a registered file must look like; None where it is no document of ours.

    Args:
        data: The file.
        row: The document.
    """
    document, count = read_own(data).document, count_pages(data)
    if document is None:
        return None
    required = [role.id for role in document.roles if role.required]
    return Copy(
        data,
        tuple(stamps_for(row.registration, count)),
        tuple(_printed_values(document)),
        tuple(role for role in required if _on_paper(row, role)),
    )


def _on_paper(row: DocumentRow, role: str) -> bool:
    known = row.fulfilment(role)
    return known is None or known.how is How.PAPER


def _open_roles(row: DocumentRow, copy: Copy) -> tuple[str, ...]:
    return row.open_roles(copy.open_roles)


def _printed_values(document: Document) -> Iterator[str]:
    """Yield the values of a document as they stand on the page; single characters tell nothing."""
    for value in document.values.values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and len(text) > 1:
                yield _as_printed(text)


def _as_printed(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return print_day(day)


def _at_first_sight(seen: reading.Look) -> tuple[PageStatus, tuple[Reason, ...]] | None:
    """Return what a page is where that needs no closer look."""
    if seen.blank or seen.sheet:
        return PageStatus.BLANK, (Reason.COVER_SHEET,) if seen.sheet else ()
    if not seen.marks:
        return PageStatus.REVIEW, (Reason.HALF_MARK if seen.half else Reason.NO_MARK,)
    if len(seen.marks) > 1:
        return PageStatus.REVIEW, (Reason.MARKS_DIFFER,)
    return None


def _reasons(likeness: Likeness | None) -> tuple[Reason, ...]:
    """Say in words what speaks against a page."""
    if likeness is None:
        return (Reason.NOT_ALIGNED,)
    reasons = []
    if likeness.text is not Text.SAME:
        reasons.append(Reason.TEXT_DIFFERS if likeness.text is Text.OTHER else Reason.TEXT_DOUBTFUL)
    found = {signing for _, signing in likeness.signing}
    if Signing.EMPTY in found:
        reasons.append(Reason.NO_INK)
    if Signing.DOUBTFUL in found:
        reasons.append(Reason.INK_DOUBTFUL)
    if likeness.elsewhere:
        reasons.append(Reason.INK_ELSEWHERE)
    return tuple(reasons)
