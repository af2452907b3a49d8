"""Documents for people who sign on paper: one file for the printer, by unit, in the order of the roster."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agreegen.batch.interface import Job, PrintSettings
from agreegen.batch.paper.cover_sheets import draw_sheets, sheet_texts
from agreegen.batch.paper.document_choice import Choice, Chosen, choose
from agreegen.batch.paper.unit_lists import write_listing
from agreegen.batch.planning.mended_rows import mended_warning
from agreegen.errors import InputError
from agreegen.files import replacing, sha256_of, sha256_of_file
from agreegen.forms.fonts import find_chain
from agreegen.messages import Message, message
from agreegen.recording.recorder import Recorder
from agreegen.register.interface import DocumentRow
from agreegen.register.store import Register
from agreegen.scanning.copies.copier import CopiedPage
from agreegen.scanning.copies.fitting import marks_fit
from agreegen.scanning.copies.flattening import call_confined
from agreegen.scanning.copies.lettering import LETTERING_FONTS, Lettering
from agreegen.scanning.copies.stack import Stack
from agreegen.scanning.copies.stamp import short_id, stamps_for

_MODE = 0o600
_RECORDED_AT_ONCE = 1_000
_ROWS_KEPT = 1_000
"""Rows of the register that are not asked for again: those of a unit, which are needed three times."""


@dataclass(frozen=True, slots=True)
class PrintedDocument:
    """A document in the printer's file.

    Attributes:
        id: Document id, as `register add-paper --document` takes it.
        staff_no: Staff number, if any.
        name: The person's name.
        unit: The person's unit.
        page: Its first page, from 1.
    """

    id: str
    staff_no: str | None
    name: str
    unit: str
    page: int


@dataclass(frozen=True, slots=True)
class Printed:
    """What was put together.

    Attributes:
        documents: In the order of the pages.
        pages: Number of pages.
        signed_already: Rows left out because their person has signed.
        skipped: Reason why a row is not in the file, by row number.
        mended: Rows that count as they were mended, while the roster has the old cells.
    """

    documents: tuple[PrintedDocument, ...]
    pages: int
    signed_already: int = 0
    skipped: dict[int, Message] = field(default_factory=dict)
    mended: tuple[int, ...] = ()

    @property
    def warnings(self) -> tuple[Message, ...]:
        """What deserves a look: rows that are not in the file, rows that count as they were mended."""
        told = mended_warning(self.mended)
        skipped: list[Message] = [
            message("batch.row-left-out", row=row, reason=reason) for row, reason in self.skipped.items()
        ]
        return tuple(skipped if told is None else [*skipped, told])

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `batch print --json`."""
        keys = ("id", "staff_no", "name", "unit", "page")
        return {
            "documents": [{key: getattr(document, key) for key in keys} for document in self.documents],
            "pages": self.pages,
            "signed_already": self.signed_already,
            "mended_rows": list(self.mended),
            "skipped": [{"row": row, "reason": str(reason)} for row, reason in self.skipped.items()],
        }


def print_documents(
    job: Job,
    output: Path,
    settings: PrintSettings | None = None,
    *,
    recorder: Recorder | None = None,
    by: str = "",
    now: datetime | None = None,
    xlsx: Path | None = None,
) -> Printed:
    """Put the documents of a job into one PDF for a printer, and record that they were printed.

    The documents are those that the register has in force for the rows of the roster as it is now. Units
    stand in the order in which the roster first names them, people in the order of its rows; the outline
    leads to each. Signature fields are flattened to what they show: the result is for paper and carries no
    signature. Only the printed copy carries marks, never the file that is signed.

    Args:
        job: The job; `batch run` has made its documents.
        output: The PDF, written whole or not at all, readable by its owner only.
        settings: What is printed, and how.
        recorder: Records that they were printed; needs `now`.
        by: Who prints.
        now: Aware UTC time.
        xlsx: Where the list of the sheets goes as a workbook, too.

    Raises:
        InputError: There is no register yet, no document to print, an unknown unit or number, or a form whose
            margins have no room for marks.
        RegisterError: The register cannot be read or written.
    """
    settings = settings or PrintSettings()
    with _register(job, recorder) as register:
        choice = _choose(job, settings, register)
        press = _Press(
            job,
            settings,
            functools.lru_cache(maxsize=_ROWS_KEPT)(register.document),
            choice,
            register.returned_documents(),
        )
        if settings.marks:
            press.require_margins()
        with replacing(output, mode=_MODE) as temporary:
            printed, pages = press.write(temporary)
            if not printed:
                raise InputError(
                    message("batch.none-files-register-knows", output=job.output),
                    hint=message(
                        "batch.see-agreegen-register-verify-register", register_file=job.register_file
                    ),
                )
    if xlsx is not None:
        write_listing(xlsx, ((d.unit, d.staff_no or "", d.name, short_id(d.id), d.page) for d in printed))
    if recorder is not None and now is not None:
        _record(recorder, [document.id for document in printed], by, now)
    return Printed(tuple(printed), pages, choice.signed_already, choice.skipped, tuple(choice.mended))


@contextlib.contextmanager
def _register(job: Job, recorder: Recorder | None) -> Iterator[Register]:
    if recorder is not None:
        yield recorder.register
        return
    if not job.register_file.is_file():
        raise InputError(
            message("batch.holds-no-documents-yet", output=job.output),
            hint=message("batch.first-agreegen-batch-run", path=job.path),
        )
    with Register.open(job.register_file, read_only=True) as register:
        yield register


def _choose(job: Job, settings: PrintSettings, register: Register) -> Choice:
    choice = choose(job, register, settings)
    if not choice.units:
        raise InputError(
            message(
                "batch.nothing-print-have-signed-already-rows",
                path=job.path,
                signed_already=choice.signed_already,
                count=len(choice.skipped),
            ),
            hint=message("batch.agreegen-batch-run-makes-what-missing", path=job.path),
        )
    return choice


def _record(recorder: Recorder, ids: list[str], by: str, now: datetime) -> None:
    for start in range(0, len(ids), _RECORDED_AT_ONCE):
        recorder.record_printed(ids[start : start + _RECORDED_AT_ONCE], by=by, now=now)


@dataclass(frozen=True, slots=True)
class _Press:
    """Writes the printer's file; what is known of each document is asked of the register as it comes."""

    job: Job
    settings: PrintSettings
    document: Callable[[str], DocumentRow | None]
    choice: Choice
    returned: frozenset[str]
    _opened: dict[str, list[CopiedPage]] = field(default_factory=dict)

    def write(self, path: Path) -> tuple[list[PrintedDocument], int]:
        """Write the file; return the documents in it and the number of its pages."""
        with path.open("wb") as file:
            stack = Stack(file, Lettering(find_chain(LETTERING_FONTS), self._texts()))
            printed: list[PrintedDocument] = []
            for unit, chosen in self.choice.units.items():
                there = [item for item in chosen if self._is_there(item) and self._opens(item, stack)]
                if there:
                    printed += self._write_unit(stack, unit, there)
            stack.finish()
        return printed, stack.pages

    def require_margins(self) -> None:
        """Refuse to print marks over the text of a form; all documents of a form have its margins.

        Drawing takes a library: one that was made here is looked at, else one that came back, in a process
        with limits.
        """
        everybody = [item for chosen in self.choice.units.values() for item in chosen]
        own = (item for item in everybody if item.id not in self.returned)
        others = (item for item in everybody if item.id in self.returned)
        data = next(filter(None, map(self._registered, own)), None)
        if data is not None:
            fit = marks_fit(data)
        elif (data := next(filter(None, map(self._registered, others)), None)) is not None:
            fit = call_confined(marks_fit, data)
        else:
            return
        if not fit:
            raise InputError(
                message("batch.form-its-margins-have-no-room", id=self.job.form.id),
                hint=message("batch.print-no-marks-or-widen-margins"),
            )

    def _registered(self, chosen: Chosen) -> bytes | None:
        """Return the bytes of a file that is as the register knows it."""
        path = self._path(self._known(chosen))
        data = path.read_bytes() if path.is_file() else b""
        return data if sha256_of(data) == self._known(chosen).sha256 else None

    def _write_unit(self, stack: Stack, unit: str, chosen: list[Chosen]) -> Iterator[PrintedDocument]:
        stack.add_entry(f"{unit} ({len(chosen)})")
        if self.settings.separators:
            people = (self._known(item).registration for item in chosen)
            for content in draw_sheets(self.job.form.title_zh, unit, people, len(chosen), stack.lettering):
                stack.add_sheet(content)
            self._begin_on_a_front(stack)
        for item in chosen:
            row = self._known(item)
            known = row.registration
            stack.add_entry(f"{known.staff_no or ''} {known.name}".strip(), below=True)
            stamps = functools.partial(stamps_for, known) if self.settings.marks else None
            opened = self._opened.pop(item.id, None)
            page = stack.add_pages(self._open(item, stack) if opened is None else opened, stamps)
            self._begin_on_a_front(stack)
            yield PrintedDocument(known.id, known.staff_no, known.name, unit, page)

    def _begin_on_a_front(self, stack: Stack) -> None:
        if self.settings.duplex and stack.pages % 2:
            stack.add_blank()

    def _texts(self) -> Iterator[str]:
        """Yield all that will be set beside the documents themselves."""
        for unit, chosen in self.choice.units.items():
            yield from sheet_texts(self.job.form.title_zh, unit)
            for item in chosen:
                yield from (stamp.line for stamp in stamps_for(self._known(item).registration, 1))

    def _is_there(self, chosen: Chosen) -> bool:
        """Whether a file is as the register knows it; a changed or lost one is never printed."""
        row = self._known(chosen)
        path = self._path(row)
        if not path.is_file():
            self.choice.skipped[chosen.row] = message("batch.its-file-not")
        elif sha256_of_file(path) != row.sha256:
            self.choice.skipped[chosen.row] = message("batch.its-file-not-one-was-registered")
        else:
            return True
        return False

    def _opens(self, chosen: Chosen, stack: Stack) -> bool:
        """Whether a document that came back can be printed; one that was made here is not asked."""
        if chosen.id not in self.returned:
            return True
        try:
            self._opened[chosen.id] = self._open(chosen, stack)
        except InputError as exc:
            self.choice.skipped[chosen.row] = exc.sentence
            return False
        return True

    def _open(self, chosen: Chosen, stack: Stack) -> list[CopiedPage]:
        """Open a document that was there a moment ago.

        Raises:
            InputError: It is another one by now, or cannot be opened.
        """
        data = self._registered(chosen)
        if data is None:
            path, problem = self._path(self._known(chosen)), message("batch.its-file-not-one-was-registered")
            raise InputError(message("model.place-and-problem", place=path, problem=problem))
        return stack.prepare(data)

    def _known(self, chosen: Chosen) -> DocumentRow:
        row = self.document(chosen.id)
        assert row is not None  # a register forgets no document
        return row

    def _path(self, row: DocumentRow) -> Path:
        return self.job.output / row.registration.path
