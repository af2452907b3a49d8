"""`agreegen ledger`: entries by command and workbook, who signs, what is refused, two officers at once."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from agreegen.example_pki.layout import ExamplePki
from agreegen.ledger.people import add_months
from tests.cli.conftest import Agreegen, Result

OFFICE = "豫州市普查办"
HEADER = ("事项", "编号", "标题", "时间", "份数", "交出人", "接收人", "审批人", "承办人")


@pytest.fixture
def ledger(agreegen: Agreegen, pki: ExamplePki, tmp_path: Path) -> Path:
    """A ledger with one item of three copies, which 张伟 has."""
    path = tmp_path / "office" / "ledger.db"
    seal = pki.folder / "credentials" / "archive-seal.yaml"
    assert agreegen("ledger", "new", "--ledger", path, "--office", OFFICE, "--credential", seal).code == 0
    assert _receive(agreegen, path, "--item", "A-1", "--copies", 3).code == 0
    return path


def _receive(agreegen: Agreegen, path: Path, *more: object) -> Result:
    given = ("--kind", "收文", "--title", "通知", "--giver", "省普查办", "--receiver", "张伟")
    return agreegen("ledger", "add", "--ledger", path, *given, *more)


def _table(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def _entries(agreegen: Agreegen, path: Path) -> int:
    listed = agreegen("ledger", "list", "--ledger", path, "--json")
    assert listed.code == 0
    return sum("copies" in each for each in listed.json())


def _is_whole(agreegen: Agreegen, path: Path, pki: ExamplePki) -> None:
    verified = agreegen("ledger", "verify", "--ledger", path, "--trust", pki.folder / "trust", "--json")
    assert (verified.code, verified.json()["problems"]) == (0, [])


def test_nothing_is_written_where_nobody_signs(agreegen: Agreegen, tmp_path: Path) -> None:
    path = tmp_path / "office" / "ledger.db"
    result = _receive(agreegen, path)
    assert result.code == 7
    assert "--credential" in result.err
    assert not path.parent.exists()


def test_the_first_entry_may_begin_the_ledger(agreegen: Agreegen, pki: ExamplePki, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    seal = pki.folder / "credentials" / "archive-seal.yaml"
    assert _receive(agreegen, path, "--credential", seal, "--office", OFFICE).code == 0
    assert _receive(agreegen, path).code == 0
    _is_whole(agreegen, path, pki)


def test_a_first_entry_that_is_refused_leaves_no_ledger(
    agreegen: Agreegen, pki: ExamplePki, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    seal = pki.folder / "credentials" / "archive-seal.yaml"
    assert _receive(agreegen, path, "--credential", seal, "--copies", "0").code == 3
    assert list(tmp_path.iterdir()) == []


def test_another_credential_is_refused_until_it_is_named(
    agreegen: Agreegen, ledger: Path, pki: ExamplePki
) -> None:
    other = pki.folder / "credentials" / "unit-seal.yaml"
    before = ledger.read_bytes()
    assert _receive(agreegen, ledger, "--credential", other).code == 7
    assert ledger.read_bytes() == before
    assert agreegen("ledger", "change-signer", "--ledger", ledger, "--to", other).code == 0
    assert _receive(agreegen, ledger).code == 0
    _is_whole(agreegen, ledger, pki)
    old = pki.folder / "credentials" / "archive-seal.yaml"
    assert _receive(agreegen, ledger, "--credential", old).code == 7


def test_every_wrong_cell_is_named_at_once_and_nothing_is_entered(
    agreegen: Agreegen, ledger: Path, tmp_path: Path
) -> None:
    table = _table(
        tmp_path / "rows.csv",
        [
            ("收文", "B-1", "一件", "2026-01-05", 2, "省", "张伟", "", ""),
            ("传阅", "B-1", "", "2026-01-06", 1, "李娜", "刘洋", "", ""),
            ("送达", "B-1", "", "2026-01-06", 1, "张伟", "刘洋", "", ""),
            ("传阅", "B-9", "", "2026-01-06", 1, "张伟", "刘洋", "", ""),
            ("传阅", "B-1", "", "2026-13-06", 1, "张伟", "刘洋", "", ""),
            ("复制", "B-1", "", "2026-01-07", "两", "张伟", "刘洋", "主任", "甲"),
            ("复制", "B-1", "", "2026-01-07", 1, "张伟", "刘洋", "", "甲"),
            ("收文", "B-2", "另一件", "2999-01-05", 2, "省", "张伟", "", ""),
        ],
    )
    before = ledger.read_bytes()
    result = agreegen("ledger", "import", "--ledger", ledger, table)
    assert result.code == 3
    for cell in ("F3", "A4", "B5", "D6", "E7", "H8", "D9"):
        assert f"{cell}," in result.err, result.err
    assert "F2" not in result.err
    assert ledger.read_bytes() == before


def test_hundreds_are_entered_at_once(
    agreegen: Agreegen, ledger: Path, tmp_path: Path, pki: ExamplePki
) -> None:
    received = [("收文", f"C-{n}", f"第{n}件", "2026-01-05", 2, "省", "张伟", "", "") for n in range(150)]
    lent = [("传阅", f"C-{n}", "", "2026-01-06", 1, "张伟", "李娜", "", "") for n in range(150)]
    result = agreegen(
        "ledger", "import", "--ledger", ledger, _table(tmp_path / "rows.csv", [*received, *lent]), "--json"
    )
    assert result.code == 0
    assert len(result.json()["entries"]) == 300
    held = agreegen("ledger", "holders", "--ledger", ledger, "--name", "李娜", "--json").json()
    assert held["summary"] == {"copies": 150, "items": 150, "holders": 1}
    _is_whole(agreegen, ledger, pki)


def test_an_entry_for_an_earlier_day_is_marked(agreegen: Agreegen, ledger: Path) -> None:
    assert _receive(agreegen, ledger, "--item", "D-1", "--date", "2020-02-03").code == 0
    marked = agreegen("ledger", "list", "--ledger", ledger, "--kind", "receive", "--json").json()
    assert agreegen("ledger", "list", "--ledger", ledger, "--kind", "收文", "--json").json() == marked
    assert agreegen("ledger", "list", "--ledger", ledger, "--kind", "赠送").code == 2
    assert {each["item"]: each["backdated"] for each in marked} == {"A-1": False, "D-1": True}


def test_whoever_has_copies_does_not_leave(agreegen: Agreegen, ledger: Path, tmp_path: Path) -> None:
    scan = tmp_path / "pledge.png"
    Image.new("L", (400, 300), 255).save(scan)
    leave = ("ledger", "leaver", "张伟", "--ledger", ledger, "--close", "--json")
    before = ledger.read_bytes()
    refused = agreegen(*leave, "--pledge", f"scan:{scan}")
    assert refused.code == 1
    assert len(refused.json()["people"][0]["out"]) == 3
    assert ledger.read_bytes() == before
    give = ("--kind", "清退", "--item", "A-1", "--copies", 3, "--receiver", "李娜")
    assert agreegen("ledger", "add", "--ledger", ledger, *give).code == 0
    assert agreegen(*leave).code == 1
    early = agreegen(*leave, "--pledge", f"scan:{scan}", "--left", "2020-02-28")
    assert early.code == 3
    gone = agreegen(*leave, "--pledge", f"scan:{scan}", "--grade", "核心")
    assert gone.code == 0
    today = datetime.now().astimezone().date()
    assert gone.json()["bound_until"] == add_months(today, 24).isoformat()
    assert gone.json()["people"][0]["left"] == today.isoformat()
    kept = list((ledger.parent / "scans").iterdir())
    assert [path.suffix for path in kept] == [".png"]
    again = ("--kind", "传阅", "--item", "A-1", "--giver", "李娜", "--receiver", "张伟")
    assert agreegen("ledger", "add", "--ledger", ledger, *again).code == 3
    kept[0].write_bytes(scan.read_bytes() + b"more")
    verified = agreegen("ledger", "verify", "--ledger", ledger, "--json")
    assert [each["code"] for each in verified.json()["problems"]] == ["file-changed"]


@pytest.mark.parametrize(("grade", "months"), [("核心", 23), ("一般", 13), ("非涉密", 1)])
def test_a_period_lies_within_its_grade(agreegen: Agreegen, ledger: Path, grade: str, months: int) -> None:
    result = agreegen("ledger", "leaver", "李娜", "--ledger", ledger, "--grade", grade, "--months", months)
    assert result.code == 2


def test_what_is_overdue_ends_in_exit_1(agreegen: Agreegen, ledger: Path) -> None:
    lend = ("--kind", "传阅", "--item", "A-1", "--receiver", "李娜", "--due", "2099-01-05")
    assert agreegen("ledger", "add", "--ledger", ledger, *lend).code == 0
    assert agreegen("ledger", "overdue", "--ledger", ledger).code == 0
    late = agreegen("ledger", "overdue", "--ledger", ledger, "--at", "2099-01-06", "--json")
    assert late.code == 1
    assert late.json()["summary"]["overdue"] == 2  # the copy, and the yearly inspection


def test_nothing_is_recorded_for_a_day_that_is_closed(
    agreegen: Agreegen, ledger: Path, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("姓名\n李娜\n刘洋\n", encoding="utf-8")
    train = ("ledger", "training", "--ledger", ledger, "--roster", people, "--topic", "保密")
    assert agreegen(*train, "--date", "2020-01-05").code == 0
    assert agreegen("ledger", "close", "--ledger", ledger, "--through", "2020-01-31").code == 0
    before = ledger.read_bytes()
    assert agreegen(*train, "--date", "2020-01-06").code == 3
    assert agreegen(*train, "--date", "2099-01-06").code == 3
    assert _receive(agreegen, ledger, "--date", "2020-01-31").code == 3
    assert agreegen("ledger", "close", "--ledger", ledger, "--through", "2020-01-31").code == 2
    assert ledger.read_bytes() == before
    assert _receive(agreegen, ledger, "--date", "2020-02-01").code == 0


def test_every_act_tells_the_code_to_write_down(
    agreegen: Agreegen, ledger: Path, pki: ExamplePki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGREEGEN_LANG", "zh")
    people, sheet = tmp_path / "people.csv", tmp_path / "sheet.csv"
    people.write_text("姓名\n李娜\n", encoding="utf-8")
    sheet.write_text("自查内容,分值,得分,问题,整改\n台账,50,50,,\n", encoding="utf-8")
    for line in (
        ("training", "--roster", people, "--topic", "保密"),
        ("inspect", "--sheet", sheet, "--held-by", "保密办"),
        ("draw", "--count", 2),
    ):
        done = agreegen("ledger", line[0], "--ledger", ledger, *line[1:])
        assert done.code == 0, done.err
        code = re.search(r"链头校验码 (\d+-[A-Z2-7-]+)", done.err)
        assert code is not None, line
        verify = ("ledger", "verify", "--ledger", ledger, "--trust", pki.folder / "trust")
        assert agreegen(*verify, "--known", code[1]).code == 0


def test_a_draw_tells_its_number(agreegen: Agreegen, ledger: Path) -> None:
    said = agreegen("ledger", "draw", "--ledger", ledger, "--count", 2)
    number = re.search(r"entry (\d+)", said.err)
    assert number is not None
    drawn = said.out.split()
    assert agreegen("ledger", "draw", "--ledger", ledger, "--again", number[1]).out.split() == drawn
    answer = agreegen("ledger", "draw", "--ledger", ledger, "--json").json()
    again = agreegen("ledger", "draw", "--ledger", ledger, "--again", answer["entry"], "--json").json()
    assert answer["code"].startswith(f"{answer['entry']}-")
    assert {**answer, "code": None} == {key: again[key] for key in answer}


@pytest.mark.libreoffice
def test_a_closing_whose_bag_could_not_be_written_is_archived_later(
    agreegen: Agreegen, ledger: Path, pki: ExamplePki, tmp_path: Path
) -> None:
    assert _receive(agreegen, ledger, "--date", "2020-01-05").code == 0
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    close = ("ledger", "close", "--ledger", ledger, "--through", "2020-01-31")
    assert agreegen(*close, "-o", blocked / "bag").code == 7
    closed = ledger.read_bytes()
    assert agreegen(*close, "-o", tmp_path / "bag").code == 0
    assert ledger.read_bytes() == closed
    assert agreegen("archive", "verify", tmp_path / "bag", "--trust", pki.folder / "trust").code == 0
    _is_whole(agreegen, tmp_path / "bag" / "data" / "ledger" / "ledger.db", pki)


def test_the_day_of_a_closing_goes_on_behind_it(agreegen: Agreegen, ledger: Path, pki: ExamplePki) -> None:
    first = agreegen("ledger", "close", "--ledger", ledger, "--json").json()
    assert first["entries"]["receive"] == 1
    assert _receive(agreegen, ledger).code == 0
    second = agreegen("ledger", "close", "--ledger", ledger, "--json").json()
    assert (second["entries"]["receive"], second["held"]) == (1, 4)
    third = agreegen("ledger", "close", "--ledger", ledger, "--json").json()
    assert (third["entries"]["receive"], third["held"]) == (0, 4)
    _is_whole(agreegen, ledger, pki)


def test_a_person_reads_complaints_in_chinese(
    agreegen: Agreegen, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGREEGEN_LANG", "zh")
    give = ("--kind", "传阅", "--item", "A-1", "--giver", "李娜", "--receiver", "刘洋")
    result = agreegen("ledger", "add", "--ledger", ledger, *give)
    assert result.code == 3
    assert "李娜未持有 A-1" in result.err


def _start(path: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "agreegen", "ledger", *arguments[:1], "--ledger", str(path)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*command, *arguments[1:]], stdout=quiet, stderr=quiet)


def test_two_officers_write_at_once(agreegen: Agreegen, ledger: Path, pki: ExamplePki) -> None:
    given = ("add", "--kind", "收文", "--title", "通知", "--giver", "省普查办", "--receiver")
    officers = [_start(ledger, *given, name) for name in ("甲", "乙", "丙", "丁")]
    assert [officer.wait() for officer in officers] == [0, 0, 0, 0]
    assert _entries(agreegen, ledger) == 5
    _is_whole(agreegen, ledger, pki)


def test_a_killed_import_enters_all_or_nothing(
    agreegen: Agreegen, ledger: Path, pki: ExamplePki, tmp_path: Path
) -> None:
    rows = [("收文", f"K-{n}", f"第{n}件", "2026-01-05", 2, "省", "张伟", "", "") for n in range(400)]
    table = _table(tmp_path / "rows.csv", rows)
    ended: set[int] = set()
    for delay_s in (0.3, 0.7, 1.1, 1.5):
        officer = _start(ledger, "import", str(table))
        time.sleep(delay_s)
        if officer.poll() is None:
            os.kill(officer.pid, signal.SIGKILL)
        officer.wait()
        ended.add(_entries(agreegen, ledger))
        _is_whole(agreegen, ledger, pki)
    assert all((entries - 1) % 400 == 0 for entries in ended)


def test_a_full_disk_leaves_the_ledger_as_it_was(
    agreegen: Agreegen, ledger: Path, pki: ExamplePki, tmp_path: Path
) -> None:
    rows = [("收文", f"F-{n}", "很长的标题" * 20, "2026-01-05", 2, "省", "张伟", "", "") for n in range(600)]
    table = _table(tmp_path / "rows.csv", rows)
    command = f'ulimit -f 200; exec "$0" -m agreegen ledger import --ledger "{ledger}" "{table}"'
    done = subprocess.run(["bash", "-c", command, sys.executable], capture_output=True, check=False)
    assert done.returncode == 7, done.stderr
    assert _entries(agreegen, ledger) == 1
    _is_whole(agreegen, ledger, pki)
    assert agreegen("ledger", "import", "--ledger", ledger, table).code == 0
    assert _entries(agreegen, ledger) == 601
