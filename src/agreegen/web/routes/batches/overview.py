"""The list of batches, a new one, and the page of one."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from agreegen.api import list_forms
from agreegen.errors import ExitCode
from agreegen.web.endpoint import Call, Intake, Page
from agreegen.web.pages.areas import OFFICER, READERS
from agreegen.web.pages.rendering import page
from agreegen.web.routes.batches.finding import attachment, back_to, find_batch, page_number, picture
from agreegen.web.store.batches import Batch
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.commands.children import ChildState
from agreegen.web.work.commands.questions import questions_of
from agreegen.web.work.rosters import keep_roster
from agreegen.web.work.uploads import uploads_in

_MOST_BYTES = 64 << 20
_UNPROCESSABLE = 422
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def list_batches(call: Call) -> Response:
    """List the batches, with the form for a new one."""
    return _list(call)


def _list(call: Call, problem: str = "") -> Response:
    office = call.office
    rows = [(batch, state_of(BatchFolder.of(office.home, batch))) for batch in office.batches.all()]
    status = _UNPROCESSABLE if problem else 200
    values = {"batches": rows, "forms": list_forms(), "problem": problem}
    return page("batches.html", office, call.visitor, status, **values)


def state_of(folder: BatchFolder) -> str:
    """Return in one word how far a batch has come; `running`, `done`, `failed`, `cut-short` or `new`."""
    state = folder.run.state
    if state is ChildState.RUNNING:
        return "running"
    if state is ChildState.NEVER:
        return "new"
    summary = folder.summary()
    if summary is None or summary["interrupted"]:
        return "cut-short"
    return "failed" if summary["failed"] else "done"


def create_batch(call: Call) -> Response:
    """Take a roster in, write its job and check it."""
    uploads = list(uploads_in(call.form, "roster"))
    known = {form.id for form in list_forms()}
    if len(uploads) != 1 or call.text("form") not in known:
        return _list(call, "web.batches.choose")
    upload, office = uploads[0], call.office
    title = call.text("title")[:80] or upload.name
    batch = office.batches.add(title, call.text("form"), upload.name, call.user.name, now=office.clock())
    folder = BatchFolder.of(office.home, batch)
    roster = keep_roster(folder, upload)
    folder.write_job(office.home, office.settings, batch.form, roster, {})
    call.record("batch-create", batch.id)
    _check(call, folder, batch)
    return back_to(f"/batches/{batch.id}")


def _check(call: Call, folder: BatchFolder, batch: Batch) -> None:
    command = ("batch", "check", folder.job.name, "--without-secrets", "--json")
    call.begin(folder.check, command, "batch-check", batch.id)


def _is_busy(folder: BatchFolder) -> bool:
    """Whether the batch is run or checked: roster and values stay as they are meanwhile."""
    return ChildState.RUNNING in (folder.run.state, folder.check.state)


def replace_roster(call: Call) -> Response:
    """Take a mended roster in, and check it; not while the batch runs."""
    batch, folder = find_batch(call)
    uploads = list(uploads_in(call.form, "roster"))
    if len(uploads) == 1 and not _is_busy(folder):
        roster = keep_roster(folder, uploads[0])
        folder.write_job(call.office.home, call.office.settings, batch.form, roster, folder.defaults())
        call.office.batches.name_roster(batch.id, uploads[0].name)
        call.record("batch-roster", batch.id)
        _check(call, folder, batch)
    return back_to(f"/batches/{batch.id}")


def set_values(call: Call) -> Response:
    """Set what holds for all rows, such as the date, and check again."""
    batch, folder = find_batch(call)
    if not _is_busy(folder):
        names = {field.name for field in folder.form().fields if field.printed}
        values = {name: call.text(name)[:200] for name in names if call.text(name)}
        folder.write_job(call.office.home, call.office.settings, batch.form, folder.roster_name(), values)
        call.record("batch-values", batch.id)
        _check(call, folder, batch)
    return back_to(f"/batches/{batch.id}")


def show_batch(call: Call) -> Response:
    """Show one batch: its roster with what is wrong, sample pages, the run, what came of it."""
    batch, folder = find_batch(call)
    roster = call.office.rosters.shown(folder.path)
    samples = folder.samples()
    return page(
        "batch.html",
        call.office,
        call.visitor,
        batch=batch,
        form=folder.form(),
        folder=folder,
        defaults=folder.defaults(),
        roster=roster,
        check=folder.check_result(),
        good_rows=folder.may_run(without_bad_rows=True),
        checking=folder.check.state is ChildState.RUNNING,
        state=state_of(folder),
        progress=folder.progress(),
        left=time_left(folder),
        signing_failed=ExitCode.SIGNING,
        samples=[(n, len(call.office.pictures.pages(path))) for n, path in enumerate(samples)],
        printing=folder.printing.state,
        units=folder.units(),
        questions=questions_of(folder.run_signers, call.visitor.language),
        register_questions=questions_of((folder.register_signer,), call.visitor.language),
        changes=call.user.role in OFFICER,
    )


def time_left(folder: BatchFolder) -> timedelta | None:
    """Return how long the run will go on at its present rate; None where nobody can tell."""
    progress = folder.progress()
    if folder.run.state is not ChildState.RUNNING or not progress.done:
        return None
    return progress.left(folder.seconds())


def show_sample(call: Call) -> Response:
    """Show a page of a sample document."""
    _, folder = find_batch(call)
    samples = folder.samples()
    index = int(call.request.path_params["sample"])
    path = samples[index] if index < len(samples) else folder.path / "none"
    return picture(call.office.pictures.page(path, page_number(call)))


def give_failed_rows(call: Call) -> Response:
    """Give the rows that failed, ready to be mended."""
    batch, folder = find_batch(call)
    given = attachment(folder.output / "failed-rows.xlsx", "failed-rows.xlsx", _XLSX)
    call.record("failed-rows-download", batch.id)
    return given


_ROSTER = Intake(max_bytes=_MOST_BYTES, max_files=1, max_fields=40)
PAGES = (
    Page("GET", "/batches", list_batches, READERS),
    Page("POST", "/batches", create_batch, OFFICER, _ROSTER),
    Page("GET", "/batches/{batch}", show_batch, READERS),
    Page("POST", "/batches/{batch}/roster", replace_roster, OFFICER, _ROSTER),
    Page("POST", "/batches/{batch}/values", set_values, OFFICER),
    Page("GET", "/batches/{batch}/samples/{sample:int}/{page:int}.png", show_sample, READERS),
    Page("GET", "/batches/{batch}/failed-rows.xlsx", give_failed_rows, READERS),
)
