"""A hundred SIGKILLs over every command that writes: what is there is whole, and the next run finishes it.

Each kill hits a copy of the same prepared folder at another moment. Afterwards the same command is run again,
and then the documents, the register and the bags must be what they are without any kill. The commands of the
ledger and those on bags that stand are killed in `test_kills_of_an_office.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak.killing import (
    PEOPLE,
    REGISTER,
    RUN,
    SEAL,
    Ground,
    Killed,
    bag_holds,
    kill_and_finish,
    register_holds,
    run,
)

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]


def _all_valid(folder: Path, ground: Ground) -> None:
    register_holds(folder, ground)
    assert len(list((folder / "out" / "documents").rglob("*.pdf"))) == len(PEOPLE)
    assert run(["verify", "out/documents", "--trust", ground.pki.trust], folder) == 0


def _signed(name: str, count: int) -> Callable[[Path, Ground], None]:
    def check(folder: Path, _ground: Ground) -> None:
        assert len(list((folder / name).glob("*.pdf"))) == count

    return check


def _tls(ground: Ground) -> dict[str, str]:
    files = ground.cluster.files
    names = {"CA_FILE": "ca-file", "CLIENT__CERT": "cert", "CLIENT__KEY": "key"}
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(files[file]) for name, file in names.items()}


COMMANDS: dict[str, Killed] = {
    "run": Killed(lambda _g: [*RUN, 1], 14, fresh=True, check=_all_valid),
    "run with workers": Killed(lambda _g: [*RUN, 2], 12, fresh=True, check=_all_valid),
    "run with bags": Killed(
        lambda _g: ["batch", "run", "bags.yaml", "--workers", 1], 10, fresh=True, check=bag_holds
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
        check=register_holds,
    ),
    "add-paper": Killed(
        lambda _g: ["register", "add-paper", *REGISTER, "--staff-no", "T001", "--scan", "sheet.png"],
        12,
        again=(0, 3),
        check=register_holds,
    ),
    "add-scans": Killed(
        lambda _g: ["register", "add-scans", "scan.png", *REGISTER], 10, again=(0, 1), check=register_holds
    ),
    "retract": Killed(
        lambda _g: ["register", "retract", *REGISTER, "--staff-no", "T002", "--reason", "wrong page"],
        6,
        again=(0, 3),
        check=register_holds,
    ),
    "add-signed": Killed(
        lambda g: ["register", "add-signed", "back.pdf", *REGISTER, "--trust", g.pki.trust],
        6,
        again=(0, 3),
        check=register_holds,
    ),
    "archive": Killed(
        lambda _g: ["archive", "create", "out", "-o", "bag", *SEAL, "--force"], 10, check=bag_holds
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


@pytest.mark.parametrize("name", COMMANDS)
def test_kills(name: str, ground: Ground, tmp_path: Path) -> None:
    kill_and_finish(name, COMMANDS[name], ground, tmp_path)


def test_there_are_a_hundred() -> None:
    assert sum(command.kills for command in COMMANDS.values()) >= 100
