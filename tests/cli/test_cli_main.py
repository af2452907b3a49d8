"""What all commands share: help, version, verbosity, exit codes of wrong calls and of interruption."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import threading
from importlib import metadata
from pathlib import Path

import pytest

from agreegen import __version__
from tests.cli.conftest import Agreegen, Papers

COMMANDS = (
    "doctor",
    "forms list",
    "forms show",
    "forms check",
    "forms compile",
    "generate",
    "sign",
    "extend",
    "verify",
    "batch check",
    "batch run",
    "batch status",
    "archive create",
    "archive verify",
    "register list",
    "register export",
    "register verify",
    "register coverage",
    "credentials list",
    "credentials check",
    "certs example",
    "demo",
)


def test_version(agreegen: Agreegen) -> None:
    result = agreegen("--version")
    assert (result.code, result.out.strip()) == (0, f"agreegen, version {__version__}")


def test_the_version_is_that_of_the_code_and_of_the_newest_section_of_changes(
    agreegen: Agreegen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda _name: "0.0.1")  # what an earlier installation left
    changes = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert newest is not None
    assert agreegen("--version").out.strip() == f"agreegen, version {newest[1]}"
    assert json.loads(agreegen("doctor", "--json").out)["version"] == newest[1]


def test_help_names_commands_and_exit_codes(agreegen: Agreegen) -> None:
    result = agreegen("--help")
    assert result.code == 0
    assert {name.split()[0] for name in COMMANDS} <= set(result.out.split())
    assert "70 a bug; 130 interrupted" in result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_the_common_options(agreegen: Agreegen, name: str) -> None:
    result = agreegen(*name.split(), "--help")
    assert result.code == 0
    assert "--verbose" in result.out
    assert "--quiet" in result.out


@pytest.mark.parametrize(
    "line",
    [
        "frobnicate",
        "",
        "generate",
        "sign",
        "batch",
        "batch run",
        "verify",
        "verify x.pdf --at",
        "generate personal-pledge --params pledge.yaml",
        "sign x.pdf -o y.pdf --role unit --credential c.yaml --level B-X",
        "extend x.pdf -o y.pdf --level B-B",
        "extend x.pdf -o y.pdf",
        "forms list --nonsense",
        "batch run nothing-there.yaml",
        "register list --register nothing-there.db",
        "demo out --count 0",
    ],
)
def test_wrong_calls_are_usage_errors(agreegen: Agreegen, line: str) -> None:
    result = agreegen(*line.split())
    assert result.code == 2
    assert "Error: " in result.err or "Usage: " in result.err
    assert result.out == ""


def test_the_folder_of_forms_may_stand_before_the_command(agreegen: Agreegen, tmp_path: Path) -> None:
    form = Path(__file__).resolve().parents[2] / "forms" / "personal-pledge"
    shutil.copytree(form, tmp_path / "office-pledge")
    description = tmp_path / "office-pledge" / "form.yaml"
    description.write_text(
        description.read_text("utf-8").replace("id: personal-pledge", "id: office-pledge"), "utf-8"
    )
    packaged = {form["id"] for form in agreegen("forms", "list", "--json").json()}
    before = agreegen("--forms", tmp_path, "forms", "list", "--json")
    after = agreegen("forms", "list", "--forms", tmp_path, "--json")
    assert {form["id"] for form in before.json()} - packaged == {"office-pledge"}
    assert before.out == after.out


@pytest.mark.parametrize("where", [("-q", "forms", "check"), ("forms", "check", "-q")])
def test_quiet_says_nothing_when_all_is_well(agreegen: Agreegen, where: tuple[str, ...]) -> None:
    result = agreegen(*where, "personal-pledge")
    assert (result.code, result.out, result.err) == (0, "", "")
    spoken = agreegen("forms", "check", "personal-pledge")
    assert "nothing to complain about" in spoken.err


def test_quiet_keeps_results_and_errors(agreegen: Agreegen, papers: Papers, tmp_path: Path) -> None:
    assert "Not signed" in agreegen("verify", "-q", papers.pledge).out
    missing = tmp_path / "nothing.pdf"
    result = agreegen(
        "sign", "-q", missing, "-o", tmp_path / "o.pdf", "--role", "unit", "--credential", "c.yaml"
    )
    assert result.code == 6
    assert result.err.startswith("error: ")


def test_verbose_may_stand_twice(agreegen: Agreegen) -> None:
    assert agreegen("forms", "list", "-vv").code == 0


@pytest.mark.timeout(30)
def test_interruption_is_130(agreegen: Agreegen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that waits for its standard input is interrupted as by Ctrl-C."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as waiting, os.fdopen(writer, "w"):
        monkeypatch.setattr(sys, "stdin", waiting)
        main = threading.main_thread().ident
        assert main is not None
        timer = threading.Timer(5.0, signal.pthread_kill, (main, signal.SIGINT))
        # A test before this one may have left another handler: a program starts with this one.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            timer.start()
            result = agreegen("verify", "-")
            timer.join()
        finally:
            signal.signal(signal.SIGINT, before)
    assert result.code == 130
    assert "interrupted" in result.err


def test_what_is_named_in_an_error_does_not_move_the_cursor(
    agreegen: Agreegen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names come out of files: an escape sequence or a turned line would let one say something else."""
    monkeypatch.setenv("AGREEGEN_LANG", "zh")
    result = agreegen("forms", "show", "a\x1b[2Jb\u202ec")
    assert result.code == 3
    assert "a[2Jbc" in result.err
    assert not set(result.err) & {"\x1b", "\u202e"}
