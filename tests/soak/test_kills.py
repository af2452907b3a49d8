"""A hundred SIGKILLs over every command that writes: what is there is whole, and the next run finishes it.

Each kill hits a copy of the same prepared folder at another moment. Afterwards the same command is run again,
and then the documents, the register and the bags must be what they are without any kill.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.responder import Responder
from tests.integration.batch_support import make_pki, write_job
from tests.integration.test_batch_cluster import Cluster

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

_PEOPLE = [f"T{number:03},王秀英,,某市普查办,否" for number in range(24)]
_WHOLE_END = b"%%EOF"
_ABANDONED_S = 11.0
"""After so long, what nobody has locked counts as left over."""


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


def _agreegen(arguments: list[object], folder: Path, **variables: str) -> subprocess.Popen[bytes]:
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


def _run(arguments: list[object], folder: Path, **variables: str) -> int:
    return _agreegen(arguments, folder, **variables).wait(600)


def _require_whole(folder: Path) -> None:
    """No file under its final name is half of one."""
    for path in folder.rglob("*.pdf"):
        if not any(part.startswith(".agreegen-") for part in path.relative_to(folder).parts):
            assert path.read_bytes().rstrip().endswith(_WHOLE_END), path


def _register_holds(folder: Path, ground: Ground) -> None:
    line = ["register", "verify", "--register", "out/register.db", "--trust", ground.pki.trust]
    assert _run(line, folder) == 0, (folder / "said.txt").read_text("utf-8", "replace")[-3_000:]


def _all_valid(folder: Path, ground: Ground) -> None:
    _register_holds(folder, ground)
    assert len(list((folder / "out" / "documents").rglob("*.pdf"))) == len(_PEOPLE)
    assert _run(["verify", "out/documents", "--trust", ground.pki.trust], folder) == 0


def _bag_holds(folder: Path, ground: Ground) -> None:
    for bag in [path.parent for path in folder.rglob("bagit.txt")]:
        assert _run(["archive", "verify", bag, "--trust", ground.pki.trust], folder) == 0


def _signed(name: str, count: int) -> Callable[[Path, Ground], None]:
    def check(folder: Path, _ground: Ground) -> None:
        assert len(list((folder / name).glob("*.pdf"))) == count

    return check


def _tls(ground: Ground) -> dict[str, str]:
    files = ground.cluster.files
    names = {"CA_FILE": "ca-file", "CLIENT__CERT": "cert", "CLIENT__KEY": "key"}
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(files[file]) for name, file in names.items()}


_RUN: list[object] = ["batch", "run", "job.yaml", "--workers"]
_REGISTER: list[object] = ["--register", "out/register.db", "--credential", "pki/credentials/unit-seal.yaml"]
_SEAL: list[object] = ["--credential", "pki/credentials/archive-seal.yaml"]

COMMANDS: dict[str, Killed] = {
    "run": Killed(lambda _g: [*_RUN, 1], 14, fresh=True, check=_all_valid),
    "run with workers": Killed(lambda _g: [*_RUN, 2], 12, fresh=True, check=_all_valid),
    "run with bags": Killed(
        lambda _g: ["batch", "run", "bags.yaml", "--workers", 1], 10, fresh=True, check=_bag_holds
    ),
    "run on a cluster": Killed(
        lambda g: ["batch", "run", "job.yaml", "--engine", "dask", "--scheduler", g.cluster.address],
        8,
        fresh=True,
        check=_all_valid,
        environment=_tls,
    ),
    "run with LibreOffice": Killed(
        lambda _g: ["batch", "run", "job.yaml", "--workers", 1, "--limit", 3, "--forms", "forms"],
        6,
        fresh=True,
        check=_register_holds,
    ),
    "add-paper": Killed(
        lambda _g: ["register", "add-paper", *_REGISTER, "--staff-no", "T001", "--scan", "sheet.png"],
        12,
        again=(0, 3),
        check=_register_holds,
    ),
    "add-scans": Killed(
        lambda _g: ["register", "add-scans", "scan.png", *_REGISTER], 10, again=(0, 1), check=_register_holds
    ),
    "retract": Killed(
        lambda _g: ["register", "retract", *_REGISTER, "--staff-no", "T002", "--reason", "wrong page"],
        6,
        again=(0, 3),
        check=_register_holds,
    ),
    "add-signed": Killed(
        lambda g: ["register", "add-signed", "back.pdf", *_REGISTER, "--trust", g.pki.trust],
        6,
        again=(0, 3),
        check=_register_holds,
    ),
    "archive": Killed(
        lambda _g: ["archive", "create", "out", "-o", "bag", *_SEAL, "--force"], 10, check=_bag_holds
    ),
    "sign": Killed(
        lambda g: [
            "sign",
            *sorted(g.folder.glob("one/*.pdf")),
            "-o",
            "signed/",
            "--role",
            "pledger",
            "--force",
            "--credential",
            "pki/credentials/people/T001.yaml",
        ],
        8,
        again=(0, 6, 8),
    ),
    "extend": Killed(
        lambda g: [
            "extend",
            *sorted(g.folder.glob("out/documents/00001/*.pdf"))[:6],
            "-o",
            "more/",
            "--level",
            "B-T",
            "--tsa",
            f"http://127.0.0.1:{g.pki.port}/tsa",
            "--trust",
            g.pki.trust,
            "--force",
        ],
        8,
        check=_signed("more", 6),
    ),
    "export": Killed(
        lambda _g: ["register", "export", "--register", "out/register.db", "-o", "r.xlsx", "--force"], 4
    ),
    "generate": Killed(
        lambda _g: ["generate", "personal-pledge", "--params", "p.yaml", "-o", "g.pdf", "--force"], 4
    ),
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    pki = make_pki(tmp_path_factory.mktemp("pki"))
    folder = tmp_path_factory.mktemp("ground")
    job = write_job(folder, pki, _PEOPLE)
    archive = "archive: {bags: bags, documents_per_bag: 10, credential: pki/credentials/archive-seal.yaml}\n"
    (folder / "bags.yaml").write_text(job.path.read_text("utf-8") + archive, "utf-8")
    (folder / "p.yaml").write_text("pledger_name: 王秀英\n", "utf-8")
    for name in ("scan.png", "sheet.png"):
        Image.effect_noise((1_240, 1_754), 60).save(folder / name, dpi=(150, 150))
    forms = folder / "forms"
    shutil.copytree(Path(__file__).resolve().parents[2] / "forms", forms)
    for path in (forms / "personal-pledge").glob("compiled*"):
        path.unlink()
    assert _run([*_RUN, 2], folder) == 0
    first = min((folder / "out" / "documents").rglob("T001.pdf"))
    (folder / "one").mkdir()
    for number in range(6):
        shutil.copy(first, folder / "one" / f"{number}.pdf")
    pen = ["--role", "pledger", "--credential", "pki/credentials/people/T001.yaml"]
    assert _run(["sign", first, "-o", "back.pdf", *pen], folder) == 0
    added = ["register", "add-paper", *_REGISTER, "--staff-no", "T002", "--scan", "scan.png"]
    assert _run(added, folder) == 0, (folder / "said.txt").read_text("utf-8", "replace")
    cluster = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        with Responder(pki):
            yield Ground(folder, ExamplePki.from_folder(pki), cluster)
    finally:
        cluster.close()


def _copy(ground: Ground, folder: Path, *, fresh: bool) -> Path:
    shutil.copytree(ground.folder, folder, symlinks=True)
    if fresh:
        shutil.rmtree(folder / "out")
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_kills(name: str, ground: Ground, tmp_path: Path) -> None:
    command = COMMANDS[name]
    line, variables = command.line(ground), command.environment(ground)
    whole = _copy(ground, tmp_path / "whole", fresh=command.fresh)
    begun = time.monotonic()
    assert _run(line, whole, **variables) in command.again
    duration = time.monotonic() - begun
    moments = random.Random(name)
    for number in range(command.kills):
        folder = _copy(ground, tmp_path / f"kill-{number}", fresh=command.fresh)
        process = _agreegen(line, folder, **variables)
        time.sleep(moments.uniform(0.15, 1.0) * duration)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _require_whole(folder)
        assert _run(line, folder, **variables) in command.again, (folder / "said.txt").read_text()[-3_000:]
        _require_whole(folder)
        command.check(folder, ground)
        if number == command.kills - 1:
            _require_clear(line, folder, variables)
        shutil.rmtree(folder)


def _require_clear(line: list[object], folder: Path, variables: dict[str, str]) -> None:
    """Once nobody can be at it any more, the next command clears what the killed one left."""
    time.sleep(_ABANDONED_S)
    _run(line, folder, **variables)
    left = [path for path in folder.rglob(".agreegen-*") if not path.name.startswith(".agreegen-demo")]
    assert left == []
    assert list((folder / "tmp").iterdir()) in ([], [folder / "tmp" / f"agreegen-fontconfig-{os.getuid()}"])


def test_there_are_a_hundred() -> None:
    assert sum(command.kills for command in COMMANDS.values()) >= 100
