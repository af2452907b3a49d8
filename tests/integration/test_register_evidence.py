"""The register against whoever can write to its folder and holds any trusted key but the pinned one."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.chain.hashing import genesis_hash, link_hash
from agreegen.cli.main import run as agreegen
from agreegen.errors import RegisterError
from agreegen.files import sha256_of, sha256_of_file
from agreegen.model.document import canonical_json
from agreegen.pki.signer_pin import fingerprint
from agreegen.recording.signer import CredentialSigner
from agreegen.register.interface import EventDraft, EventKind
from agreegen.register.store import Register
from agreegen.signing.credentials.loading import load_credential
from tests.integration.batch_support import PEOPLE, clock, make_pki, write_job, write_roster
from tests.integration.old_registers import take_back

ALONE = RunSettings(workers=1)
MORE = """  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml", missing: leave-open}
register_credential: pki/credentials/archive-seal.yaml
"""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("evidence") / "pki")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "job"
    run_job(write_job(folder, pki, more=MORE), ALONE)
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> Job:
    shutil.copytree(finished, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


def verify(job: Job, *more: object) -> int:
    line = ["register", "verify", "--register", job.register_file, "--trust", job.path.parent / "pki/trust"]
    return agreegen([str(part) for part in (*line, *more)])


def problems(job: Job, capsys: pytest.CaptureFixture[str], *more: object) -> set[str]:
    capsys.readouterr()
    verify(job, "--json", *more)
    return {problem["code"] for problem in json.loads(capsys.readouterr().out)["problems"]}


def pinned(job: Job) -> str:
    credential = load_credential(job.path.parent / "pki/credentials/archive-seal.yaml")
    credential.close()
    return fingerprint(credential.certificate_der)


def append_events(path: Path, drafts: list[EventDraft]) -> None:
    """Append events as somebody does who can write the file and has no key."""
    with Register.open(path) as register:
        register.record_many(drafts, now=clock())


def invented(job: Job, number: int) -> list[EventDraft]:
    """A made-up person whose file is a copy of another person's."""
    with Register.open(job.register_file, read_only=True) as register:
        model = register.current("staff:T001")
    assert model is not None
    source = job.output / model.registration.path
    known = model.registration
    path = f"documents/00001/X{number:03}.pdf"
    shutil.copyfile(source, job.output / path)
    made_up = type(known)(
        id=sha256_of(str(number).encode())[:32],
        form_id=known.form_id,
        form_version=known.form_version,
        template_sha256=known.template_sha256,
        row_key=f"staff:X{number:03}",
        name="虚构人",
        path=path,
        staff_no=f"X{number:03}",
    )
    digest = sha256_of_file(source)
    facts = {"credential": "unit-seal", "level": "B-B"}
    return [
        EventDraft(EventKind.RENDERED, made_up.id, sha256=digest, registration=made_up),
        EventDraft(EventKind.SIGNED, made_up.id, "unit", digest, facts),
        EventDraft(EventKind.SIGNED, made_up.id, "pledger", digest, facts),
        EventDraft(EventKind.VERIFIED, made_up.id, sha256=digest),
    ]


def test_an_honest_register_names_its_signer(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(job) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("signer: ")
    assert "any trusted person's would pass" in first
    assert verify(job, "--signer", pinned(job)) == 0
    assert "any trusted person's would pass" not in capsys.readouterr().out.splitlines()[0]


def test_invented_people_are_not_laundered(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """Fifty people appended behind the head, with copies of one file: no run signs that."""
    append_events(job.register_file, [draft for number in range(50) for draft in invented(job, number)])
    assert {"unsigned-tail", "file-of-another"} <= problems(job, capsys)
    before = job.register_file.read_bytes()
    with pytest.raises(RegisterError, match=r"not explained.*document"):
        run_job(job, ALONE)
    assert job.register_file.read_bytes() == before
    add = ["register", "add-paper", "--register", str(job.register_file), "--staff-no", "T003", "--scan"]
    Image.new("1", (60, 80), 1).save(job.path.parent / "scan.png")
    assert agreegen([*add, str(job.path.parent / "scan.png")]) == 7


def test_a_document_that_another_trusted_person_made_is_foreign(job: Job, tmp_path: Path, pki: Path) -> None:
    """The attacker has the program and an enumerator's key, and makes a sound document with it.

    In a register that names its signer nothing may stand behind the head at all; so it is an earlier one.
    """
    shutil.copytree(job.path.parent, tmp_path / "theirs", symlinks=True)
    theirs = tmp_path / "theirs/job.yaml"
    text = theirs.read_text().replace("unit-seal", "people/T001").replace("archive-seal", "people/T001")
    theirs.write_text(text)
    shutil.rmtree(tmp_path / "theirs/out")
    write_roster(tmp_path / "theirs", ["T009,王秀英,,某市普查办,否"])
    run_job(read_job(theirs), ALONE)
    with Register.open(tmp_path / "theirs/out/register.db", read_only=True) as register:
        row = register.current("staff:T009")
        assert row is not None
        digest, known = row.sha256, row.registration
    shutil.copyfile(tmp_path / "theirs/out" / known.path, job.output / "documents/00001/T009.pdf")
    take_back(job.register_file, job.path.parent / "pki/credentials/archive-seal.yaml")
    facts = {"credential": "unit-seal", "level": "B-B"}
    append_events(
        job.register_file,
        [
            EventDraft(EventKind.RENDERED, known.id, sha256=digest, registration=known),
            EventDraft(EventKind.SIGNED, known.id, "unit", digest, facts),
            EventDraft(EventKind.VERIFIED, known.id, sha256=digest),
        ],
    )
    with pytest.raises(RegisterError, match=r"unit was signed by.*as in no document"):
        run_job(job, ALONE)


@pytest.mark.parametrize("kind", ["retracted", "signer", "printed"])
def test_no_command_leaves_such_an_event(job: Job, kind: str) -> None:
    with Register.open(job.register_file, read_only=True) as register:
        row = register.current("staff:T001")
    assert row is not None
    facts = {"event": 3, "certificate_sha256": "00" * 32, "subject": "x", "issuer": "y"}
    document = "" if kind == "signer" else row.registration.id
    append_events(job.register_file, [EventDraft(EventKind(kind), document, details=facts)])
    with pytest.raises(RegisterError, match="no command leaves that"):
        run_job(job, ALONE)


def _rechain(path: Path, change: Callable[[sqlite3.Connection], None]) -> None:
    """Change the events and compute the whole chain anew, as whoever can write the file can."""
    connection = sqlite3.connect(path)
    change(connection)
    meta = dict(connection.execute("SELECT key, value FROM meta"))
    tip = genesis_hash("register", {key: value for key, value in meta.items() if not key.startswith("tip-")})
    rows = connection.execute(
        "SELECT seq, at, kind, document, role, sha256, details FROM events ORDER BY seq"
    ).fetchall()
    for row in rows:
        tip = link_hash(tip, row)
        connection.execute("UPDATE events SET hash = ? WHERE seq = ?", (tip, row[0]))
    values = [(str(len(rows)), "tip-count"), (tip.hex(), "tip-hash")]
    connection.executemany("UPDATE meta SET value = ? WHERE key = ?", values)
    connection.commit()
    connection.close()


def _without_heads(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM heads")
    kinds = ("head", "signer")
    connection.execute("DELETE FROM events WHERE kind IN (?, ?)", kinds)
    numbers = [seq for (seq,) in connection.execute("SELECT seq FROM events ORDER BY seq")]
    for new, old in enumerate(numbers, 1):
        connection.execute("UPDATE events SET seq = ? WHERE seq = ?", (new, old))
    connection.execute("UPDATE documents SET name = '别人' WHERE staff_no = 'T001'")
    for seq, details in connection.execute("SELECT seq, details FROM events WHERE kind = 'rendered'"):
        facts = json.loads(details)
        if facts["registration"]["staff_no"] == "T001":
            facts["registration"]["name"] = "别人"
            text = canonical_json(facts).decode()
            connection.execute("UPDATE events SET details = ? WHERE seq = ?", (text, seq))


def test_a_register_signed_anew_with_another_trusted_key(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    """An enumerator's key chains to the same anchor: only the pin tells."""
    _rechain(job.register_file, _without_heads)
    credential = load_credential(job.path.parent / "pki/credentials/people/T002.yaml")
    with Register.open(job.register_file) as register:
        fulfilled_events = register.event_count
        assert fulfilled_events > 0
        register.record_many([], now=clock(), signer=CredentialSigner(credential, clock()))
    credential.close()
    assert "other-signer" in problems(job, capsys, "--signer", pinned(job))
    assert verify(job, "--signer", pinned(job)) == 1
    with pytest.raises(RegisterError, match="is signed by"):
        run_job(job, ALONE)


def test_going_on_with_another_trusted_key_is_found_without_a_pin(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    credential = load_credential(job.path.parent / "pki/credentials/people/T002.yaml")
    with Register.open(job.register_file) as register:
        register.record_many([], now=clock(), signer=CredentialSigner(credential, clock()))
    credential.close()
    assert problems(job, capsys) == {"other-signer"}
    with pytest.raises(RegisterError, match="not signed by whom the register names"):
        run_job(job, ALONE)


def test_a_register_may_be_handed_over(job: Job, pki: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["register", "change-signer", "--register", str(job.register_file), "--to"]
    assert agreegen([*line, str(pki / "credentials/unit-seal.yaml")]) == 0
    with pytest.raises(RegisterError, match="is signed by"):
        run_job(job, ALONE)
    job.path.write_text(
        job.path.read_text().replace(
            "register_credential: pki/credentials/archive-seal",
            "register_credential: pki/credentials/unit-seal",
        )
    )
    assert run_job(read_job(job.path), ALONE).already_done == 3
    assert verify(job) == 0
    successor = load_credential(pki / "credentials/unit-seal.yaml")
    successor.close()
    assert verify(job, "--signer", fingerprint(successor.certificate_der)) == 0


def test_a_return_to_an_earlier_signed_state_is_what_known_finds(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    early = tmp_path / "early.db"
    shutil.copyfile(job.register_file, early)
    write_roster(job.path.parent, [*PEOPLE, "T004,王秀英,,某市普查办,否"])
    run_job(job, ALONE)
    capsys.readouterr()
    assert verify(job, "--json") == 0
    code = json.loads(capsys.readouterr().out)["head"]["code"]
    bag = tmp_path / "bag"
    seal = ["--credential", str(job.path.parent / "pki/credentials/archive-seal.yaml")]
    assert agreegen(["archive", "create", str(job.output), "-o", str(bag), *seal]) == 0
    assert verify(job, "--known", code, "--known", bag) == 0
    shutil.copyfile(early, job.register_file)
    for row in job.output.glob("documents/*/T004.pdf"):
        row.unlink()
    assert verify(job) == 0, "an earlier signed state is whole by itself"
    assert problems(job, capsys, "--known", code) == {"cut-off"}
    assert problems(job, capsys, "--known", bag) == {"cut-off"}
    assert verify(job, "--known", job.path) == 3
