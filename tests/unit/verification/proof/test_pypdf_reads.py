"""A reader that shares no code with us finds in our files what we find in them."""

from __future__ import annotations

import io

from pypdf import PdfReader

from agreegen.model.document import ATTACHMENT_NAME, Document
from tests.unit.verification.own_files import OwnFiles


def test_the_same_parameters_fields_and_text(own: OwnFiles) -> None:
    before, after = (PdfReader(io.BytesIO(data)) for data in (own.unsigned, own.signed["unit"]))
    parameters = [reader.attachments[ATTACHMENT_NAME] for reader in (before, after)]
    assert parameters[0] == parameters[1]
    document = Document.from_json(parameters[1][0])
    text = "".join("".join(page.extract_text().split()) for page in after.pages)
    assert str(document.values[own.form.subject or ""]) in text
    filled = {name: "/V" in field for name, field in (after.get_fields() or {}).items()}
    assert filled == {role.id: role.id == "unit" for role in document.roles}
