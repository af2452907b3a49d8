"""Tokens for the tests that need some; a language that a command was told ends with its test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.integration.softhsm_support import Hsm, make_tokens


@pytest.fixture(scope="module")
def shared_hsm(tmp_path_factory: pytest.TempPathFactory) -> Hsm:
    with pytest.MonkeyPatch.context() as patch:
        return make_tokens(tmp_path_factory.mktemp("softhsm"), patch)


@pytest.fixture
def hsm(shared_hsm: Hsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hsm:
    """A copy of the tokens, so that a test may damage them."""
    shutil.copytree(shared_hsm.folder, tmp_path / "hsm")
    conf = tmp_path / "hsm" / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {tmp_path}/hsm/tokens\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(conf))
    return Hsm(tmp_path / "hsm")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command with `--lang` lets the whole process speak that language from then on."""
    monkeypatch.setenv("AGREEGEN_LANG", "en")
