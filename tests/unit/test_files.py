"""Reading what somebody named: never without end, never waiting for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agreegen import files
from agreegen.files import read_limited


def test_a_file_is_read_to_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 100)
    assert read_limited(file, 100) == b"x" * 100
    with pytest.raises(OSError, match="more than 99 bytes"):
        read_limited(file, 99)


def test_devices_and_folders_are_refused(tmp_path: Path) -> None:
    for name in ("/dev/zero", "/dev/urandom", "/dev/null"):
        with pytest.raises(OSError, match="device"):
            read_limited(Path(name), 1000)
    with pytest.raises(IsADirectoryError):
        read_limited(tmp_path, 1000)


def test_a_pipe_is_read_and_a_silent_one_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(files, "_SILENCE_S", 0.2)
    handle = os.open(pipe, os.O_RDWR)
    try:
        with pytest.raises(OSError, match="nothing comes"):
            read_limited(pipe, 1000)
    finally:
        os.close(handle)
    monkeypatch.setattr(files, "_SILENCE_S", 5)
    ours, theirs = os.pipe()
    os.write(theirs, b"secret")
    os.close(theirs)
    assert read_limited(Path(f"/dev/fd/{ours}"), 1000) == b"secret"
    os.close(ours)
