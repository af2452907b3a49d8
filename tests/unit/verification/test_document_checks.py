"""Roles, forms, attachment and register of files that carry `agreegen.json`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agreegen.model.document import DeclaredRole, Document
from agreegen.model.report import Changes, Coverage, Integrity, SignatureKind
from agreegen.pki.certificates import load_certificates
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.register.interface import EventDraft, EventKind, Registration
from agreegen.register.store import Register
from agreegen.verification.document_checks import (
    Signed,
    check_roles,
    describe_signed_document,
    hold_against_form,
    read_document,
    role_of,
)
from agreegen.verification.interface import FoundSignature, Options, Structure
from agreegen.verification.proof.released_roles import HeldRoles
from agreegen.verification.register_checks import check_registered
from tests.unit.verification.authority import NOW
from tests.unit.verification.conftest import Pki

DOCUMENT = Document(
    id="0" * 32,
    form_id="agreement",
    form_version="1.0",
    title="Agreement",
    template_sha256="a" * 64,
    values={"party_a_name": "Office A"},
    conditions={},
    roles=(
        DeclaredRole("a", 1, required=True, holder="Office A", label="甲方"),
        DeclaredRole("b", 2, required=True, holder="Office B", label="乙方"),
        DeclaredRole("witness", 3, required=False),
    ),
)

HELD = HeldRoles(DOCUMENT.roles, DOCUMENT.title)


def signature(pki: Pki, field: str, signer: str, revision: int = 0, **options: object) -> Signed:
    found = FoundSignature(
        field=field,
        kind=SignatureKind.SIGNATURE,
        subfilter="ETSI.CAdES.detached",
        byte_range=(0, 1, 2, 3),
        contents=b"",
        revision=revision,
        coverage=Coverage.REVISION,
        changes=Changes.PERMITTED,
    )
    (certificate,) = load_certificates([pki.ca.issue(signer).der])
    return replace(found, **options), SignatureFacts(Integrity.INTACT, certificate=certificate)  # type: ignore[arg-type]


def codes(pki: Pki, *signed: tuple[str, str]) -> list[str]:
    found = [signature(pki, field, signer, number) for number, (field, signer) in enumerate(signed)]
    return [alarm.code for alarm in check_roles(HELD, found)]


def test_holders_in_their_turn(pki: Pki) -> None:
    assert codes(pki, ("a", "Office A"), ("b", "Office B"), ("witness", "Anybody")) == []


def test_wrong_signer(pki: Pki) -> None:
    assert codes(pki, ("a", "Office A"), ("b", "Office C")) == ["wrong-signer"]


def test_wrong_order(pki: Pki) -> None:
    assert codes(pki, ("b", "Office B"), ("a", "Office A")) == ["wrong-order"]


def test_missing_roles_count_only_whole_signatures(pki: Pki) -> None:
    broken = signature(pki, "a", "Office A")[0], SignatureFacts(Integrity.BROKEN)
    partial = signature(pki, "b", "Office B", coverage=Coverage.PARTIAL)
    assert describe_signed_document(DOCUMENT, HELD, [broken, partial]).missing_roles == ("a", "b")
    whole = signature(pki, "b", "Office B")
    assert describe_signed_document(DOCUMENT, HELD, [broken, whole]).missing_roles == ("a",)


def test_role_is_the_declared_name_of_the_field(pki: Pki) -> None:
    found = signature(pki, "a", "Office A")[0]
    assert role_of(HELD, found) == "a"
    assert role_of(None, found) is None
    assert role_of(HELD, replace(found, field="elsewhere")) is None
    assert role_of(HELD, replace(found, kind=SignatureKind.TIMESTAMP)) is None


def test_damaged_attachment_is_an_alarm() -> None:
    structure = Structure((), (), attachment=b"{")
    document, alarms = read_document(structure)
    assert document is None
    assert [alarm.code for alarm in alarms] == ["attachment-unreadable"]
    assert read_document(Structure((), ()))[1] == []
    assert read_document(replace(structure, attachment=DOCUMENT.to_json()))[0] == DOCUMENT


def test_form_that_nobody_knows(tmp_path: Path) -> None:
    options = Options(now=NOW, forms_folder=tmp_path)
    alarms = list(hold_against_form(DOCUMENT, b"", Structure((), ()), options))
    assert [alarm.code for alarm in alarms] == ["form-unknown"]
    gone = replace(options, forms_folder=tmp_path / "none")
    assert [alarm.code for alarm in hold_against_form(DOCUMENT, b"", Structure((), ()), gone)] == [
        "form-unknown"
    ]


@pytest.fixture
def register(tmp_path: Path) -> Path:
    path = tmp_path / "register.db"
    registration = Registration(
        id=DOCUMENT.id,
        form_id="agreement",
        form_version="1.0",
        template_sha256="a" * 64,
        row_key="k",
        name="Office A",
        path="documents/1.pdf",
    )
    with Register.open(path, create=True, now=NOW) as opened:
        opened.record(
            EventDraft(EventKind.RENDERED, DOCUMENT.id, sha256="b" * 64, registration=registration), now=NOW
        )
    return path


@pytest.mark.parametrize(
    ("document", "sha256", "expected"),
    [
        (DOCUMENT, "b" * 64, []),
        (DOCUMENT, "c" * 64, ["register-state"]),
        (replace(DOCUMENT, id="1" * 32), "b" * 64, ["register-unknown"]),
        (None, "b" * 64, ["register-unknown"]),
    ],
)
def test_register(register: Path, document: Document | None, sha256: str, expected: list[str]) -> None:
    options = Options(now=NOW, register_file=register)
    assert [alarm.code for alarm in check_registered(document, sha256, options)] == expected


def test_register_that_cannot_be_read(tmp_path: Path) -> None:
    options = Options(now=NOW, register_file=tmp_path / "none.db")
    assert [alarm.code for alarm in check_registered(DOCUMENT, "b" * 64, options)] == ["register-unreadable"]
