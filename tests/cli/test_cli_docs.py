"""The documents name commands, options, exit codes and files that are there, in both languages alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agreegen.errors import ExitCode
from tests.cli.conftest import Agreegen

ROOT = Path(__file__).resolve().parents[2]
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
DOCUMENTS = [*READMES, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
GROUPS = {"forms", "batch", "archive", "register", "ledger", "credentials", "certs"}


def command_in(words: list[str]) -> list[str]:
    """Return the command of a line without its arguments; `web` is a command and a group of groups."""
    if words[0] == "web":
        depth = 3 if words[1] in {"user", "authority"} else 2
        return words[:1] if words[1].startswith("-") else words[:depth]
    return words[:2] if words[0] in GROUPS else words[:1]


def code_lines(path: Path) -> list[str]:
    """Return the lines of the code blocks, without comments, with continued lines joined."""
    text = path.read_text("utf-8").replace("\\\n", " ")
    text = re.sub(r"\n {10,}(?=\[)", " ", text)
    blocks = re.findall(r"^    (\S.*)$", text, re.MULTILINE) + re.findall(
        r"```yaml\n(.*?)```", text, re.DOTALL
    )
    lines = [re.sub(r"\s+#.*|^#.*", "", line) for block in blocks for line in block.splitlines()]
    return [re.sub(r"\s+", " ", line).strip() for line in lines if line.strip()]


def test_both_readmes_give_the_same_commands() -> None:
    english, chinese = (code_lines(path) for path in READMES)
    assert english == chinese
    assert any(line.startswith("agreegen batch run") for line in english)


def test_both_readmes_show_the_same_pictures_and_headings() -> None:
    english, chinese = (path.read_text("utf-8") for path in READMES)
    pictures = r"!\[[^\]]+\]\(([^)]+)\)"
    assert re.findall(pictures, english) == re.findall(pictures, chinese)
    assert len(re.findall("^## ", english, re.MULTILINE)) == len(re.findall("^## ", chinese, re.MULTILINE))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text("utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", [*READMES, ROOT / "docs" / "cli.md"], ids=lambda path: path.name)
def test_commands_and_options_exist(agreegen: Agreegen, path: Path) -> None:
    lines = [line for line in code_lines(path) if line.startswith("agreegen ")]
    assert lines
    for line in lines:
        words = line.split()[1:]
        result = agreegen(*command_in(words), "--help")
        assert result.code == 0, line
        for option in re.findall(r"--[a-z][a-z-]*", line):
            assert option in result.out, f"{line}: {option}"


@pytest.mark.parametrize("path", [*READMES, ROOT / "docs" / "cli.md"], ids=lambda path: path.name)
def test_every_exit_code_is_explained(path: Path) -> None:
    text = path.read_text("utf-8")
    for code in ExitCode:
        assert re.search(rf"(\*\*{code.value}\*\*|^\| {code.value} \|)", text, re.MULTILINE), code


def test_pictures_stay_small() -> None:
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 150_000, picture
