"""Whoever has the folder, the program and any trusted key but the pinned one: every change is found.

Each attempt changes a finished register or the files beside it as only its writer can, computes every hash
anew that needs no key, and tries to have the office itself sign over it. Found means: `register verify` with
`--trust` and `--signer` says so, and says so still after whatever the office's own run does about it. Only a
return to an earlier signed state passes, which `--known` finds.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from agreegen.batch.interface import Job
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.errors import RegisterError
from agreegen.files import sha256_of, sha256_of_file
from agreegen.model.document import canonical_json
from agreegen.recording.signer import CredentialSigner, identity_of
from agreegen.register.interface import EventDraft, EventKind
from agreegen.register.store import Register
from agreegen.signing.credentials.loading import load_credential
from tests.integration.batch_support import clock, write_roster
from tests.integration.outsider_support import ALONE, Outsider, is_found, office_goes_on


def _rename_one(outsider: Outsider) -> None:
    def change(facts: dict[str, object]) -> None:
        known = facts["registration"]
        assert isinstance(known, dict)
        if known["staff_no"] == "T001":
            known |= {"name": "别人", "unit": "别的单位"}

    outsider.edit("rendered", change)


def _changed_in_place(outsider: Outsider) -> None:
    _rename_one(outsider)
    outsider.rechain()
    outsider.project()


def _heads_removed(outsider: Outsider) -> None:
    _changed_in_place(outsider)
    outsider.run("DELETE FROM heads")
    outsider.drop({"head", "signer"})
    outsider.rechain()


def _heads_and_signatures_removed(outsider: Outsider) -> None:
    _heads_removed(outsider)
    outsider.drop({"signed", "paper"})
    outsider.rechain()
    outsider.project()


def _heads_removed_signer_left(outsider: Outsider) -> None:
    _changed_in_place(outsider)
    outsider.run("DELETE FROM heads")
    outsider.drop({"head"})
    outsider.rechain()


def _signed_with_another_key(outsider: Outsider) -> None:
    _heads_removed(outsider)
    credential = load_credential(outsider.job.path.parent / "pki/credentials/people/T002.yaml")
    with Register.open(outsider.job.register_file) as register:
        register.record_many([], now=clock(), signer=CredentialSigner(credential, clock()))
    credential.close()


def _paper_invented(outsider: Outsider) -> None:
    (row,) = outsider.db.execute("SELECT id FROM documents WHERE staff_no = 'T003'").fetchall()
    scan = outsider.job.output / "scans/invented.png"
    scan.parent.mkdir(exist_ok=True)
    Image.new("1", (61, 81), 1).save(scan)
    facts = {"roles": ["pledger"], "accepted_by": "王主任", "automatic": False}
    file = {"path": "scans/invented.png", "sha256": sha256_of_file(scan), "pages": 1}
    scans = [file | {"source_sha256": None, "source_page": None}]
    outsider.append("paper", row[0], facts | {"scans": scans})
    outsider.rechain()
    outsider.project()


def _document_of_another_batch(outsider: Outsider) -> None:
    """A sound pledge of the same office from elsewhere takes the place of the present one."""
    (row,) = outsider.db.execute("SELECT id, sha256 FROM documents WHERE staff_no = 'T003'").fetchall()
    outsider.append("superseded", row[0], {"by": "f" * 32})
    outsider.append("verified", row[0], {}, row[1])
    outsider.rechain()
    outsider.project()


def _only_the_table(outsider: Outsider) -> None:
    outsider.run("UPDATE documents SET fulfilled = (SELECT fulfilled FROM documents WHERE staff_no = 'T001')")


def _last_event_in_the_future(outsider: Outsider) -> None:
    """The event that records the last head stands under no signature; later events never run backwards."""
    last = outsider.events()[-1]
    later = (datetime.fromisoformat(last[1]) + timedelta(days=9000)).isoformat().replace("+00:00", "Z")
    outsider.run("UPDATE events SET at = ? WHERE seq = ?", later, last[0])
    outsider.rechain()


def _last_event_says_more(outsider: Outsider) -> None:
    last = outsider.events()[-1]
    facts = json.loads(last[6]) | {"note": "经局长批准"}
    outsider.run("UPDATE events SET details = ? WHERE seq = ?", canonical_json(facts).decode(), last[0])
    outsider.rechain()


def _last_head_names_another_credential(outsider: Outsider) -> None:
    """What the head is called stands in no signature: neither in its own, nor under another one."""
    last = outsider.events()[-1]
    facts = json.loads(last[6]) | {"signer": "局长印"}
    outsider.run("UPDATE events SET details = ? WHERE seq = ?", canonical_json(facts).decode(), last[0])
    outsider.run("UPDATE heads SET signer = '局长印' WHERE seq = ?", last[0])
    outsider.rechain()


def _an_empty_one_in_its_place(outsider: Outsider) -> None:
    """As if nothing had been made yet; nobody has signed that."""
    outsider.close()
    shutil.rmtree(outsider.job.output)
    Register.open(outsider.job.register_file, create=True, now=clock()).close()
    outsider.db = sqlite3.connect(outsider.job.register_file, isolation_level=None)


def _another_secret(outsider: Outsider) -> None:
    outsider.run("UPDATE meta SET value = ? WHERE key = 'secret'", "ab" * 32)
    outsider.rechain()


def _stored_as_another_type(outsider: Outsider) -> None:
    outsider.run("PRAGMA writable_schema = ON")
    outsider.run("UPDATE sqlite_schema SET sql = replace(sql, ' STRICT', '') WHERE name = 'events'")
    outsider.run("PRAGMA writable_schema = OFF")


def _trigger(outsider: Outsider) -> None:
    outsider.run("CREATE TRIGGER t AFTER INSERT ON events BEGIN UPDATE documents SET unit = '别的单位'; END")


def _view_for_a_table(outsider: Outsider) -> None:
    outsider.run("ALTER TABLE scans RENAME TO scans_of_old")
    outsider.run("CREATE VIEW scans AS SELECT * FROM scans_of_old WHERE 0")


def _index_without_a_row(outsider: Outsider) -> None:
    """Looking up by number finds nobody, while the table still has her."""
    outsider.run("PRAGMA writable_schema = ON")
    sql = "CREATE INDEX documents_staff_no ON documents (staff_no)"
    outsider.run(
        "UPDATE sqlite_schema SET sql = ? WHERE name = 'documents_staff_no'",
        f"{sql} WHERE staff_no <> 'T001'",
    )
    outsider.run("PRAGMA writable_schema = RESET")
    outsider.run("REINDEX documents_staff_no")
    outsider.run("PRAGMA writable_schema = ON")
    outsider.run("UPDATE sqlite_schema SET sql = ? WHERE name = 'documents_staff_no'", sql)
    outsider.run("PRAGMA writable_schema = OFF")


def _files_swapped(outsider: Outsider) -> None:
    one, two = (next(outsider.job.output.rglob(f"T00{n}.pdf")) for n in (1, 2))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def _file_behind_a_link(outsider: Outsider) -> None:
    file = next(outsider.job.output.rglob("T001.pdf"))
    away = outsider.job.path.parent / "away.pdf"
    shutil.move(file, away)
    file.symlink_to(away)


def _scan_behind_a_link(outsider: Outsider) -> None:
    scans = outsider.job.output / "scans"
    shutil.move(scans, outsider.job.path.parent / "elsewhere")
    scans.symlink_to(outsider.job.path.parent / "elsewhere")


def _scan_removed(outsider: Outsider) -> None:
    next((outsider.job.output / "scans").glob("*.png")).unlink()


def _file_added_in_capitals(outsider: Outsider) -> None:
    file = next(outsider.job.output.rglob("T001.pdf"))
    shutil.copyfile(file, file.with_name("t001.PDF"))


def _file_added_behind_a_dot(outsider: Outsider) -> None:
    file = next(outsider.job.output.rglob("T001.pdf"))
    (file.parent / ".hidden").mkdir()
    shutil.copyfile(file, file.parent / ".hidden/T009.pdf")


def _register_of_another_job(outsider: Outsider) -> None:
    """The same office, the same signer, another batch."""
    folder = outsider.job.path.parent
    other = folder.parent / "other"
    shutil.copytree(folder, other, symlinks=True, ignore=shutil.ignore_patterns("out"))
    write_roster(other, ["T001,王秀英,,某市普查办,否"])
    run_job(read_job(other / "job.yaml"), ALONE)
    outsider.close()
    shutil.copyfile(other / "out/register.db", outsider.job.register_file)
    outsider.db = sqlite3.connect(outsider.job.register_file, isolation_level=None)


def _register_removed(outsider: Outsider) -> None:
    outsider.close()
    for path in outsider.job.output.glob("register.db*"):
        path.unlink()
    outsider.db = sqlite3.connect(":memory:")


def _log_left_beside(outsider: Outsider) -> None:
    """A change that stands in the write-ahead log only, as after a crash."""
    outsider.run("PRAGMA journal_mode = WAL")
    outsider.run("PRAGMA wal_autocheckpoint = 0")
    outsider.run("UPDATE documents SET unit = '别的单位' WHERE staff_no = 'T001'")
    beside = [Path(f"{outsider.job.register_file}{end}") for end in ("-wal", "-shm")]
    kept = [path.read_bytes() for path in beside]
    outsider.db.close()
    for path, data in zip(beside, kept, strict=True):
        path.write_bytes(data)
    outsider.db = sqlite3.connect(":memory:")


HEALED = {"file added in capitals", "file added behind a dot", "an empty one in its place"}
"""A run moves files that nobody registered into quarantine, with a warning; without any it begins anew."""
ATTEMPTS: dict[str, Callable[[Outsider], None]] = {
    name.strip("_").replace("_", " "): value
    for name, value in dict(globals()).items()
    if name.startswith("_") and getattr(value, "__annotations__", {}).get("outsider") == "Outsider"
}


def test_there_are_many_attempts() -> None:
    assert len(ATTEMPTS) >= 20


def test_the_honest_register_passes(job: Job) -> None:
    assert not is_found(job)
    office_goes_on(job)
    assert not is_found(job)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_is_found(job: Job, name: str) -> None:
    outsider = Outsider(job)
    try:
        ATTEMPTS[name](outsider)
    finally:
        outsider.close()
    assert is_found(job), "nothing is said of it"
    office_goes_on(job)
    assert is_found(job) is (name not in HEALED), "the office signed over it"


@pytest.mark.parametrize("seed", range(60))
def test_any_value_changed_and_all_hashes_computed_anew_is_found(job: Job, seed: int) -> None:
    """Any value of any event, whatever hashes follow from it without a key."""
    rng, outsider = random.Random(seed), Outsider(job)
    row = rng.choice(outsider.events())
    column = rng.choice(("at", "kind", "role", "sha256", "details", "document"))
    values = {
        "at": row[1].replace("Z", "1Z") if "." in row[1] else row[1].replace("Z", ".5Z"),
        "kind": rng.choice([k for k in ("rendered", "verified", "run", "signed") if k != row[2]]),
        "role": "unit" if row[4] is None else None,
        "sha256": sha256_of(os.urandom(4)),
        "details": canonical_json(json.loads(row[6]) | {"x": 1}).decode(),
        "document": "" if row[3] else "e" * 32,
    }
    outsider.run(f"UPDATE events SET {column} = ? WHERE seq = ?", values[column], row[0])
    outsider.rechain()
    outsider.close()
    assert is_found(job), (row, column)


def test_a_return_to_an_earlier_signed_state_is_what_known_finds(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    trust = ["--trust", str(job.path.parent / "pki/trust"), "--json"]
    assert agreegen(["register", "verify", "--register", str(job.register_file), *trust]) == 0
    code = json.loads(capsys.readouterr().out)["head"]["code"]
    outsider = Outsider(job)
    (last,) = outsider.db.execute(
        "SELECT max(seq) FROM heads WHERE seq < (SELECT max(seq) FROM heads)"
    ).fetchone()
    outsider.run("DELETE FROM events WHERE seq > ?", last)
    outsider.run("DELETE FROM heads WHERE seq > ?", last)
    outsider.rechain()
    outsider.project()
    outsider.close()
    assert not is_found(job)
    assert is_found(job, "--known", code)


def _begun_anew_by_another(job: Job, *, pin: bool) -> None:
    """Change the register, take all heads away, and sign it with a trusted key of another's."""
    outsider = Outsider(job)
    _heads_removed(outsider)
    outsider.project()
    outsider.close()
    credential = load_credential(job.path.parent / "pki/credentials/people/T002.yaml")
    with Register.open(job.register_file) as register:
        register.record_many([], now=clock(), signer=CredentialSigner(credential, clock()), pin=pin)
    credential.close()


def test_a_head_of_the_office_beside_a_chain_of_anothers_does_not_let_the_office_sign(job: Job) -> None:
    """The chain names no signer any more, so whoever signed a head may go on; an old head is laid beside it.

    Were the office to go on, the old head would have done its work and be taken away.
    """
    outsider = Outsider(job)
    (genuine,) = outsider.db.execute("SELECT * FROM heads ORDER BY seq LIMIT 1").fetchall()
    outsider.close()
    _begun_anew_by_another(job, pin=False)
    outsider = Outsider(job)
    outsider.run("INSERT INTO heads VALUES (?,?,?,?,?)", 1, *genuine[1:])
    outsider.close()
    assert is_found(job)
    with pytest.raises(RegisterError, match="is signed by"):
        run_job(read_job(job.path), ALONE)
    outsider = Outsider(job)
    outsider.run("DELETE FROM heads WHERE seq = 1")
    outsider.close()
    assert is_found(job)


def test_a_register_of_anothers_that_is_handed_over_to_the_office_is_found(job: Job) -> None:
    """Names can be written into an event without their key: the office never said that it takes it over."""
    _begun_anew_by_another(job, pin=True)
    office = load_credential(job.path.parent / "pki/credentials/archive-seal.yaml")
    other = load_credential(job.path.parent / "pki/credentials/people/T002.yaml")
    with Register.open(job.register_file) as register:
        named = [EventDraft(EventKind.SIGNER, details=identity_of(office.certificate_der).to_dict())]
        register.record_many(named, now=clock(), signer=CredentialSigner(other, clock()))
    office.close()
    other.close()
    assert is_found(job)
    with pytest.raises(RegisterError, match="who never said so"):
        run_job(read_job(job.path), ALONE)
    assert is_found(job)


def test_heads_of_another_before_anybody_was_named_are_found_with_a_pin(job: Job) -> None:
    """As a register of an earlier version may look: the office is named by its own next head only."""
    _begun_anew_by_another(job, pin=False)
    office = load_credential(job.path.parent / "pki/credentials/archive-seal.yaml")
    with Register.open(job.register_file) as register:
        register.record_many([], now=clock(), signer=CredentialSigner(office, clock()))
    office.close()
    assert is_found(job)
