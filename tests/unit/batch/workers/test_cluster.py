"""What a worker of a cluster checks before it makes a chunk."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreegen.batch.interface import Job, RosterSource
from agreegen.batch.making.outcomes import ChunkOutcome, WorkerSettings
from agreegen.batch.workers.cluster import DaskPool, make_chunk
from agreegen.conversion.interface import EngineChoice
from agreegen.errors import InputError, UsageError
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.signing.interface import Trust

NOW = datetime(2018, 5, 10, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> WorkerSettings:
    form = find_form("personal-pledge", forms_folder(None))
    shutil.copytree(form.directory, tmp_path / "forms/personal-pledge")
    (tmp_path / "out").mkdir()
    job = Job(
        path=tmp_path / "job.yaml",
        form=replace(form, directory=tmp_path / "forms/personal-pledge"),
        forms_folder=tmp_path / "forms",
        roster=RosterSource(tmp_path / "people.csv"),
        output=tmp_path / "out",
    )
    return WorkerSettings(job, Trust(), EngineChoice.AUTO, {})


def test_another_version_is_refused(settings: WorkerSettings) -> None:
    outcome = make_chunk(settings, (), NOW, "0.0.1")
    assert isinstance(outcome, ChunkOutcome)
    assert outcome.outcomes == ()
    assert isinstance(outcome.fatal, InputError)
    assert "0.0.1" in outcome.fatal.message


def test_another_form_is_refused(settings: WorkerSettings) -> None:
    with settings.job.form.template.open("ab") as file:
        file.write(b"\0")
    fatal = make_chunk(settings, (), NOW).fatal
    assert isinstance(fatal, InputError)
    assert "is not the coordinator's" in fatal.message


def test_the_packaged_form_stands_in_for_one_that_is_not_mounted(settings: WorkerSettings) -> None:
    shutil.rmtree(settings.job.form.directory)
    assert make_chunk(settings, (), NOW).fatal is None


def test_a_missing_output_folder_is_told(settings: WorkerSettings) -> None:
    settings.job.output.rmdir()
    fatal = make_chunk(settings, (), NOW).fatal
    assert isinstance(fatal, InputError)
    assert "on a worker" in fatal.message
    assert not settings.job.output.exists()


def test_plain_tcp_is_refused(settings: WorkerSettings) -> None:
    with pytest.raises(UsageError, match="TLS only"):
        DaskPool(settings, "tcp://127.0.0.1:8786")
