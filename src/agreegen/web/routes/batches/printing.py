"""The stack to be printed and signed with a pen, with marks by which the scans find back."""

from __future__ import annotations

from starlette.responses import Response

from agreegen.web.endpoint import Call, Page
from agreegen.web.pages.areas import OFFICER
from agreegen.web.routes.batches.finding import attachment, back_to, find_batch
from agreegen.web.work.commands.questions import answers_to


def start_printing(call: Call) -> Response:
    """Put the documents into one file for the printer."""
    batch, folder = find_batch(call)
    arguments = ["batch", "print", folder.job.name, "-o", folder.print_file.name, "--force", "--json"]
    arguments += [f"--by={call.user.display}"]
    unit = call.text("unit")
    if unit:
        arguments += [f"--unit={unit}"]
    if call.text("everything"):
        arguments.append("--all")
    if call.text("duplex"):
        arguments.append("--duplex")
    if folder.register.is_file():
        answers = answers_to(call.secret, None, (folder.register_signer,), call.visitor.language)
        call.begin(folder.printing, arguments, "batch-print", batch.id, answers=answers)
    return back_to(f"/batches/{batch.id}#print")


def give_stack(call: Call) -> Response:
    """Give the file for the printer."""
    batch, folder = find_batch(call)
    call.record("print-download", batch.id)
    return attachment(folder.print_file, f"print-{batch.id}.pdf", "application/pdf")


PAGES = (
    Page("POST", "/batches/{batch}/print", start_printing, OFFICER),
    Page("GET", "/batches/{batch}/print.pdf", give_stack, OFFICER),
)
