"""A finished batch, and somebody who can write its folder and has the program, but not the register's key."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.chain.hashing import genesis_hash, link_hash
from agreegen.cli.main import run as agreegen
from agreegen.errors import AgreegenError
from agreegen.model.document import canonical_json
from agreegen.pki.signer_pin import fingerprint
from agreegen.register.migrations import compute_derived
from agreegen.signing.credentials.loading import load_credential
from tests.integration.batch_support import PEOPLE, make_pki, write_job, write_roster

ALONE = RunSettings(workers=1)
MORE = """  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml", missing: leave-open}
register_credential: pki/credentials/archive-seal.yaml
"""


def finish_job(folder: Path) -> Path:
    """A job run twice, one document of which was replaced and one signed on paper."""
    pki = make_pki(folder.parent / "pki")
    job = write_job(folder, pki, more=MORE)
    run_job(job, ALONE)
    write_roster(folder, [*PEOPLE, "T004,赵六,,某县普查办,否"])
    run_job(job, ALONE)
    Image.new("1", (60, 80), 1).save(folder / "scan.png")
    line = ["register", "add-paper", "--register", str(job.register_file), "--staff-no", "T004", "--scan"]
    assert agreegen([*line, str(folder / "scan.png"), "--by", "王主任"]) == 0
    return folder


def is_found(job: Job, *more: str) -> bool:
    """Whether the verification says so; a register that cannot even be opened is found, too."""
    trust = job.path.parent / "pki/trust"
    line = ["register", "verify", "--register", str(job.register_file), "--trust", str(trust)]
    return agreegen([*line, "--signer", pin(job), *more]) != 0


def pin(job: Job) -> str:
    credential = load_credential(job.path.parent / "pki/credentials/archive-seal.yaml")
    credential.close()
    return fingerprint(credential.certificate_der)


def office_goes_on(job: Job) -> None:
    """What an honest officer does next; most attempts stop her."""
    try:
        run_job(read_job(job.path), ALONE)
    except AgreegenError:
        return


class Outsider:
    """Changes a register as whoever can write its file."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.db = sqlite3.connect(job.register_file, isolation_level=None)

    def close(self) -> None:
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()

    def run(self, statement: str, *values: object) -> None:
        self.db.execute(statement, values)

    def events(self) -> list[tuple[int, str, str, str, str | None, str | None, str]]:
        rows = self.db.execute(
            "SELECT seq, at, kind, document, role, sha256, details FROM events ORDER BY seq"
        )
        return list(rows)

    def drop(self, kinds: set[str]) -> None:
        """Remove events of some kinds and number the rest anew."""
        left = [row for row in self.events() if row[2] not in kinds]
        self.run("DELETE FROM events")
        for number, row in enumerate(left, 1):
            self.db.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?)", (number, *row[1:], b""))

    def edit(self, kind: str, change: Callable[[dict[str, object]], None]) -> None:
        """Change the facts of all events of a kind."""
        for row in self.events():
            if row[2] == kind:
                facts = json.loads(row[6])
                change(facts)
                self.run(
                    "UPDATE events SET details = ? WHERE seq = ?", canonical_json(facts).decode(), row[0]
                )

    def append(self, kind: str, document: str, facts: dict[str, object], digest: str | None = None) -> None:
        last = self.events()[-1]
        row = (last[0] + 1, last[1], kind, document, None, digest, canonical_json(facts).decode(), b"")
        self.db.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?)", row)

    def rechain(self) -> None:
        """Compute all hashes anew."""
        meta = dict(self.db.execute("SELECT key, value FROM meta"))
        public = {key: value for key, value in meta.items() if not key.startswith("tip-")}
        tip, rows = genesis_hash("register", public), self.events()
        for row in rows:
            tip = link_hash(tip, row)
            self.run("UPDATE events SET hash = ? WHERE seq = ?", tip, row[0])
        self.run("UPDATE meta SET value = ? WHERE key = 'tip-count'", str(len(rows)))
        self.run("UPDATE meta SET value = ? WHERE key = 'tip-hash'", tip.hex())
        self.run("UPDATE documents SET hashes = hashes")

    def project(self) -> None:
        """Compute the tables anew that follow from the events, as the program would."""
        self.run("DELETE FROM documents")
        self.run("DELETE FROM scans")
        compute_derived(self.db, self.db)
