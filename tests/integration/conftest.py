"""Tokens and a finished job for tests; a language that a command was told ends with its test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agreegen.batch.interface import Job
from agreegen.batch.job.job_file import read_job
from tests.integration.outsider_support import finish_job
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


@pytest.fixture(scope="session")
def finished_job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job run twice, one document of which was replaced and one signed on paper."""
    return finish_job(tmp_path_factory.mktemp("finished") / "job")


@pytest.fixture
def job(finished_job: Path, tmp_path: Path) -> Job:
    """A copy of the finished job, for whoever changes it as only its writer can."""
    shutil.copytree(finished_job, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command with `--lang` lets the whole process speak that language from then on."""
    monkeypatch.setenv("AGREEGEN_LANG", "en")
