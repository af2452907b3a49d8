"""A new user with docs/ledger.md alone: every block of it runs as it stands; a second program recounts."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import openpyxl
import pytest

DOCS = Path(__file__).parents[2] / "docs" / "ledger.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = [pytest.mark.libreoffice, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after all blocks; what they print lies in `printed`, one file a block."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "printed").mkdir()
    blocks = BLOCK.findall(DOCS.read_text("utf-8"))
    assert len(blocks) > 8
    preamble = f'set -e\nagreegen() {{ "{sys.executable}" -m agreegen "$@"; }}\n'
    for number, block in enumerate(blocks):
        done = subprocess.run(
            ["bash", "-c", preamble + block],
            cwd=folder,
            env={**os.environ, "AGREEGEN_LANG": "zh", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        (folder / "printed" / f"{number}.txt").write_text(done.stdout, "utf-8")
    return folder


def events(path: Path) -> list[tuple[int, str, str, dict[str, Any]]]:
    """The entries of a ledger, read with sqlite3 alone."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT seq, kind, document, details FROM events ORDER BY seq").fetchall()
    connection.close()
    return [(seq, kind, item, json.loads(details)) for seq, kind, item, details in rows]


def numbers(text: str) -> list[int]:
    """The numbers that a text such as `1-3, 5` names, read without the program."""
    found: list[int] = []
    for part in text.split(", "):
        first, _, last = part.partition("-")
        found.extend(range(int(first), int(last or first) + 1))
    return found


def held(path: Path, until: str) -> dict[tuple[str, int], tuple[str, str]]:
    """Who holds which copy at the end of a day, computed without the program: holder and custodian."""
    copies: dict[tuple[str, int], tuple[str, str]] = {}
    moved = [each for each in events(path) if each[2] and each[3]["day"] <= until]
    for _, kind, item, facts in sorted(moved, key=lambda each: each[3]["day"]):
        for number in numbers(facts["copies"]):
            if kind == "destroy":
                del copies[item, number]
                continue
            custodian = facts.get("custodian") or copies[item, number][1]
            copies[item, number] = (facts["receiver"], custodian)
    return copies


def program(*arguments: str) -> list[str]:
    """The command line of a ledger command about the office's ledger."""
    name, *rest = arguments
    return [sys.executable, "-m", "agreegen", "ledger", name, "--ledger", "office/ledger.db", *rest]


def test_the_closing_says_what_a_second_program_counts(office: Path) -> None:
    path = office / "closing-2018-05" / "data" / "ledger" / "ledger.db"
    entries = events(path)
    (totals,) = [facts["totals"] for _, kind, _, facts in entries if kind == "closing"]
    counted: Counter[str] = Counter()
    copies: dict[str, int] = defaultdict(int)
    for _, kind, item, facts in entries:
        if item:
            counted[kind] += 1
            copies[kind] += len(numbers(facts["copies"]))
    assert {kind: count for kind, count in totals["entries"].items() if count} == dict(counted)
    assert {kind: count for kind, count in totals["copies"].items() if count} == dict(copies)
    assert totals["backdated"] == sum(bool(facts.get("backdated")) for _, _, item, facts in entries if item)
    there = held(path, "2018-05-31")
    lines = "".join(f"{i}\t{n}\t{holder}\t{who}\n" for (i, n), (holder, who) in sorted(there.items()))
    assert totals["holdings_sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    assert (totals["held"], totals["items"]) == (len(there), 2)
    assert (totals["leavers"], totals["trainings"], totals["trained"], totals["inspections"]) == (1, 1, 2, 1)


def test_holders_of_a_day_are_those_of_a_second_program(office: Path) -> None:
    done = subprocess.run(
        program("holders", "--at", "2018-05-12", "--json"),
        cwd=office,
        capture_output=True,
        check=True,
    )
    copies = json.loads(done.stdout)["copies"]
    shown = {(each["item"], each["copy"]): (each["holder"], each["custodian"]) for each in copies}
    assert shown == held(office / "office" / "ledger.db", "2018-05-12")
    assert shown["A-001", 2] == ("一组", "一组")


def test_the_shell_draws_what_the_program_drew(office: Path) -> None:
    drawn = json.loads((office / "draw.json").read_text("utf-8"))["drawn"]
    (block,) = [
        number for number, text in enumerate(BLOCK.findall(DOCS.read_text("utf-8"))) if "sha256sum" in text
    ]
    assert (office / "printed" / f"{block}.txt").read_text("utf-8").split() == drawn
    assert len(drawn) == 2


def test_the_workbook_shows_the_columns_of_offices_and_the_same_numbers(office: Path) -> None:
    book = openpyxl.load_workbook(office / "may.xlsx", read_only=True)
    dispatch = list(book["收发文登记"].values)
    assert dispatch[0][:8] == ("序号", "收/发文时间", "事项", "来文/收文单位", "文号", "标题", "密级", "份数")
    destroyed = list(book["销毁登记"].values)
    assert destroyed[0][6:11] == ("清点人", "审批人", "监销人", "销毁时间", "方式")
    assert destroyed[1][6:11] == ("王芳", "赵主任", "李娜", "2018-05-23", "碎纸")
    there = held(office / "office" / "ledger.db", "2018-05-31")
    listed = [(row[1], row[6], row[7]) for row in list(book["保管清册"].values)[1:]]
    assert listed == [(item, number, holder) for (item, number), (holder, _) in sorted(there.items())]
    leaver = list(book["离岗登记"].values)[1]
    assert leaver[1] == "张伟"
    assert leaver[7] == "2018-11-30"
    assert all("（补录）" in str(row[-1]) for row in dispatch[1:])


def test_nothing_is_entered_for_the_month_that_was_closed(office: Path) -> None:
    before = (office / "office" / "ledger.db").read_bytes()
    done = subprocess.run(
        program(
            "add",
            "--kind",
            "收文",
            "--title",
            "x",
            "--giver",
            "省",
            "--receiver",
            "李娜",
            "--date",
            "2018-05-31",
        ),
        cwd=office,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3
    assert (office / "office" / "ledger.db").read_bytes() == before
