"""People sign on devices, over HTTP: what works once, and what never does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

from agreegen.api import open_register
from agreegen.files import sha256_of
from agreegen.model.report import Evidence, Method, Verdict
from agreegen.register.interface import How
from agreegen.verification.one_file import verify_bytes
from agreegen.web.store.signings import MOST_TRIES, Stage
from agreegen.web.store.users import Role
from agreegen.web.work import signing_act
from agreegen.web.work.signing_desk import archive_certificate, desk_state
from tests.archive_office import ask_for_pin
from tests.integration.device_support import DeviceOffice, Signer, device_office, drawing_of, make_office
from tests.unit.device.conftest import Device


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_office(tmp_path_factory.mktemp("made"))


@pytest.fixture
def office(made: Path, tmp_path: Path) -> Iterator[DeviceOffice]:
    with device_office(made, tmp_path / "home") as served:
        yield served


@pytest.fixture(scope="module")
def shared(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeviceOffice]:
    """For tests that leave no signature behind."""
    with device_office(made, tmp_path_factory.mktemp("shared") / "home") as served:
        yield served


def at_desk(office: DeviceOffice, staff_no: str) -> Signer:
    return Signer(*office.begin(staff_no), Device())


def test_where_the_archive_asks_for_a_pin_its_certificate_alone_will_do(office: DeviceOffice) -> None:
    """The strokes are encrypted to it, and nobody types the archive's PIN while a person signs."""
    own = office.web.office
    pin = ask_for_pin(own.home.folder, "archive-seal")
    settings = replace(own.settings, register_credential="credentials/unit-seal.yaml")
    assert desk_state(replace(own, settings=settings)).problem == "no-archive"
    key, certificates, _ = load_key_and_certificates(
        (own.home.credentials / "archive-seal.p12").read_bytes(), pin.encode()
    )
    assert key is not None
    assert certificates is not None
    (own.home.folder / "archive.pem").write_bytes(certificates.public_bytes(Encoding.PEM))
    named = replace(own, settings=replace(settings, archive_certificate="archive.pem"))
    assert desk_state(named).problem == ""
    assert archive_certificate(named) == certificates.public_bytes(Encoding.DER)
    (own.home.folder / "archive.pem").write_bytes(b"nothing")
    assert desk_state(named).problem == "no-archive"


def test_a_person_signs_at_the_desk(office: DeviceOffice) -> None:
    signer = at_desk(office, "HN0001")
    answer = signer.sign()
    assert answer.status_code == 200, answer.text
    receipt = signer.visit.get(answer.json()["next"])
    taken = signer.visit.get(f"{signer.path}/document.pdf").content
    evidence = signer.visit.get(f"{signer.path}/evidence.json").content
    assert receipt.status_code == 200
    assert sha256_of(taken) in receipt.text
    assert taken == office.file("HN0001").read_bytes()
    report = verify_bytes("pledge.pdf", taken, office.options)
    pledger = report.signatures[1]
    assert report.verdict is Verdict.VALID
    assert (pledger.method, pledger.evidence) == (Method.DEVICE, Evidence.INTACT)
    said = json.loads(evidence)
    assert said["witness"] == f"{Role.DESK.value} 张三"
    page = signer.visit.get  # the same picture was hashed and shown
    assert said["occasion"] == "desk"
    assert page(f"{signer.path}/pages/1.png").status_code == 403  # nothing more is shown once it is signed
    with open_register(office.folder.register) as register:
        row = register.document(office.document("HN0001"))
    assert row is not None
    assert (row.fulfilled["pledger"].how, row.sha256) == (How.DEVICE, sha256_of(taken))


def test_the_picture_that_was_shown_is_the_one_in_the_evidence(office: DeviceOffice) -> None:
    signer = at_desk(office, "HN0001")
    signer.agree()
    shown = signer.visit.get(f"{signer.path}/pages/1.png").content
    assert signer.finish(signer.prepare().json()["attributes"]).status_code == 200
    evidence = json.loads(signer.visit.get(f"{signer.path}/evidence.json").content)
    assert evidence["pages"] == [sha256_of(shown)]


def test_a_person_signs_by_a_link(office: DeviceOffice) -> None:
    signer = Signer(office.web.stranger(), office.link("HN0001"), Device())
    who = signer.visit.get(signer.path)
    assert who.status_code == 200
    assert "张伟" not in who.text  # whoever finds the paper learns no name
    assert signer.step("check", staff_no="HN0001", last_four="002x").status_code == 303
    assert signer.visit.get(f"{signer.path}/pages/1.png").status_code == 200
    assert signer.step("consent", version="1").status_code == 200
    assert signer.finish(signer.prepare().json()["attributes"]).status_code == 200
    said = json.loads(signer.visit.get(f"{signer.path}/evidence.json").content)
    assert (said["occasion"], said["witness"]) == ("link", None)


def test_three_failed_checks_lock_and_are_told(shared: DeviceOffice) -> None:
    signer = Signer(shared.web.stranger(), shared.link("HN0001"), Device())
    wrong = [("HN0001", "0021"), ("HN0002", "002X"), ("", "")]
    for staff_no, last_four in wrong[:MOST_TRIES]:
        assert signer.step("check", staff_no=staff_no, last_four=last_four).status_code == 403
    assert signer.step("check", staff_no="HN0001", last_four="002X").status_code == 403
    newest = shared.web.office.signings.recent()[0]
    assert newest.stage is Stage.LOCKED
    assert "核对失败三次" in shared.web.visit(Role.OFFICER).get("/desk", {"Accept-Language": "zh"}).text


def test_a_link_without_id_number_on_record_is_not_made(shared: DeviceOffice) -> None:
    values = {"batch": shared.batch.id, "document": shared.document("HN0002")}
    assert shared.web.visit(Role.OFFICER).post("/desk/links", values).status_code == 409


def test_tokens_are_long_and_stand_nowhere(shared: DeviceOffice) -> None:
    path = shared.link("HN0003")
    token = path.removeprefix("/s/")
    assert len(token) == 43  # 256 bits in base64
    database = shared.web.office.home.database
    files = [database, database.with_name("office.db-wal")]
    assert all(token.encode() not in file.read_bytes() for file in files if file.exists())


def test_an_unknown_link_is_not_there(shared: DeviceOffice) -> None:
    stranger = shared.web.stranger()
    assert stranger.get(f"/s/{'x' * 43}").status_code == 404
    assert stranger.post(f"/s/{'x' * 43}/finish").status_code == 404


STEPS = ("check", "consent", "key", "prepare", "finish")


def signed(office: DeviceOffice) -> Signer:
    signer = at_desk(office, "HN0001")
    assert signer.sign().status_code == 200
    return signer


def test_a_used_token_does_nothing_more(office: DeviceOffice) -> None:
    signer = signed(office)
    before = office.file("HN0001").read_bytes()
    assert [signer.step(step).status_code for step in STEPS] == [403] * len(STEPS)
    stranger = office.web.stranger()
    assert stranger.get(signer.path).status_code == 403
    for part in ("done", "document.pdf", "evidence.json", "pages/1.png"):
        assert stranger.get(f"{signer.path}/{part}").status_code == 403
    assert office.file("HN0001").read_bytes() == before
    assert office.web.office.signings.recent()[0].trouble  # the officer is told


def test_anothers_act_is_refused_and_told(shared: DeviceOffice) -> None:
    signer = at_desk(shared, "HN0002")
    signer.read()
    other = Signer(shared.web.stranger(), signer.path, Device())
    assert other.visit.get(signer.path).status_code == 403
    assert [other.step(step).status_code for step in STEPS] == [403] * len(STEPS)
    assert other.visit.get(f"{signer.path}/pages/1.png").status_code == 403
    assert shared.web.office.signings.recent()[0].trouble == "another"
    assert signer.visit.get(signer.path).status_code == 200  # and its own person goes on


def test_an_expired_act_is_refused(shared: DeviceOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = at_desk(shared, "HN0002")
    office = shared.web.office
    later = office.clock() + timedelta(hours=1)
    newest = office.signings.recent()[0]
    assert not newest.is_open(later)
    with office.database.writing() as connection:
        connection.execute("UPDATE signings SET expires = issued WHERE id = ?", (newest.id,))
    assert signer.visit.get(signer.path).status_code == 403
    assert signer.step("check").status_code == 403
    assert office.signings.recent()[0].trouble == "expired"


def test_a_cancelled_act_is_refused(shared: DeviceOffice) -> None:
    signer = at_desk(shared, "HN0002")
    signer.read()
    number = shared.web.office.signings.recent()[0].id
    assert shared.web.visit(Role.OFFICER).post(f"/desk/{number}/cancel").status_code == 303
    assert signer.step("consent", version="1").status_code == 403


def test_a_new_act_ends_the_one_before(shared: DeviceOffice) -> None:
    first = at_desk(shared, "HN0002")
    at_desk(shared, "HN0002")
    assert first.visit.get(first.path).status_code == 403


def test_nothing_is_signed_unread(shared: DeviceOffice) -> None:
    signer = at_desk(shared, "HN0002")
    assert signer.step("check").status_code == 303
    assert signer.step("consent", version="1").status_code == 409
    assert signer.step("key", key="").status_code == 409
    assert signer.step("prepare").status_code == 409
    assert signer.step("finish").status_code == 409


DRAWINGS = {
    "empty": json.dumps({"width": 6000, "height": 2400, "strokes": []}),
    "one dot": json.dumps({"width": 6000, "height": 2400, "strokes": [[[3000, 1200, 500, 0]]]}),
    "nothing": "",
    "too much": "[" * 300_000,
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_what_is_no_signature_is_refused(shared: DeviceOffice, name: str) -> None:
    signer = at_desk(shared, "HN0002")
    signer.agree()
    answer = signer.prepare(DRAWINGS[name])
    assert (answer.status_code, answer.json()["problem"]) == (422, "drawing")


def test_strokes_of_another_document_are_refused(office: DeviceOffice) -> None:
    assert at_desk(office, "HN0001").sign(drawing_of(7)).status_code == 200
    thief = at_desk(office, "HN0002")
    thief.agree()
    answer = thief.prepare(drawing_of(7))
    assert (answer.status_code, answer.json()["problem"]) == (422, "drawing")
    assert thief.prepare(drawing_of(8)).status_code == 200


def test_a_key_that_the_device_does_not_hold_is_refused(shared: DeviceOffice) -> None:
    signer = at_desk(shared, "HN0002")
    signer.agree()
    answer = signer.prepare(drawing_of(1), device=Device())
    assert (answer.status_code, answer.json()["problem"]) == (422, "again")


def test_a_file_exchanged_between_preview_and_signing_is_refused(office: DeviceOffice) -> None:
    for step in ("read", "prepared"):
        signer = at_desk(office, "HN0002")
        signer.agree()
        attributes = signer.prepare(drawing_of(2)).json()["attributes"] if step == "prepared" else ""
        path, data = office.file("HN0002"), office.file("HN0002").read_bytes()
        path.write_bytes(office.file("HN0003").read_bytes())
        if attributes:
            assert signer.finish(attributes).status_code == 422
        else:
            assert signer.step("key", key="").status_code == 422
            assert signer.visit.get(signer.path).status_code == 403
        path.write_bytes(data)


def test_two_tabs_sign_once(office: DeviceOffice) -> None:
    first = at_desk(office, "HN0001")
    first.agree()
    second = Signer(first.visit, first.path, Device())
    early = first.prepare(drawing_of(3)).json()["attributes"]
    late = second.prepare(drawing_of(4)).json()["attributes"]
    assert first.finish(early).status_code == 422  # the other tab's key is the certified one now
    assert second.finish(late).status_code == 200
    assert second.finish(late).status_code == 403
    report = verify_bytes("pledge.pdf", office.file("HN0001").read_bytes(), office.options)
    assert len(report.signatures) == 2


def test_a_server_that_ended_before_recording_goes_on(
    office: DeviceOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = at_desk(office, "HN0001")
    signer.agree()
    attributes = signer.prepare().json()["attributes"]
    with monkeypatch.context() as patch:
        patch.setattr(signing_act, "record_device_signature", _end)
        assert signer.finish(attributes).status_code == 500
    before = verify_bytes("pledge.pdf", office.file("HN0001").read_bytes(), office.options)
    assert len(before.signatures) == 1
    office.web.visit(Role.DESK).get("/desk")  # whoever looks next lets it go on
    assert office.web.office.signings.recent()[0].stage is Stage.SIGNED
    after = verify_bytes("pledge.pdf", office.file("HN0001").read_bytes(), office.options)
    assert after.verdict is Verdict.VALID
    assert signer.visit.get(f"{signer.path}/done").status_code == 200


def _end(*_arguments: object, **_more: object) -> Path:
    raise RuntimeError("the server ends here")


def test_strokes_are_kept_encrypted(office: DeviceOffice) -> None:
    signer = signed(office)
    kept = office.web.office.home.signing / office.web.office.signings.recent()[0].id
    held = b"".join(path.read_bytes() for path in kept.iterdir())
    assert (kept / "strokes.p7m").is_file()
    assert b'"strokes"' not in held
    assert b"document_sha256" not in held
    assert signer.path.removeprefix("/s/").encode() not in held


def test_only_officers_make_links(shared: DeviceOffice) -> None:
    values = {"batch": shared.batch.id, "document": shared.document("HN0001")}
    asks: list[Callable[[], int]] = [
        lambda role=role: shared.web.visit(role).post("/desk/links", values).status_code  # type: ignore[misc]
        for role in (Role.DESK, Role.READER, Role.INSPECTOR)
    ]
    assert [ask() for ask in asks] == [403, 403, 403]
    assert shared.web.visit(Role.READER).get("/desk").status_code == 403


def test_unknown_documents_are_not_there(shared: DeviceOffice) -> None:
    visit = shared.web.visit(Role.DESK)
    unknown = {"batch": shared.batch.id, "document": "0" * 32}
    assert visit.post("/desk/here", unknown).status_code == 404
    assert visit.post("/desk/here", {"batch": "nobody", "document": "0" * 32}).status_code == 404
    assert visit.post("/desk/nobody/cancel").status_code == 404


def test_every_act_is_on_the_audit(office: DeviceOffice) -> None:
    signed(office)
    acts = [entry.act for entry in office.web.office.audit.entries()]
    for act in ("sign-issue", "sign-open", "sign-consent", "sign"):
        assert act in {each.act for each in acts}
    assert not any(re.search("002X|HN0001|张伟", each.subject) for each in acts)
