"""Everything that would fail, found before anything is written, and samples for approval."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from agreegen.batch.checking.credential_checks import CredentialChecker, RowSignatures, shared_credentials
from agreegen.batch.checking.disk_room import document_bytes, lacking_room, nearest
from agreegen.batch.interface import Job, JobCheck
from agreegen.batch.job.form_release import fits_register
from agreegen.batch.job.head_credential import require_head_signer
from agreegen.batch.job.job_roster import open_job_roster
from agreegen.batch.job.output_folder import refuse_links, refuse_lost_register
from agreegen.batch.job.timestamp_services import timestamp_warnings
from agreegen.batch.planning.document_identity import under_known_id
from agreegen.batch.planning.mended_rows import MendedRows
from agreegen.batch.planning.planner import conditions_for
from agreegen.batch.planning.replacing import Forecast
from agreegen.batch.planning.row_seams import seams_of_row
from agreegen.errors import AgreegenError
from agreegen.files import write_atomically
from agreegen.forms.check import require_usable
from agreegen.messages import Message, message
from agreegen.model.complaint import Complaint, ComplaintsError, Location, Severity
from agreegen.model.document import Document, build_document
from agreegen.pipeline.making import DocumentMaker
from agreegen.pipeline.seams import NO_SEAMS, Seams
from agreegen.register.interface import DocumentRow
from agreegen.register.store import Register
from agreegen.rendering.printed import check_printed
from agreegen.rosters.roster import Roster
from agreegen.rosters.row import RosterRow
from agreegen.signing.interface import Prompt, Trust
from agreegen.signing.trust import load_trust

_ROWS_PER_HOUR = 20_000  # a cautious figure for two processors and LibreOffice
_NOBODY = b"\0" * 32  # stands in for a register's secret; the ids of a preflight are thrown away


def check_job(
    job: Job,
    *,
    now: datetime,
    prompt: Prompt | None = None,
    asked_later: bool = False,
    samples: bool = True,
) -> JobCheck:
    """Join job, template, roster, fonts, credentials, trust, disk and output folder.

    1. The output folder and the register: writable, of this template.
    2. The roster: every row, every cell; glyphs of every printed value; values that need LibreOffice where
       that is not installed.
    3. Trust and credentials: usable now and until the job's likely end, one trial signature each, over random
       bytes; a credential for every person, which names its holder, in the form's order of roles.
    4. The disk: room for the documents that are not there yet, and for the bags.
    5. Where nothing is wrong: sample documents (longest name, rarest glyph, emptiest row) in
       `<output>/samples` for approval. Nothing else is ever written.

    Args:
        job: The job.
        now: Time of the check, aware UTC.
        prompt: Asks for secrets that must be typed in.
        asked_later: Whether they are asked for only as the job runs: what needs one is told, not tried.
        samples: Whether samples are rendered.
    """
    check = _Check(job, now, prompt, asked_later)
    with contextlib.ExitStack() as stack:
        check.collect_errors(lambda: check.output(stack))
        check.trust()
        maker = check.maker(stack)
        roster = check.roster()
        rows = 0 if roster is None else roster.count
        checker = check.credentials(rows)
        if roster is not None:
            check.collect_errors(lambda: check.rows(roster, maker, checker))
        check.disk(rows, maker)
        written: tuple[Path, ...] = ()
        if samples and maker is not None and not check.failed:
            written = check.samples(maker)
    return JobCheck(rows, tuple(check.complaints), written, check.forecast.to_dict())


def expected_end(job: Job, now: datetime) -> datetime:
    """Return when a job that starts now has likely ended, cautiously; credentials must last until then.

    Raises:
        InputError: The roster is unusable.
    """
    roster = open_job_roster(job)
    return _end_after(roster.count, now)


def _end_after(rows: int, now: datetime) -> datetime:
    return now + timedelta(hours=1 + rows / _ROWS_PER_HOUR)


def _signed_roles(current: DocumentRow | None, document: Document) -> tuple[str, ...]:
    """Return which roles have signed the very document that a row becomes."""
    if current is None or current.registration.id != document.id:
        return ()
    return tuple(role.id for role in document.roles if current.fulfilment(role.id) is not None)


@dataclass(slots=True)
class _Sample:
    """A row worth looking at, and how strongly it is the one."""

    weight: int = -1
    document: Document | None = None
    seams: Seams = NO_SEAMS

    def offer(self, weight: int, document: Document, seams: Seams) -> None:
        if weight > self.weight:
            self.weight, self.document, self.seams = weight, document, seams


@dataclass(slots=True)
class _Check:
    job: Job
    now: datetime
    prompt: Prompt | None
    asked_later: bool
    anchors: Trust = field(default_factory=Trust)
    register: Register | None = None
    registered: int = 0
    forecast: Forecast = field(default_factory=Forecast)
    complaints: list[Complaint] = field(default_factory=list)
    longest: _Sample = field(default_factory=_Sample)
    rarest: _Sample = field(default_factory=_Sample)
    emptiest: _Sample = field(default_factory=_Sample)

    @property
    def failed(self) -> bool:
        return any(complaint.severity is Severity.ERROR for complaint in self.complaints)

    def complain(self, where: str, exc: AgreegenError | Message, severity: Severity = Severity.ERROR) -> None:
        if isinstance(exc, ComplaintsError):
            self.complaints.extend(exc.complaints)
            return
        sentence, advice = (exc.sentence, exc.advice) if isinstance(exc, AgreegenError) else (exc, None)
        # Most errors name their file themselves.
        place = Location() if str(sentence).startswith(where) else Location(file=where)
        self.complaints.append(Complaint(place, sentence, advice, severity))

    def collect_errors(self, action: Callable[[], None]) -> None:
        try:
            action()
        except AgreegenError as exc:
            self.complain(str(self.job.path), exc)

    def output(self, stack: contextlib.ExitStack) -> None:
        """Step 1."""
        self.collect_errors(lambda: self.complaints.extend(require_usable(self.job.form)))
        folders = [self.job.output] + ([] if self.job.archive is None else [self.job.archive.bags])
        for wanted in folders:
            folder = nearest(wanted)
            if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
                self.complain(str(wanted), message("batch.cannot-written", folder=folder))
        refuse_links(self.job.output)
        self.collect_errors(lambda: refuse_lost_register(self.job))
        for note in self.job.notes:
            self.complain(str(self.job.path), note, Severity.WARNING)
        if self.job.register_file.is_file():
            register = stack.enter_context(Register.open(self.job.register_file, read_only=True))
            stack.enter_context(register.standing_still())
            self.register = register
            self.registered = register.document_count()
            if not fits_register(self.job, register):
                text = message("batch.output-folder-holds-documents-another-template")
                self.complain(str(self.job.output), text)

    def maker(self, stack: contextlib.ExitStack) -> DocumentMaker | None:
        """Step 2, who lays out the pages: the compiled form, LibreOffice, or nobody."""
        try:
            maker = stack.enter_context(DocumentMaker(self.job.form))
        except ComplaintsError:
            return None  # told with the form already
        except AgreegenError as exc:
            self.complain(str(self.job.form.directory), exc)
            return None
        if maker.stale is not None:
            self.complain(str(self.job.form.directory), maker.stale, Severity.WARNING)
        if not maker.compiled and (missing := maker.missing_office()) is not None:
            self.complain(str(self.job.form.directory), missing)
            return None
        return maker

    def roster(self) -> Roster | None:
        """Step 2, the file and its header."""
        source = self.job.roster
        try:
            roster = open_job_roster(self.job)
            self.complaints.extend(roster.warnings)
        except AgreegenError as exc:
            self.complain(str(source.file), exc)
            return None
        if roster.count == 0:
            self.complain(str(source.file), message("batch.no-rows-below-header"))
        return roster

    def rows(
        self,
        roster: Roster,
        maker: DocumentMaker | None,
        checker: CredentialChecker,
    ) -> None:
        """Steps 2 and 3, the rows: cells, glyphs, what needs LibreOffice, and every signature."""
        signatures = RowSignatures(self.job, checker)
        registers = [] if self.register is None else [self.register]
        for row in MendedRows(self.job.form, registers, roster).rows():
            self.complaints.extend(row.complaints)
            place = functools.partial(roster.locate, row.number)
            self.complaints.extend(check_printed(self.job.form, row.values, place))
            if not row.failed:
                self._document(roster, row, maker, signatures)
        self.complaints.extend(signatures.summary(roster))
        replaced = self.forecast.complaint(Location(file=str(roster.path), sheet=roster.sheet))
        self.complaints.extend([] if replaced is None else [replaced])

    def _document(
        self,
        roster: Roster,
        row: RosterRow,
        maker: DocumentMaker | None,
        signatures: RowSignatures,
    ) -> None:
        register = self.register
        try:
            seams = seams_of_row(self.job, row.values)
        except AgreegenError as exc:
            self.complaints.append(Complaint(roster.place_of(row.number), exc.sentence, exc.advice))
            return
        document = build_document(
            self.job.form,
            row.values,
            conditions=conditions_for(self.job, row.values),
            register_secret=_NOBODY if register is None else register.secret,
            aliases=self.job.aliases,
            seams=seams.seals,
        )
        self._consider(document, seams)
        if maker is not None and (problem := maker.foresee(document)) is not None:
            self.complaints.append(Complaint(roster.place_of(row.number), problem.sentence, problem.advice))
        current = None
        if register is not None and row.key is not None:
            current = register.current(register.row_key(row.key))
            document = under_known_id(self.job, register, current, document)
            kept = self.forecast.consider(self.job, current, document, row.label)
            if kept is not None:
                self.complaints.append(Complaint(roster.place_of(row.number), kept.reason))
        signed = _signed_roles(current, document)
        self.complaints.extend(signatures.check(roster, row, document, signed))

    def _consider(self, document: Document, seams: Seams) -> None:
        texts = [str(value) for value in document.values.values()]
        self.longest.offer(max(map(len, texts), default=0), document, seams)
        self.rarest.offer(ord(max("".join(texts), default="\0")), document, seams)
        self.emptiest.offer(1_000 - len(document.values), document, seams)

    def trust(self) -> None:
        """Step 3, the anchors."""
        try:
            trust = load_trust(list(self.job.trust))
        except AgreegenError as exc:
            self.complain(str(self.job.path), exc)
            return
        self.anchors = trust
        if self.job.signatures and not trust.anchors_der:
            text = message("batch.no-trust-anchors-named-so-chains")
            self.complain(str(self.job.path), text, Severity.WARNING)
        for warning in trust.warnings:
            self.complain(str(self.job.path), warning, Severity.WARNING)
        self.collect_errors(self._timestamp_services)

    def _timestamp_services(self) -> None:
        for warning in timestamp_warnings(self.job):
            self.complain(str(self.job.path), warning, Severity.WARNING)

    def credentials(self, rows: int) -> CredentialChecker:
        """Step 3, the credentials that all rows share, until the likely end of the job."""
        until = _end_after(rows, self.now)
        checker = CredentialChecker(self.anchors, self.now, until, self.prompt, self.asked_later)
        self.complaints.extend(checker.check_shared(shared_credentials(self.job)))
        self.collect_errors(lambda: require_head_signer(self.job))
        return checker

    def disk(self, rows: int, maker: DocumentMaker | None) -> None:
        """Step 4."""
        each = document_bytes(self.job, maker, self.longest.document, self.longest.seams)
        for folder, lacking in lacking_room(self.job, rows, self.registered, each):
            self.complain(str(folder), lacking)

    def samples(self, maker: DocumentMaker) -> tuple[Path, ...]:
        """Step 5."""
        chosen = {
            "longest": self.longest,
            "rarest": self.rarest,
            "emptiest": self.emptiest,
        }
        written: list[Path] = []
        try:
            for name, sample in chosen.items():
                if sample.document is not None:
                    path = self.job.output / "samples" / f"{name}.pdf"
                    write_atomically(path, maker.make(sample.document, sample.seams).pdf)
                    written.append(path)
        except AgreegenError as exc:
            self.complain(str(self.job.form.template), exc)
        except OSError as exc:
            self.complain(str(self.job.output), message("batch.samples-cannot-written", exc=exc))
        return tuple(written)
