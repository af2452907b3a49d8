"""What persons decided in a review sheet becomes records: all of it, or, where a cell is wrong, nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.errors import AgreegenError, InputError
from agreegen.files import sha256_of
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.messages import Message, join_sentences, message
from agreegen.recording.recorder import Recorder
from agreegen.register.interface import DocumentRow, EventDraft, EventKind
from agreegen.register.paper import PaperRecord, paper_error, paper_problem
from agreegen.register.view import RegisterView
from agreegen.scanning import reading
from agreegen.scanning.intake import KnownPages, copy_of
from agreegen.scanning.interface import PageResult, PageStatus, Reason
from agreegen.scanning.keeping import KeptInput, find_input, keep_page
from agreegen.scanning.review import Decision

_TURNS, _DPI = 0, 200.0


@dataclass(slots=True)
class _Accepted:
    """The pages that were accepted for one document."""

    row: DocumentRow
    roles: tuple[str, ...]
    pages: int
    parts: list[tuple[Decision, KeptInput]] = field(default_factory=list)


@dataclass(slots=True)
class Decider:
    """Checks decisions, then records them in as few transactions as there are documents.

    Attributes:
        view: The register.
        root: Its folder.
        recorder: Records; None to check only.
        confinement: Where pages are read.
        now: Aware UTC time.
    """

    view: RegisterView
    root: Path
    recorder: Recorder | None
    confinement: Confinement
    now: datetime

    def apply(self, decisions: Sequence[Decision]) -> list[PageResult]:
        """Record decisions; return what became of each page. Those that are recorded already stay so.

        Raises:
            InputError: A decision cannot be carried out; the message names the cells, nothing was recorded.
            RegisterError: The register cannot be written.
        """
        known = KnownPages.of(self.view)
        problems: list[Message] = []
        accepted: dict[str, _Accepted] = {}
        results, drafts = [], []
        for decision in decisions:
            key = (decision.source_sha256, decision.page)
            try:
                kept = self._find(decision)
                if kept.sha256 not in known.inputs:  # laid there by somebody: no person has seen it here
                    raise InputError(
                        message("scanning.nobody-read-that-scan"), hint=message("scanning.add-scans-first")
                    )
                name = known.inputs[kept.sha256]
                if not decision.accepted:
                    whose = self._in_force(decision.number)
                    results.append(_result(name, decision, PageStatus.REJECTED, whose))
                    drafts += [] if key in known.rejected else [_rejection(decision)]
                    continue
                row = self._row_of(decision)
                if self.view.source_page_owner(*key) == row.registration.id:
                    results.append(_result(name, decision, PageStatus.ALREADY_THERE, row))
                    continue
                group = accepted.setdefault(row.registration.id, self._group(row))
                group.parts.append((decision, kept))
                results.append(_result(name, decision, PageStatus.ACCEPTED, row))
            except (AgreegenError, ConfinedError) as exc:
                problems.append(message("scanning.decision", cell=decision.cell, problem=exc))
        problems += [problem for group in accepted.values() if (problem := _incomplete(group))]
        if problems:
            raise InputError(
                message("scanning.problems", problems=join_sentences(problems)),
                hint=message("scanning.mend-these-cells-give-sheet-again"),
            )
        self._record(list(accepted.values()), drafts)
        return results

    def _find(self, decision: Decision) -> KeptInput:
        kept = find_input(self.root, decision.source_sha256)
        if kept is None:
            raise InputError(
                message("scanning.scan-was-read-from-not-kept"), hint=message("scanning.add-scans-first")
            )
        return kept

    def _in_force(self, number: str) -> DocumentRow | None:
        found = [row for row in self.view.documents_by_staff_no(number) if row.in_force]
        return found[0] if found else self.view.document(number)

    def _row_of(self, decision: Decision) -> DocumentRow:
        """Return the document of a staff number or document id; the page's mark must not name another."""
        row = self._in_force(decision.number)
        if row is None:
            raise InputError(message("scanning.nobody-number-has-document", number=decision.number))
        kept = self._find(decision)
        marks = self.confinement.call(reading.look, kept.path, decision.page).marks
        if len(marks) == 1 and marks[0].document_id != row.registration.id:
            other = self.view.document(marks[0].document_id)
            whose = message("scanning.another-register") if other is None else other.registration.name
            state = message("scanning.was-replaced") if other is not None and not other.in_force else ""
            raise InputError(message("scanning.page-carries-mark-document", whose=whose, state=state))
        return row

    def _group(self, row: DocumentRow) -> _Accepted:
        path = self.root / row.registration.path
        data = path.read_bytes() if path.is_file() else b""
        copy = copy_of(data, row) if sha256_of(data) == row.sha256 else None
        if copy is None:
            raise InputError(message("scanning.not-file-was-registered", path=row.registration.path))
        problem = paper_problem(self.view, row.registration.id, copy.open_roles)
        if problem is not None:
            raise paper_error(problem, row.registration.id)
        return _Accepted(row, row.open_roles(copy.open_roles), len(copy.stamps))

    def _record(self, groups: Sequence[_Accepted], drafts: Sequence[EventDraft]) -> None:
        if self.recorder is None:
            return
        for group in groups:
            scans = []
            for part, (decision, kept) in enumerate(group.parts, 1):
                data = self.confinement.call(reading.split, kept.path, decision.page, _TURNS, _DPI)
                scans.append(keep_page(self.root, group.row.registration.id, part, data, kept, decision.page))
            by = group.parts[0][0].by
            record = PaperRecord(group.row.registration.id, group.roles, tuple(scans), accepted_by=by)
            self.recorder.record_paper([record], now=self.now)
        self.recorder.record(drafts, now=self.now)


def _incomplete(group: _Accepted) -> Message | None:
    if len(group.parts) == group.pages:
        return None
    cells = tuple(decision.cell for decision, _ in group.parts)
    return message(
        "scanning.document-has-pages-accepted", cells=cells, pages=group.pages, count=len(group.parts)
    )


def _rejection(decision: Decision) -> EventDraft:
    facts = {"source_sha256": decision.source_sha256, "source_page": decision.page, "by": decision.by}
    return EventDraft(EventKind.SCAN_REJECTED, details=facts)


def _result(
    source: str, decision: Decision, status: PageStatus, row: DocumentRow | None = None
) -> PageResult:
    known = None if row is None else row.registration
    return PageResult(
        source,
        decision.source_sha256,
        decision.page,
        status,
        document=known.id if known else None,
        staff_no=known.staff_no if known else None,
        name=known.name if known else None,
        reasons=(Reason.BY_DECISION,),
    )
