"""Commands that are killed: the folder they work in, how it is done, and what must be there afterwards."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agreegen.example_pki.layout import ExamplePki
from tests.integration.test_batch_cluster import Cluster

PEOPLE = [f"T{number:03},王秀英,,某市普查办,否" for number in range(24)]
_WHOLE_END = b"%%EOF"
_ABANDONED_S = 11.0
"""After so long, what nobody has locked counts as left over."""
RUN: list[object] = ["batch", "run", "job.yaml", "--workers"]
REGISTER: list[object] = ["--register", "out/register.db", "--credential", "pki/credentials/unit-seal.yaml"]
SEAL: list[object] = ["--credential", "pki/credentials/archive-seal.yaml"]


@dataclass(frozen=True, slots=True)
class Ground:
    """What all kills share.

    Attributes:
        folder: A job that ran to its end, with documents to sign, scan and archive.
        pki: Credentials and trust.
        cluster: A running cluster's address and the settings to join it.
    """

    folder: Path
    pki: ExamplePki
    cluster: Cluster


@dataclass(frozen=True, slots=True)
class Killed:
    """A command to be killed.

    Attributes:
        line: Its arguments, in a copy of the ground's folder.
        kills: How often.
        fresh: Whether the job's output is removed first.
        again: Exit codes that a second run may have: what is done already may be refused.
        check: Looks at what is there in the end.
        environment: Further variables.
    """

    line: Callable[[Ground], list[object]]
    kills: int
    fresh: bool = False
    again: tuple[int, ...] = (0,)
    check: Callable[[Path, Ground], None] = lambda _folder, _ground: None
    environment: Callable[[Ground], dict[str, str]] = field(default=lambda _ground: {})


def start(arguments: list[object], folder: Path, **variables: str) -> subprocess.Popen[bytes]:
    (folder / "tmp").mkdir(exist_ok=True)
    with (folder / "said.txt").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "agreegen", *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder / "tmp"), **variables},
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
        )


def run(arguments: list[object], folder: Path, **variables: str) -> int:
    return start(arguments, folder, **variables).wait(600)


def require_whole(folder: Path) -> None:
    """No file under its final name is half of one."""
    for at, folders, names in os.walk(folder):  # an office that is ending may still take its own files away
        folders[:] = [name for name in folders if name != "tmp" and not name.startswith(".agreegen-")]
        for name in names:
            if name.endswith(".pdf") and not name.startswith(".agreegen-"):
                assert (Path(at) / name).read_bytes().rstrip().endswith(_WHOLE_END), name


def register_holds(folder: Path, ground: Ground) -> None:
    line = ["register", "verify", "--register", "out/register.db", "--trust", ground.pki.trust]
    assert run(line, folder) == 0, (folder / "said.txt").read_text("utf-8", "replace")[-3_000:]


def bag_holds(folder: Path, ground: Ground) -> None:
    for bag in [path.parent for path in folder.rglob("bagit.txt")]:
        assert run(["archive", "verify", bag, "--trust", ground.pki.trust], folder) == 0


def _copy(ground: Ground, folder: Path, *, fresh: bool) -> Path:
    shutil.copytree(ground.folder, folder, symlinks=True)
    if fresh:
        shutil.rmtree(folder / "out")
    return folder


def kill_and_finish(name: str, command: Killed, ground: Ground, tmp_path: Path) -> None:
    """Kill a command at random moments, run it again each time, and look at what is there."""
    line, variables = command.line(ground), command.environment(ground)
    whole = _copy(ground, tmp_path / "whole", fresh=command.fresh)
    begun = time.monotonic()
    assert run(line, whole, **variables) in command.again
    duration = time.monotonic() - begun
    moments = random.Random(name)
    for number in range(command.kills):
        folder = _copy(ground, tmp_path / f"kill-{number}", fresh=command.fresh)
        process = start(line, folder, **variables)
        time.sleep(moments.uniform(0.15, 1.0) * duration)
        process.send_signal(signal.SIGKILL)
        process.wait()
        require_whole(folder)
        assert run(line, folder, **variables) in command.again, (folder / "said.txt").read_text()[-3_000:]
        require_whole(folder)
        command.check(folder, ground)
        if number == command.kills - 1:
            _require_clear(line, folder, variables)
        shutil.rmtree(folder)


def _require_clear(line: list[object], folder: Path, variables: dict[str, str]) -> None:
    """Once nobody can be at it any more, the next command clears what the killed one left."""
    time.sleep(_ABANDONED_S)
    run(line, folder, **variables)
    left = [path for path in folder.rglob(".agreegen-*") if not path.name.startswith(".agreegen-demo")]
    assert left == []
    assert list((folder / "tmp").iterdir()) in ([], [folder / "tmp" / f"agreegen-fontconfig-{os.getuid()}"])
