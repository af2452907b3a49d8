"""What a killed command leaves is found and cleared by the next one; what another one uses is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreegen import files
from agreegen.files import clear_abandoned, write_atomically
from agreegen.temporary import OwnFolder, own_temporary_folder, shared_temporary_folder

_CHILD = """
import sys, time, tempfile
from pathlib import Path
from agreegen.files import replacing
from agreegen.temporary import OwnFolder, own_temporary_folder
top = Path(sys.argv[1])
with own_temporary_folder(), OwnFolder(top, "bag") as folder, replacing(top / "a.pdf"):
    (folder / "ids.json").write_text("110105194912310021")
    Path(tempfile.mkdtemp(prefix="pymp-"), "socket").write_text("x")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(files, "_SETTLING_S", 0.0)
    files._cleared.clear()
    yield
    files._cleared.clear()


@pytest.fixture
def child(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    line = [sys.executable, "-c", _CHILD, str(tmp_path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def _ours(folder: Path) -> list[Path]:
    return sorted(folder.glob(".agreegen-*"))


def test_what_a_living_process_uses_stays(child: subprocess.Popen[str], tmp_path: Path) -> None:
    before = _ours(tmp_path) + _ours(tmp_path / "tmp")
    assert len(before) == 3
    assert {path.stat().st_mode & 0o077 for path in before} == {0}
    clear_abandoned(tmp_path)
    clear_abandoned(tmp_path / "tmp")
    assert _ours(tmp_path) + _ours(tmp_path / "tmp") == before
    del child


def test_what_a_killed_process_left_goes_with_the_next_command(
    child: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert len(_ours(tmp_path)) == 2
    write_atomically(tmp_path / "b.pdf", b"b")
    assert _ours(tmp_path) == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    with own_temporary_folder():
        assert len(_ours(tmp_path / "tmp")) == 1
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_young_folder_and_one_kept_aside_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".agreegen-bag-old").mkdir()
    (tmp_path / ".agreegen-bag-1").mkdir()
    (tmp_path / ".agreegen-demo").write_text("a marker, not ours to clear")
    (tmp_path / ".agreegen-link").symlink_to(tmp_path / ".agreegen-bag-old")
    monkeypatch.setattr(files, "_SETTLING_S", 60.0)
    clear_abandoned(tmp_path)
    assert len(_ours(tmp_path)) == 4
    monkeypatch.setattr(files, "_SETTLING_S", 0.0)
    clear_abandoned(tmp_path)
    assert [path.name for path in _ours(tmp_path)] == [
        ".agreegen-bag-old",
        ".agreegen-demo",
        ".agreegen-link",
    ]


def test_everything_within_goes_into_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with own_temporary_folder():
        (inner,) = _ours(tmp_path)
        assert Path(tempfile.mkdtemp()).parent == inner
        assert os.environ["TMPDIR"] == str(inner)
        assert shared_temporary_folder() == tmp_path
    assert tempfile.gettempdir() == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_got_its_place_is_not_removed(tmp_path: Path) -> None:
    with OwnFolder(tmp_path, "bag") as folder:
        folder.rename(tmp_path / "bag")
    assert (tmp_path / "bag").is_dir()
