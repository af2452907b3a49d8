"""What an outsider changes for a while: the office's command must not build on it, nor sign over it.

A changed row is found as long as it stands there. Put back after an honest command has read it, nothing would
show, and what the command recorded would stand under the office's own head.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import struct
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from agreegen.archive.create import create_bag
from agreegen.archive.interface import BagRequest
from agreegen.batch.interface import Job
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.errors import RegisterError
from agreegen.files import sha256_of
from agreegen.recording.signer import CredentialSigner
from agreegen.register.store import Register
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential
from tests.integration.batch_support import clock, write_roster
from tests.integration.outsider_support import ALONE, Outsider, is_found


def _made_elsewhere(job: Job) -> bytes:
    """Return the pledge of T003 as nobody has signed it yet, made by whoever has the program."""
    other = job.path.parent.parent / "other"
    shutil.copytree(job.path.parent, other, symlinks=True, ignore=shutil.ignore_patterns("out"))
    text = (other / "job.yaml").read_text("utf-8")
    (other / "job.yaml").write_text(
        re.sub(r"signatures:\n(  - .*\n)+register_credential.*\n", "signatures: []\n", text), "utf-8"
    )
    run_job(read_job(other / "job.yaml"), ALONE)
    return next((other / "out").rglob("T003.pdf")).read_bytes()


def test_a_run_signs_no_file_that_a_changed_row_names(job: Job) -> None:
    (file,) = job.output.rglob("T003.pdf")
    foreign = _made_elsewhere(job)
    outsider = Outsider(job)
    outsider.run(
        "UPDATE documents SET sha256 = ?, hashes = ?, fulfilled = '{}', size = ? WHERE staff_no = 'T003'",
        sha256_of(foreign),
        json.dumps({"rendered": sha256_of(foreign)}),
        len(foreign),
    )
    outsider.close()
    file.write_bytes(foreign)
    with pytest.raises(RegisterError, match="its row does not follow from its events"):
        run_job(read_job(job.path), ALONE)
    assert file.read_bytes() == foreign, "nothing was signed"


def _swap_numbers(outsider: Outsider) -> None:
    outsider.run("UPDATE documents SET staff_no = 'T00X' WHERE staff_no = 'T002'")
    outsider.run("UPDATE documents SET staff_no = 'T002' WHERE staff_no = 'T003'")
    outsider.run("UPDATE documents SET staff_no = 'T003' WHERE staff_no = 'T00X'")


def _index_without_a_row(outsider: Outsider) -> None:
    """Looking up by row key finds nobody, while the table still has her."""
    sql = "CREATE INDEX documents_row_key ON documents (row_key)"
    outsider.run("PRAGMA writable_schema = ON")
    outsider.run(
        "UPDATE sqlite_schema SET sql = ? WHERE name = 'documents_row_key'",
        f"{sql} WHERE staff_no <> 'T001'",
    )
    outsider.run("PRAGMA writable_schema = RESET")
    outsider.run("REINDEX documents_row_key")
    outsider.run("PRAGMA writable_schema = ON")
    outsider.run("UPDATE sqlite_schema SET sql = ? WHERE name = 'documents_row_key'", sql)
    outsider.run("PRAGMA writable_schema = OFF")


def _event_without_its_hash(outsider: Outsider) -> None:
    outsider.run("UPDATE events SET details = '{}' WHERE kind = 'verified' AND seq < 9")


def _older_head(outsider: Outsider) -> None:
    outsider.run("UPDATE heads SET signature = x'00' WHERE seq = (SELECT min(seq) FROM heads)")


CHANGED = (_swap_numbers, _index_without_a_row, _event_without_its_hash, _older_head)


@pytest.mark.parametrize("change", CHANGED)
def test_nobody_writes_to_a_register_that_was_changed_for_a_while(
    job: Job, change: object, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = job.register_file.read_bytes()
    outsider = Outsider(job)
    assert callable(change)
    change(outsider)
    outsider.close()
    changed = _events(job)
    register = ["--register", str(job.register_file)]
    scan, bag = str(job.path.parent / "scan.png"), job.path.parent / "bag"
    seal = str(job.path.parent / "pki/credentials/archive-seal.yaml")
    lines = [
        ["batch", "run", str(job.path), "--workers", "1"],
        ["register", "retract", *register, "--staff-no", "T004", "--reason", "另一人的", "--by", "王主任"],
        ["register", "add-paper", *register, "--staff-no", "T002", "--scan", scan],
        ["archive", "create", str(job.output), "-o", str(bag), "--credential", seal],
        ["batch", "print", str(job.path), "-o", str(job.path.parent / "print.pdf"), "--all"],
        ["register", "change-signer", *register, "--to", seal],
    ]
    for line in lines:
        assert agreegen(line) == 7, line
        assert "changed" in capsys.readouterr().err
        assert _events(job) == changed
    with pytest.raises(RegisterError, match="changed"):
        _bag_of_what_can_only_be_read(job, bag)
    assert not bag.exists()
    job.register_file.write_bytes(kept)
    assert not is_found(job)
    write_roster(job.path.parent, ["T001,王秀英,11010519491231002X,某市普查办,否"])
    assert agreegen(lines[0]) == 0, "put back, the office goes on"


def _bag_of_what_can_only_be_read(job: Job, bag: Path) -> None:
    credential = load_credential(job.path.parent / "pki/credentials/archive-seal.yaml")
    try:
        create_bag(BagRequest(job.output, bag, credential, clock()))
    finally:
        credential.close()


def test_the_ledger_rests_on_no_register_that_was_changed_for_a_while(job: Job) -> None:
    """Its entry would name a document as signed that nobody has signed, and no ledger looks there again."""
    kept = job.register_file.read_bytes()
    outsider = Outsider(job)
    (row,) = outsider.db.execute("SELECT id FROM documents WHERE staff_no = 'T001'").fetchall()
    outsider.run("UPDATE documents SET fulfilled = '{}' WHERE staff_no = 'T002'")
    outsider.close()
    seal = job.path.parent / "pki/credentials/archive-seal.yaml"
    ledger = job.path.parent / "office/ledger.db"
    line = ["ledger", "add", "--ledger", str(ledger), "--credential", str(seal), "--office", "普查办"]
    line += ["--kind", "收文", "--item", "A-1", "--title", "通知", "--giver", "省普查办"]
    line += ["--receiver", "张伟", "--signature", f"document:{row[0]}", "--register", str(job.register_file)]
    assert agreegen(line) == 7
    assert not ledger.exists()
    job.register_file.write_bytes(kept)
    assert agreegen(line) == 0


def test_names_alone_are_not_the_office(job: Job) -> None:
    """Anybody can write the office's names into a certificate that no authority has signed."""
    made_up = _certificate_of_the_same_names(job)
    outsider = Outsider(job)
    outsider.run("UPDATE events SET details = replace(details, '某县普查办', '别的单位')")
    outsider.run("DELETE FROM heads")
    outsider.drop({"head"})
    outsider.rechain()
    outsider.project()
    outsider.close()
    with Register.open(job.register_file) as register:
        register.record_many([], now=clock(), signer=CredentialSigner(made_up, clock()))
    made_up.close()
    before = _events(job)
    assert is_found(job)
    with pytest.raises(RegisterError, match="is signed by"):
        run_job(read_job(job.path), ALONE)
    assert _events(job) == before


def _certificate_of_the_same_names(job: Job) -> Credential:
    office = load_credential(job.path.parent / "pki/credentials/archive-seal.yaml")
    model, key = (
        x509.load_der_x509_certificate(office.certificate_der),
        ec.generate_private_key(ec.SECP256R1()),
    )
    office.close()
    builder = (
        x509.CertificateBuilder(model.issuer, model.subject, key.public_key(), model.serial_number)
        .not_valid_before(model.not_valid_before_utc)
        .not_valid_after(model.not_valid_after_utc)
    )
    folder = job.path.parent / "made-up"
    folder.mkdir()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    (folder / "cert.pem").write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    (folder / "c.yaml").write_text("kind: pem\nkey: key.pem\ncertificate: cert.pem\n")
    return load_credential(folder / "c.yaml")


def test_no_heads_are_no_knowledge(job: Job, tmp_path: Path) -> None:
    """Somebody who can write the bags as well leaves nothing in there to compare with."""
    (tmp_path / "heads.json").write_text("[]")
    assert is_found(job, "--known", str(tmp_path / "heads.json"))


def test_opening_a_register_removes_no_file_of_its_reader(job: Job, tmp_path: Path) -> None:
    """A rollback journal beside it names a super-journal, which SQLite removes once it has obeyed it."""
    private = tmp_path / "private.pem"
    private.write_bytes(b"the officer's own key\0")
    database = job.register_file
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    database.with_name("register.db-journal").write_bytes(
        _journal(database.read_bytes(), str(private).encode())
    )
    before = database.read_bytes()
    assert is_found(job)
    line = ["--register", str(database), "--roster", str(job.path.parent / "people.csv")]
    assert agreegen(["register", "coverage", *line]) == 7
    with pytest.raises(RegisterError, match="rollback journal"):
        run_job(read_job(job.path), ALONE)
    assert private.exists()
    assert database.read_bytes() == before


def _journal(database: bytes, super_journal: bytes) -> bytes:
    """Return a rollback journal with the first page and a super-journal's name (SQLite, file format, 3)."""
    size = int.from_bytes(database[16:18], "big")
    magic, page = bytes.fromhex("d9d505f920a163d7"), database[:size]
    header = magic + struct.pack(">IIIII", 1, 0, len(database) // size, 512, size)
    total = sum(page[index] for index in range(size - 200, 0, -200))
    record = struct.pack(">I", 1) + page + struct.pack(">I", total)
    named = struct.pack(">I", 0x40000000 // size + 1) + super_journal
    return (
        header.ljust(512, b"\0")
        + record
        + named
        + struct.pack(">II", len(super_journal), sum(super_journal))
        + magic
    )


def _events(job: Job) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(job.register_file)
    found = connection.execute("SELECT * FROM events ORDER BY seq").fetchall()
    connection.close()
    return found
