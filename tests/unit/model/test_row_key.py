"""Whom a document is about, and what tells rows apart: named by the form, nowhere by the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.forms.catalog import find_form
from agreegen.model.document import Value, build_document
from agreegen.model.row_key import RowKey, find_number, find_personal_id, find_row_key

FORMS = Path(__file__).parents[3] / "forms"
AGREEMENT: dict[str, Value] = {
    "party_a_name": "某市普查领导小组办公室",
    "party_b_name": "某市环境监测技术有限公司",
    "working_group_name": "数据处理",
    "work_description": "数据录入",
    "protected_items": ("普查表",),
    "work_scope": "数据录入",
}


def test_the_packaged_forms_name_their_subject() -> None:
    pledge, agreement = find_form("personal-pledge", FORMS), find_form("confidentiality-agreement", FORMS)
    assert (pledge.subject, pledge.row_keys) == ("pledger_name", ("staff_no", "id_number"))
    assert agreement.subject == "party_b_name"
    assert agreement.row_keys == ("contract_no", "party_b_credit_code", "party_b_name")
    assert agreement.subject_of(AGREEMENT) == "某市环境监测技术有限公司"


def test_the_first_key_that_is_given_counts() -> None:
    agreement = find_form("confidentiality-agreement", FORMS)
    assert find_row_key(agreement, AGREEMENT) == RowKey(
        "party_b_name", "某市环境监测技术有限公司", printed=True, form_id=agreement.id
    )
    assert find_number(agreement, AGREEMENT) is None
    numbered = {**AGREEMENT, "contract_no": "12", "party_b_credit_code": "91410100MA4000001N"}
    assert find_row_key(agreement, numbered) == RowKey("contract_no", "12", form_id=agreement.id)
    assert find_number(agreement, numbered) == "12"
    pledge = find_form("personal-pledge", FORMS)
    person = {"pledger_name": "王芳", "id_number": "11010519491231002X"}
    assert find_number(pledge, person) is None
    assert find_personal_id(pledge, person) == "11010519491231002X"


def test_document_ids_are_those_of_the_first_release() -> None:
    """Worked out by the release before forms named their keys; a change would make every document anew."""
    pledge = find_form("personal-pledge", FORMS)
    numbered = build_document(pledge, {"pledger_name": "王芳", "staff_no": "HN0001"})
    by_id = build_document(
        pledge, {"pledger_name": "王芳", "id_number": "11010519491231002X"}, register_secret=bytes(32)
    )
    agreement = build_document(find_form("confidentiality-agreement@1.0", FORMS), AGREEMENT)
    assert [numbered.id, by_id.id, agreement.id] == [
        "bbc9d616eee3a0f6387a8f5d3a046a24",
        "1c781ebca2c3affc364ad69811a5adf0",
        "fcdc85cf9b55eb28f1f58263c93a8c78",
    ]


def test_two_agreements_with_one_party_are_two_documents() -> None:
    agreement = find_form("confidentiality-agreement", FORMS)
    ids = {build_document(agreement, {**AGREEMENT, "contract_no": number}).id for number in ("1", "2", "3")}
    assert len(ids) == 3
    with pytest.raises(ValueError, match="register secret"):
        build_document(find_form("personal-pledge", FORMS), {"pledger_name": "王芳", "id_number": "1"})
