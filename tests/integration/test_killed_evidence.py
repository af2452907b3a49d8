"""What a command leaves that is killed while it writes beside or into a bag."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from agreegen import files
from agreegen.archive.evidence.store import write_evidence
from agreegen.archive.evidence.values import EVIDENCE_FOLDER, BagEvidence
from agreegen.errors import UsageError

_KILLED = 9


def _write_and_die(bag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write evidence in a process that ends before the first file has its name."""
    process = os.fork()
    if process == 0:
        monkeypatch.setattr(files, "_sync_file", lambda _path: os._exit(_KILLED))
        write_evidence(bag, BagEvidence(()), certificates={}, crls=(b"list",))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == _KILLED


def test_a_half_file_of_evidence_lies_beside_the_bag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bag = tmp_path / "bag"
    bag.mkdir()
    _write_and_die(bag, monkeypatch)
    assert [path.name for path in bag.rglob("*") if path.is_file()] == []
    assert len(list(tmp_path.glob(".agreegen-new-*"))) == 1
    write_evidence(bag, BagEvidence(()), certificates={}, crls=(b"list",))
    assert len(list((bag / EVIDENCE_FOLDER / "crls").iterdir())) == 1


def test_who_is_refused_clears_what_a_killed_command_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / ".agreegen-closed-abc").mkdir()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 60)
    with pytest.raises(UsageError):
        files.refuse_existing(tmp_path / "closed", force=False)
    assert list(tmp_path.iterdir()) == [tmp_path / "closed"]
