"""Scans come in while the disk fills up, cannot be written, or a colleague adds hers at the same moment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreegen.api.register_heads import head_judge
from agreegen.cli.main import run as agreegen
from agreegen.files import TEMPORARY_PREFIX
from agreegen.register.audit.service import verify_register
from agreegen.register.interface import EventKind
from agreegen.register.store import Register
from agreegen.signing.trust import load_trust
from tests.integration.batch_support import clock
from tests.scans.stack import Printed, print_job

PEOPLE = ("P001", "P002", "P003", "P004", "P005")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    return print_job(tmp_path_factory.mktemp("paper"))


@pytest.fixture
def printed(original: Printed, tmp_path: Path) -> Printed:
    return original.copy(tmp_path)


class Disk:
    """A file system of its own over the output of a job."""

    def __init__(self, output: Path) -> None:
        self.output = output
        kept = output.with_name("kept")
        shutil.move(output, kept)
        output.mkdir()
        self.used = sum(path.stat().st_size for path in kept.rglob("*") if path.is_file())
        line = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(output)]
        if subprocess.run(line, capture_output=True, check=False).returncode:
            pytest.skip("no right to mount a small file system")
        shutil.copytree(kept, output, dirs_exist_ok=True, symlinks=True)

    def remount(self, option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", str(self.output)], check=True)

    def leave(self, room: int) -> None:
        """Leave so many bytes free."""
        state = os.statvfs(self.output)
        taken = (state.f_blocks - state.f_bfree) * state.f_frsize
        self.remount(f"size={taken + room}")

    def close(self) -> None:
        subprocess.run(["umount", str(self.output)], check=True)


@pytest.fixture
def disk(printed: Printed) -> Iterator[Disk]:
    small = Disk(printed.job.output)
    try:
        yield small
    finally:
        small.close()


def _add(printed: Printed, scan: Path) -> int:
    return agreegen(["register", "add-scans", str(scan), "--register", str(printed.job.register_file)])


def _papers(printed: Printed) -> int:
    with Register.open(printed.job.register_file, read_only=True) as register:
        return sum(event.kind is EventKind.PAPER for event in register.events())


def _require_whole(printed: Printed) -> None:
    job = printed.job
    judge = head_judge(load_trust([job.path.parent / "pki/trust"]), clock())
    assert verify_register(job.register_file, files_root=job.output, judge_head=judge).problems == ()
    left = [path for path in job.output.rglob("*") if path.name.startswith(TEMPORARY_PREFIX)]
    assert left == []


@pytest.mark.parametrize("share", [0.0, 0.5, 1.05, 1.4, 1.9])
def test_a_full_disk_ends_it_and_a_second_run_goes_on(
    printed: Printed, disk: Disk, tmp_path: Path, share: float
) -> None:
    """Room for a share of the scans: the whole input is kept first, then each page."""
    scan = printed.scan(tmp_path / "scan.pdf", PEOPLE)
    disk.leave(round(share * scan.stat().st_size) + 4096)
    assert _add(printed, scan) == 7
    _require_whole(printed)
    assert _papers(printed) < len(PEOPLE)
    disk.remount("size=200m")
    assert _add(printed, scan) == 0
    assert _papers(printed) == len(PEOPLE)
    _require_whole(printed)


def test_a_folder_that_cannot_be_written_is_told(printed: Printed, disk: Disk, tmp_path: Path) -> None:
    scan = printed.scan(tmp_path / "scan.pdf", ("P001",))
    disk.remount("ro")
    assert _add(printed, scan) == 7
    dry = ["register", "add-scans", str(scan), "--register", str(printed.job.register_file), "--dry-run"]
    assert agreegen(dry) == 0
    disk.remount("rw")
    assert _papers(printed) == 0


def test_two_officers_at_once(printed: Printed, tmp_path: Path) -> None:
    """Sheets in two stacks at once: each document is recorded once, and nobody fails."""
    stacks = [
        printed.scan(tmp_path / "one.pdf", ("P001", "P002", "P003")),
        printed.scan(tmp_path / "two.pdf", ("P003", "P004", "P005")),
        printed.scan(tmp_path / "three.pdf", ("P001", "P002", "P003")),
    ]
    line = [sys.executable, "-m", "agreegen", "register", "add-scans"]
    officers = [
        subprocess.Popen(
            [*line, str(stack), "--register", str(printed.job.register_file), "--by", stack.stem],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for stack in stacks
    ]
    for officer in officers:
        out, err = officer.communicate(timeout=300)
        assert officer.returncode == 0, (out + err).decode()
    assert _papers(printed) == len(PEOPLE)
    _require_whole(printed)
