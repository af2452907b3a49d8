"""The writer's lock: waited for and told, and refused where it is no lock."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from agreegen.chain.lock import is_locked, lock_folder
from agreegen.errors import RegisterError
from agreegen.messages import Message


def _hold(folder: str, seconds: float) -> None:
    with lock_folder(Path(folder)):
        Path(folder, "held").touch()
        time.sleep(seconds)


def test_a_writer_waits_for_another_one_and_says_so(tmp_path: Path) -> None:
    other = multiprocessing.get_context("spawn").Process(target=_hold, args=(str(tmp_path), 1.5))
    other.start()
    while not (tmp_path / "held").exists():
        time.sleep(0.02)
    told: list[Message | str] = []
    assert is_locked(tmp_path)
    with pytest.raises(RegisterError, match="another run"), lock_folder(tmp_path):
        pass
    with lock_folder(tmp_path, tell=told.append, wait_s=30):
        assert len(told) == 1
        assert "waiting" in str(told[0])
    other.join()
    assert not is_locked(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
def test_where_locks_do_not_work_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(RegisterError, match="locks do not work"), lock_folder(tmp_path, wait_s=30):
        pass


def test_locks_that_do_nothing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with pytest.raises(RegisterError, match="have no effect"), lock_folder(tmp_path):
        pass
