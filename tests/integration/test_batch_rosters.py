"""A roster that is edited between two runs: new, changed and removed rows at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agreegen.api.register_heads import head_judge
from agreegen.batch.interface import RunSettings
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.register.audit.service import verify_register
from agreegen.register.interface import DocumentState
from agreegen.register.store import Register
from agreegen.signing.trust import load_trust
from tests.integration.batch_support import (
    clock,
    documents_of,
    leftovers_of,
    make_pki,
    write_job,
    write_roster,
)

pytestmark = pytest.mark.libreoffice

BEFORE = [f"R{number:03},王秀英,,某市普查办,否" for number in range(6)]
AFTER = [*BEFORE[:3], "R003,王秀兰,,某市普查办,否", "R006,欧阳修,,某县普查办,否"]


@pytest.mark.parametrize("workers", [1, 2])
def test_new_changed_and_removed_rows(
    tmp_path: Path, workers: int, capsys: pytest.CaptureFixture[str]
) -> None:
    pki = make_pki(tmp_path / "pki")
    job = write_job(tmp_path, pki, BEFORE)
    settings = RunSettings(workers=workers, chunk_rows=2)
    assert run_job(job, settings).done == 6
    kept = {path: path.read_bytes() for path in documents_of(job) if path.stem != "R003"}
    roster = write_roster(tmp_path, AFTER)
    coverage = [
        "register",
        "coverage",
        "--register",
        str(job.register_file),
        "--roster",
        str(roster),
        "--json",
    ]
    summary = run_job(job, settings)
    assert (summary.done, summary.already_done, summary.superseded, summary.failed) == (2, 3, 1, 0)
    assert {path: path.read_bytes() for path in kept} == kept, "a removed row's document stays as it is"
    assert [path.stem for path in documents_of(job)] == [f"R{number:03}" for number in range(7)]
    capsys.readouterr()
    assert agreegen(coverage) == 1, "the unit has attested, but nobody has signed"
    told = json.loads(capsys.readouterr().out)
    left = [person["staff_no"] for person in told["people"] if person["state"] == "left"]
    assert sorted(left) == ["R004", "R005"]
    assert (told["summary"]["rows"], told["summary"]["signed"], told["summary"]["left"]) == (5, 0, 2)
    with Register.open(job.register_file, read_only=True) as register:
        current = register.current("staff:R003")
        [old] = register.documents(state=DocumentState.REPLACED)
    assert current is not None
    assert old.superseded_by == current.registration.id
    assert old.registration.name == "王秀英"
    check = head_judge(load_trust([pki / "trust"]), clock())
    assert verify_register(job.register_file, files_root=job.output, judge_head=check).problems == ()
    assert leftovers_of(job) == []
