"""Bags and register of a batch: written, verified, exported, by the program's own commands."""

from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.exceptions import HTTPException
from starlette.responses import Response

from agreegen.api import export_register
from agreegen.web.endpoint import NOT_FOUND, Call, Page
from agreegen.web.pages.areas import OFFICER, READERS
from agreegen.web.pages.rendering import page
from agreegen.web.routes.archive.bags import USUAL_DAYS, standing
from agreegen.web.routes.archive.finding import ledger_place, typed_answers
from agreegen.web.routes.batches.finding import attachment, back_to, find_batch
from agreegen.web.work.archive.deliveries import Deliveries
from agreegen.web.work.batch_folder import BatchFolder, printed_object
from agreegen.web.work.commands.questions import questions_of

_MOST_LISTED = 40
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def list_archive(call: Call) -> Response:
    """List the batches with documents, and their bags."""
    office = call.office
    rows, bags = [], []
    for batch in office.batches.all():
        folder = BatchFolder.of(office.home, batch)
        if folder.register.is_file():
            rows.append((batch, len(folder.bags), folder.archiving.state))
            bags += [folder.bag_place(batch).bag(name) for name in reversed(folder.bag_names)]
    for place in (*(each.place for each in Deliveries(office.home).all()), ledger_place(call)):
        bags += [place.bag(name) for name in place.names()]
    found = [standing(call, bag) for bag in itertools.islice(filter(None, bags), _MOST_LISTED)]
    values = {"batches": rows, "bags": found, "within": USUAL_DAYS}
    return page("archive.html", office, call.visitor, **values)


def show_archive(call: Call) -> Response:
    """Show bags and register of one batch, and what verifying them found."""
    batch, folder = find_batch(call)
    if not folder.register.is_file():
        raise HTTPException(NOT_FOUND)
    return page(
        "archive_of_batch.html",
        call.office,
        call.visitor,
        batch=batch,
        bags=[path.name for path in folder.bags],
        written=folder.bag_names,
        archiving=folder.archiving,
        checking=folder.bag_check,
        bag=printed_object(folder.bag_check),
        four=folder.four_properties.is_file(),
        register=folder.register_check,
        found=printed_object(folder.register_check),
        can_seal=call.office.settings.archive_credential is not None,
        changes=call.user.role in OFFICER,
        questions=questions_of(_sealers(call, folder), call.visitor.language),
    )


def _sealers(call: Call, folder: BatchFolder) -> tuple[Path | None, ...]:
    """Return the credentials that sign as a bag is written: its own, and the register's."""
    seal = call.office.settings.archive_credential
    return (None if seal is None else call.office.home.folder / seal, folder.register_signer)


def create_bag(call: Call) -> Response:
    """Write a signed bag of the documents and the register, as they are now."""
    batch, folder = find_batch(call)
    credential = call.office.settings.archive_credential
    bag = folder.next_bag
    if credential is not None and folder.register.is_file() and bag is not None:
        command = ["archive", "create", folder.output.name, "-o", bag, f"--credential=../../{credential}"]
        command += call.office.home.trust_options(folder.path)
        command += [
            f"--tsa={name}" for name in call.office.home.services(call.office.settings.tsa, folder.path)
        ]
        command += ["--include-unsigned"] if call.text("unsigned") else []
        answers = typed_answers(call, None, _sealers(call, folder))
        call.begin(folder.archiving, command, "bag-create", f"{batch.id}/{bag}", answers=answers)
    return back_to(f"/archive/{batch.id}")


def check_bag(call: Call) -> Response:
    """Verify a bag: every file, its seal, its documents."""
    batch, folder = find_batch(call)
    name = call.text("bag")
    if name not in {path.name for path in folder.bags}:
        raise HTTPException(NOT_FOUND)
    command = ["archive", "verify", name, *call.office.home.trust_options(folder.path), "--json"]
    command += [f"--four={folder.four_properties.name}", "--force"]
    call.begin(folder.bag_check, command, "bag-verify", f"{batch.id}/{name}")
    return back_to(f"/archive/{batch.id}")


def check_register(call: Call) -> Response:
    """Verify the register: its chain, its heads, its files."""
    batch, folder = find_batch(call)
    if not folder.register.is_file():
        raise HTTPException(NOT_FOUND)
    trust = call.office.home.trust_options(folder.path)
    command = ["register", "verify", f"--register={_relative(folder)}", *trust, "--json"]
    call.begin(folder.register_check, command, "register-verify", batch.id)
    return back_to(f"/archive/{batch.id}")


def _relative(folder: BatchFolder) -> Path:
    return folder.register.relative_to(folder.path)


def give_register(call: Call) -> Response:
    """Give the register as a workbook, without ID numbers."""
    batch, folder = find_batch(call)
    if not folder.register.is_file():
        raise HTTPException(NOT_FOUND)
    with TemporaryDirectory() as place:
        path = Path(place) / "register.xlsx"
        export_register(folder.register, path, omit_ids=True)
        data = path.read_bytes()
    call.record("register-export", batch.id)
    headers = {"Content-Disposition": f'attachment; filename="register-{batch.id}.xlsx"'}
    return Response(data, media_type=_XLSX, headers=headers)


def give_four_properties(call: Call) -> Response:
    """Give the report on the four properties (DA/T 70-2018) of the bag verified last, to keep."""
    batch, folder = find_batch(call)
    return attachment(folder.four_properties, f"four-properties-{batch.id}.html", "text/html")


def give_four_workbook(call: Call) -> Response:
    """Give the same report as a workbook."""
    batch, folder = find_batch(call)
    path = folder.four_properties.with_suffix(".xlsx")
    return attachment(path, f"four-properties-{batch.id}.xlsx", _XLSX)


PAGES = (
    Page("GET", "/archive", list_archive, READERS),
    Page("GET", "/archive/{batch}", show_archive, READERS),
    Page("POST", "/archive/{batch}/bags", create_bag, OFFICER),
    Page("POST", "/archive/{batch}/verify", check_bag, READERS),
    Page("POST", "/archive/{batch}/register", check_register, READERS),
    Page("GET", "/archive/{batch}/register.xlsx", give_register, READERS),
    Page("GET", "/archive/{batch}/four-properties.html", give_four_properties, READERS),
    Page("GET", "/archive/{batch}/four-properties.xlsx", give_four_workbook, READERS),
)
