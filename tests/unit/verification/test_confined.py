"""One process for what a command opens: it is there when it is needed, and what it cannot do is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from agreegen.foreign.confinement import ConfinedError, Runaway
from agreegen.model.report import Verdict
from agreegen.pdf.limits import Limits
from agreegen.verification import confined
from agreegen.verification.confined import JudgingProcess
from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from agreegen.verification.structure.scan import scan_structure
from tests.unit.verification.own_files import OwnFiles


@pytest.fixture
def process() -> Iterator[JudgingProcess]:
    made = JudgingProcess()
    yield made
    made.close()


def test_answers_are_those_of_this_process(process: JudgingProcess, own: OwnFiles) -> None:
    process.begin()
    data = own.signed["unit"]
    for rebuild in (True, False):
        there = process.examine("x.pdf", data, own.options, rebuild=rebuild)
        assert there == examine("x.pdf", data, own.options, rebuild=rebuild)
    assert process.verify("x.pdf", data, own.options) == examine("x.pdf", data, own.options)
    assert process.scan(data, Limits()) == scan_structure(data, Limits())


def test_it_is_replaced_after_so_many_files(
    process: JudgingProcess, own: OwnFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "_FILES_PER_PROCESS", 2)
    monkeypatch.setattr(confined, "_scan", _number)
    numbers = [str(process.scan(b"", Limits())) for _ in range(5)]
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3] != numbers[4]
    assert str(os.getpid()) not in numbers


def test_settings_of_the_program_are_those_of_the_process(
    process: JudgingProcess, own: OwnFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program signs with one folder of forms, then with another; its temporary folder may be gone, too."""
    folder = tmp_path / "forms"
    shutil.copytree(own.form.directory, folder / own.form.id)
    (folder / own.form.id / "template.docx").write_bytes(b"")

    def knows_the_form() -> bool:
        alarms = process.examine("x.pdf", own.signed["unit"], own.options).alarms
        return "form-unknown" not in [each.code for each in alarms]

    assert knows_the_form()
    monkeypatch.setenv("AGREEGEN_FORMS", str(folder))
    assert not knows_the_form()
    monkeypatch.delenv("AGREEGEN_FORMS")
    assert knows_the_form()


def _number(_data: bytes, _limits: Limits) -> int:
    return os.getpid()


def _die_once(_label: str, data: bytes, _options: Options, _rebuild: bool) -> str:
    path = Path(os.fsdecode(data))
    if not path.exists():
        path.touch()
        os.abort()
    return "an answer"


def test_what_died_of_something_else_is_asked_once_more(
    process: JudgingProcess, own: OwnFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "_examine", _die_once)
    answer: object = process.examine("x.pdf", os.fsencode(tmp_path / "died"), own.options)
    assert answer == "an answer"


def test_where_there_is_no_room_for_a_process_nothing_is_said_of_the_file(
    process: JudgingProcess, own: OwnFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    process.begin()
    with pytest.raises(ConfinedError) as caught:
        process.examine("x.pdf", own.signed["unit"], own.options)
    assert caught.value.why is Runaway.FAILED
    assert process.scan(own.signed["unit"], Limits()) is None
    assert process.verify("x.pdf", own.signed["unit"], own.options).verdict is Verdict.INDETERMINATE
    monkeypatch.undo()
    assert process.examine("x.pdf", own.signed["unit"], own.options).unaltered is True
