"""`agreegen web`: what a person is told who cannot be served."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.errors import ExitCode
from tests.cli.conftest import Agreegen


def test_other_machines_need_https_and_both_ways_there_are_named(agreegen: Agreegen, tmp_path: Path) -> None:
    result = agreegen("web", "--home", tmp_path / "home", "--host", "192.0.2.7")
    assert result.code == ExitCode.USAGE
    assert all(option in result.err for option in ("--tls-cert", "--tls-key", "--tls-office"))


def test_a_password_without_a_terminal_comes_from_a_file_or_the_environment(
    agreegen: Agreegen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ("web", "user", "add", "wang", "--role", "officer", "--home", tmp_path / "home")
    refused = agreegen(*line)
    assert refused.code == ExitCode.USAGE
    assert "--password-file" in refused.err
    assert "AGREEGEN_WEB_PASSWORD" in refused.err
    monkeypatch.setenv("AGREEGEN_WEB_PASSWORD", "correct horse battery")
    assert agreegen(*line).code == ExitCode.DONE
