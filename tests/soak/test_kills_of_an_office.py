"""SIGKILLs over what an office does with its ledger and with bags that stand already."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from agreegen.api import open_register
from tests.soak.killing import (
    PEOPLE,
    REGISTER,
    SEAL,
    Ground,
    Killed,
    bag_holds,
    kill_and_finish,
    register_holds,
    run,
)

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

_LEDGER: list[object] = ["--ledger", "office/ledger.db"]
_HEADER = ("事项", "编号", "标题", "时间", "份数", "交出人", "接收人", "审批人", "承办人")
_MANY = 3_000
_RECIPIENT = "pki/recipients/archive-recipient"
_FOR_THE_ARCHIVE: list[object] = ["--recipient", f"{_RECIPIENT}.pem"]
_DESTROY: list[object] = [
    "archive", "destroy", "bag", "--approved-by", "王芳", "--witness", "李娜", "--by", "张伟", "--reason",
    "保管期满", "--before-due", "--register", "out/register.db", *_LEDGER, *SEAL,
]  # fmt: skip


@pytest.fixture(scope="module")
def office(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """The ground with a ledger, a bag that nobody timestamped, one that somebody did, and a sealed one."""
    folder = tmp_path_factory.mktemp("office") / "ground"
    shutil.copytree(ground.folder, folder, symlinks=True)
    office = replace(ground, folder=folder)
    shutil.copytree(folder / "out", folder / "lost")
    (folder / "lost" / "register.db").unlink()
    job = (folder / "job.yaml").read_text("utf-8")
    (folder / "lost.yaml").write_text(job.replace("output: out", "output: lost"), "utf-8")
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [("收文", f"K-{n}", f"第{n}件", "2025-01-05", 2, "省", "张伟", "", "") for n in range(_MANY)]
        csv.writer(file).writerows([_HEADER, *rows])
    begun: list[list[object]] = [
        ["ledger", "new", *_LEDGER, "--office", "某市普查办", *SEAL],
        ["archive", "create", "out", "-o", "bag", *SEAL],
        ["archive", "create", "out", "-o", "stamped", *SEAL],
        ["archive", "timestamp", "stamped", *_tsa(office)],
        ["archive", "seal", "stamped", *_FOR_THE_ARCHIVE, "-o", "before.p7m"],
    ]
    for line in begun:
        assert run(line, folder) == 0, (folder / "said.txt").read_text("utf-8", "replace")[-3_000:]
    return office


def _tsa(ground: Ground) -> list[object]:
    return ["--tsa", f"http://127.0.0.1:{ground.pki.port}/tsa", "--trust", ground.pki.trust]


def _ledger_holds(folder: Path, ground: Ground) -> None:
    assert run(["ledger", "verify", *_LEDGER, "--trust", ground.pki.trust], folder) == 0


def _bag_and_ledger_hold(folder: Path, ground: Ground) -> None:
    _ledger_holds(folder, ground)
    assert (folder / "closed" / "bagit.txt").is_file()
    bag_holds(folder, ground)


def _opens(folder: Path, ground: Ground) -> None:
    """What was sealed opens to a bag that holds."""
    sealed = sorted(folder.glob("sealed*.p7m"))[:1]
    line = ["archive", "open", *sealed, "-o", "opened", "--credential", f"{_RECIPIENT}.yaml"]
    assert run(line, folder) == 0
    bag_holds(folder / "opened", ground)


def _destroyed(folder: Path, ground: Ground) -> None:
    assert not (folder / "bag").exists()
    assert (folder / "bag.destroyed").is_dir()
    register_holds(folder, ground)
    _ledger_holds(folder, ground)


def _given(folder: Path, _ground: Ground) -> None:
    for name in ("transfer-list.json", "transfer-list.json.p7s"):
        assert (folder / "bag.transfer" / name).is_file(), sorted((folder / "bag.transfer").iterdir())


def _printed(folder: Path, _ground: Ground) -> None:
    assert (folder / "print.pdf").read_bytes().rstrip().endswith(b"%%EOF")


def _rebuilt(folder: Path, ground: Ground) -> None:
    """The register is there again, whole, with every document."""
    line = ["register", "verify", "--register", "lost/register.db", "--trust", ground.pki.trust]
    assert run(line, folder) == 0, (folder / "said.txt").read_text("utf-8", "replace")[-3_000:]
    with open_register(folder / "lost" / "register.db") as register:
        assert len(list(register.documents())) == len(PEOPLE)


def _confirm(office: Ground) -> str:
    """Return the code that the dry run of the destruction shows."""
    assert run([*_DESTROY, "--json"], office.folder) == 0
    said = (office.folder / "said.txt").read_text("utf-8")
    return str(re.findall(r'"confirm": *"(\w+)"', said)[-1])


COMMANDS: dict[str, Killed] = {
    "ledger import": Killed(
        lambda _g: ["ledger", "import", "rows.csv", *_LEDGER], 10, again=(0, 3), check=_ledger_holds
    ),
    "ledger add": Killed(
        lambda _g: [
            "ledger",
            "add",
            *_LEDGER,
            "--kind",
            "收文",
            "--item",
            "C-1",
            "--title",
            "通知",
            "--giver",
            "省普查办",
            "--receiver",
            "张伟",
        ],
        8,
        again=(0, 3),
        check=_ledger_holds,
    ),
    "ledger close": Killed(
        lambda _g: ["ledger", "close", *_LEDGER, "--year", 2025, "-o", "closed"],
        8,
        again=(0, 2, 3),
        check=_bag_and_ledger_hold,
    ),
    "archive timestamp": Killed(
        lambda g: ["archive", "timestamp", "bag", *_tsa(g)], 8, again=(0, 2), check=bag_holds
    ),
    "archive renew": Killed(lambda g: ["archive", "renew", "stamped", *_tsa(g)], 8, check=bag_holds),
    "archive seal": Killed(
        lambda _g: [
            "archive",
            "seal",
            "bag",
            "--recipient",
            f"{_RECIPIENT}.pem",
            "-o",
            "sealed.p7m",
            "--force",
        ],
        8,
        check=_opens,
    ),
    "archive open": Killed(
        lambda _g: ["archive", "open", "before.p7m", "-o", "there", "--credential", f"{_RECIPIENT}.yaml"],
        8,
        again=(0, 2),
        check=bag_holds,
    ),
    "archive hand-over": Killed(
        lambda _g: ["archive", "hand-over", "bag", "--sender", "普查办", "--receiver", "市档案馆", *SEAL],
        8,
        again=(0, 2),
        check=_given,
    ),
    "archive destroy": Killed(
        lambda g: [*_DESTROY, "--confirm", _confirm(g)], 10, again=(0, 2), check=_destroyed
    ),
    "register rebuild": Killed(
        lambda _g: ["register", "rebuild", "lost", "--yes", "--job", "lost.yaml", *REGISTER[2:]],
        8,
        again=(0, 1, 2, 7),
        check=_rebuilt,
    ),
    "batch print": Killed(
        lambda _g: ["batch", "print", "job.yaml", "-o", "print.pdf", "--all", "--force"], 6, check=_printed
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_kills(name: str, office: Ground, tmp_path: Path) -> None:
    kill_and_finish(name, COMMANDS[name], office, tmp_path)
