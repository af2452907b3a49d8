"""Which documents of a register wait for a person's own signature."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from agreegen.device.authority import Person
from agreegen.forms.catalog import find_release, forms_folder
from agreegen.model.form import Consent, Form, RoleKind, SignatureRole
from agreegen.register.interface import DocumentRow, DocumentState
from agreegen.register.view import RegisterView


@dataclass(frozen=True, slots=True)
class WaitingDocument:
    """A document that its person may sign on a device now.

    Attributes:
        row: What the register knows of it.
        role: The role that is next.
        title: Title of the form, Chinese and English.
        consent: What the person has to agree to.
    """

    row: DocumentRow
    role: SignatureRole
    title: tuple[str, str]
    consent: Consent

    @property
    def person(self) -> Person:
        """Whose certificate is to be issued, by the register."""
        known = self.row.registration
        return Person(known.name, known.staff_no, known.unit)

    def is_person(self, staff_no: str, last_four: str) -> bool:
        """Say whether somebody knows staff number and last four of the ID; phones choose the case."""
        known = self.row.registration
        right = f"{known.staff_no} {(known.id_number or '')[-4:]}".casefold()
        said = f"{staff_no} {last_four}".casefold()
        return self.can_be_checked and hmac.compare_digest(said.encode(), right.encode())

    @property
    def can_be_checked(self) -> bool:
        """Whether the register knows both."""
        return bool(self.row.registration.staff_no and self.row.registration.id_number)


def waiting_documents(register: RegisterView) -> Iterator[WaitingDocument]:
    """Yield the documents whose next required role is a person's signature, in the order of their files."""
    releases: dict[tuple[str, str, str], Form | None] = {}
    for row in register.documents(by_path=True):
        release = _release_of(row)
        if release not in releases:
            releases[release] = find_release(forms_folder(None), *release)
        waiting = _waiting(row, releases[release])
        if waiting is not None:
            yield waiting


def find_waiting(register: RegisterView, document_id: str) -> WaitingDocument | None:
    """Return a document if its person may sign it on a device now."""
    row = register.document(document_id)
    return None if row is None else _waiting(row, find_release(forms_folder(None), *_release_of(row)))


def _release_of(row: DocumentRow) -> tuple[str, str, str]:
    known = row.registration
    return known.form_id, known.template_sha256, known.form_version


def _waiting(row: DocumentRow, form: Form | None) -> WaitingDocument | None:
    if form is None or form.consent is None or not row.in_force or row.state is DocumentState.ARCHIVED:
        return None
    open_roles = [role for role in form.roles if role.required and row.fulfilment(role.id) is None]
    first = min(open_roles, key=lambda role: role.order, default=None)
    if first is None or first.kind is not RoleKind.SIGNATURE:
        return None
    return WaitingDocument(row, first, (form.title_zh, form.title_en), form.consent)
