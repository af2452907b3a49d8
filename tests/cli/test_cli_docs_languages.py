"""Each page of docs/zh shows the same commands and files as its English original."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
CHINESE = sorted(page for page in (DOCS / "zh").glob("*.md") if page.name != "glossary.md")
ABRIDGED = {"verification.md"}
"""Of these the Chinese page is the reader's part: it names nothing that the English one does not."""
ELSEWHERE = {"python.md": "## All names"}
"""Where the English page goes on with what the Chinese one only links to."""


def original(page: Path) -> str:
    """Return the English text that a Chinese page has the counterpart of."""
    text = (DOCS / page.name).read_text("utf-8")
    return text.partition(ELSEWHERE[page.name])[0] if page.name in ELSEWHERE else text


def code_lines(text: str) -> list[str]:
    """Return the lines of the code blocks without comments, what is echoed to people, and names of units."""
    lines = re.findall(
        r"^(?: {4}| {7,8})(\S.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )
    for block in re.findall(r"^```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        lines += block.splitlines()
    plain = [re.sub(r"(?:^|\s)#.*$", "", line).strip() for line in lines]
    plain = [re.sub(r'(?<=echo )"[^"]*"|(?<=Description=).*', "…", line) for line in plain]
    return sorted(re.sub(r"\s+", " ", line) for line in plain if line)


def named(text: str) -> set[str]:
    """Return the options and files that a text names outside of code blocks."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    spans = re.findall(r"`([^`]{1,200})`", prose.replace("`` ` ``", ""))
    options = {option for span in spans for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", span)}
    files = {span for span in spans if re.fullmatch(r"[\w./<>-]*\w\.[a-z][a-z0-9]{1,4}|[\w./<>-]+/", span)}
    return options | files


def test_every_page_of_users_is_there() -> None:
    pages = "forms rosters batch credentials signing verification archive register deployment scaling python"
    assert {f"{page}.md" for page in pages.split()} <= {page.name for page in CHINESE}


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.stem)
def test_code_is_the_same(page: Path) -> None:
    assert code_lines(page.read_text("utf-8")) == code_lines(original(page))


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.stem)
def test_options_and_files_are_the_same(page: Path) -> None:
    chinese, english = named(page.read_text("utf-8")), named(original(page))
    assert chinese <= english
    if page.name not in ABRIDGED:
        assert english <= chinese


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.stem)
def test_pages_name_their_original(page: Path) -> None:
    assert f"[English](../{page.name})" in page.read_text("utf-8")
