"""Agreements: filled in on a page made from the form, looked at, signed, sent to the other party and back."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from agreegen.api import FileReport, find_form, list_forms
from agreegen.api.recording import require_returned
from agreegen.errors import AgreegenError, InputError
from agreegen.model.form import Form
from agreegen.model.report import SignatureKind
from agreegen.web.endpoint import NOT_FOUND, Call, Intake, Page
from agreegen.web.pages.areas import OFFICER
from agreegen.web.pages.rendering import page
from agreegen.web.routes.batches.finding import attachment, back_to, page_number, picture
from agreegen.web.store.agreements import Agreement
from agreegen.web.work.agreements.folder import AgreementFolder
from agreegen.web.work.agreements.form_entry import entries
from agreegen.web.work.agreements.office_signing import sign_as_office
from agreegen.web.work.uploads import uploads_in
from agreegen.web.work.verifying import options_of

_UNPROCESSABLE = 422
_MOST_BYTES = 64 << 20
LANE = "agreements"


def list_agreements(call: Call) -> Response:
    """List the agreements, and the forms for a new one."""
    office = call.office
    rows = []
    for agreement in office.agreements.all():
        folder = AgreementFolder.of(office.home, agreement)
        rows.append((agreement, len(folder.versions)))
    forms = [form for form in list_forms() if len(form.required_roles) > 1]
    return page("agreements.html", office, call.visitor, agreements=rows, forms=forms)


def show_form(call: Call) -> Response:
    """Show the page made from the form."""
    return _form(call, _find_form(call), {}, checked=False)


def _find_form(call: Call) -> Form:
    try:
        return find_form(call.part("form"))
    except InputError:
        raise HTTPException(NOT_FOUND) from None


def _form(
    call: Call, form: Form, texts: dict[str, str], *, checked: bool, problem: AgreegenError | None = None
) -> Response:
    fields = entries(form, texts, call.visitor.language, checked=checked)
    status = _UNPROCESSABLE if checked else 200
    values = {"form": form, "entries": fields, "problem": problem}
    return page("agreement_form.html", call.office, call.visitor, status, checked=checked, **values)


def create_agreement(call: Call) -> Response:
    """Make the document, or show all errors at their fields."""
    form, office = _find_form(call), call.office
    texts = {field.name: call.text(field.name)[:4000] for field in form.fields}
    fields = entries(form, texts, call.visitor.language, checked=True)
    if any(entry.wrong for entry in fields):
        return _form(call, form, texts, checked=True)
    title = texts.get(form.subject or "", "")
    agreement = office.agreements.add(form.id, title, call.user.name, now=office.clock())
    try:
        AgreementFolder.of(office.home, agreement).make(texts)
    except AgreegenError as exc:
        call.record("agreement-create", agreement.id, "refused")
        return _form(call, form, texts, checked=True, problem=exc)
    call.record("agreement-create", agreement.id)
    return back_to(f"/agreements/{agreement.id}")


def _find(call: Call) -> tuple[Agreement, AgreementFolder]:
    agreement = call.office.agreements.find(call.part("agreement"))
    folder = None if agreement is None else AgreementFolder.of(call.office.home, agreement)
    if agreement is None or folder is None or not folder.versions:
        raise HTTPException(NOT_FOUND)
    return agreement, folder


def show_agreement(call: Call) -> Response:
    """Show an agreement: its pages, who has signed, who is missing, what to do next."""
    return _show(call)


def _show(call: Call, problem: AgreegenError | None = None) -> Response:
    agreement, folder = _find(call)
    office = call.office
    report = _judge(call, folder.current.read_bytes(), folder.current.name)
    signed = {each.role: each for each in report.signatures if each.kind is SignatureKind.SIGNATURE}
    return page(
        "agreement.html",
        office,
        call.visitor,
        _UNPROCESSABLE if problem else 200,
        agreement=agreement,
        form=folder.form,
        report=report,
        signed=signed,
        pages=len(office.pictures.pages(folder.current)),
        version=len(folder.versions),
        credentials=office.home.credential_files(),
        problem=problem,
    )


def _judge(call: Call, pdf: bytes, name: str) -> FileReport:
    office = call.office
    return office.verifier.verify(name, pdf, options_of(office.home, office.settings))


def show_page(call: Call) -> Response:
    """Show one page of an agreement."""
    _, folder = _find(call)
    return picture(call.office.pictures.page(folder.current, page_number(call)))


def give_file(call: Call) -> Response:
    """Give the file, for the other party."""
    agreement, folder = _find(call)
    call.record("agreement-download", agreement.id)
    return attachment(folder.current, f"{agreement.id}.pdf", "application/pdf")


def sign_agreement(call: Call) -> Response:
    """Sign as the office; the PIN is used for this one act and kept nowhere."""
    agreement, folder = _find(call)
    office = call.office
    credential, pin = call.text("credential"), str(call.form.get("pin", ""))
    try:
        signed, role = sign_as_office(
            office.home, office.settings, folder.current.read_bytes(), credential, pin
        )
    except AgreegenError as exc:
        call.record("agreement-sign", agreement.id, "refused")
        return _show(call, exc)
    folder.add(signed)
    call.record("agreement-sign", f"{agreement.id}: {role}")
    return back_to(f"/agreements/{agreement.id}")


def take_back(call: Call) -> Response:
    """Take what the other party signed and sent back, judged as `register add-signed` does."""
    agreement, folder = _find(call)
    uploads = list(uploads_in(call.form, "file"))
    if len(uploads) == 1:
        pdf = uploads[0].read()
        try:
            require_returned(folder.current, uploads[0].name, pdf, _judge(call, pdf, uploads[0].name))
        except AgreegenError as exc:
            call.record("agreement-return", agreement.id, "refused")
            return _show(call, exc)
        folder.add(pdf)
        call.record("agreement-return", agreement.id)
    return back_to(f"/agreements/{agreement.id}")


PAGES = (
    Page("GET", "/agreements", list_agreements, OFFICER),
    Page("GET", "/agreements/new/{form}", show_form, OFFICER),
    Page("POST", "/agreements/new/{form}", create_agreement, OFFICER, lane=LANE),
    Page("GET", "/agreements/{agreement}", show_agreement, OFFICER, lane=LANE),
    Page("GET", "/agreements/{agreement}/{page:int}.png", show_page, OFFICER),
    Page("GET", "/agreements/{agreement}/file.pdf", give_file, OFFICER),
    Page("POST", "/agreements/{agreement}/sign", sign_agreement, OFFICER, lane=LANE),
    Page("POST", "/agreements/{agreement}/returned", take_back, OFFICER, Intake(_MOST_BYTES, 1, 8), LANE),
)
