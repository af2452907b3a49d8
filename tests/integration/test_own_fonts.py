"""A job in an office's own font: the pages are set in it, and `verify` says valid to who knows the font."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.running.run import run_job
from agreegen.files import sha256_of_file
from agreegen.forms.fonts import find_font
from agreegen.model.report import Verdict
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_path
from tests.integration.batch_support import PEOPLE, clock, documents_of, make_pki, write_job

pytestmark = pytest.mark.libreoffice


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, Path]:
    """A job with one line more than others, run once; and the font that this line names."""
    folder = tmp_path_factory.mktemp("own-fonts")
    installed = find_font("LXGW WenKai")
    assert installed is not None
    font = folder / "ours" / "text.ttf"
    font.parent.mkdir()
    shutil.copy(installed.path, font)
    pki = make_pki(folder / "made")
    job = write_job(folder / "job", pki, PEOPLE[:2], more="fonts: ../ours/text.ttf\n")
    assert run_job(job, RunSettings(workers=1)).done == 2
    return job, font


def _options(job: Job, known: frozenset[str] | None) -> Options:
    trust = load_trust(job.trust)
    return Options(now=clock(), anchors_der=trust.anchors_der, crls_der=trust.crls_der, known_fonts=known)


def test_the_pages_are_set_in_the_font_of_the_office(finished: tuple[Job, Path]) -> None:
    job, _ = finished
    for path in documents_of(job):
        shown = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout
        assert "LXGWWenKai" in shown
        assert "Noto" not in shown


def test_who_knows_the_font_is_told_valid(finished: tuple[Job, Path]) -> None:
    job, font = finished
    for path in documents_of(job):
        report = verify_path(path, _options(job, frozenset({sha256_of_file(font)})))
        assert report.verdict is Verdict.VALID, report.alarms


def test_who_does_not_know_the_font_is_told_so(finished: tuple[Job, Path]) -> None:
    job, _ = finished
    for path in documents_of(job):
        report = verify_path(path, _options(job, None))
        assert report.verdict is Verdict.INDETERMINATE
        (alarm,) = (alarm for alarm in report.alarms if alarm.code == "engine-differs")
        assert "LXGW WenKai" in str(alarm.message)
        assert "AGREEGEN_FONTS" in str(alarm.message)


def test_the_environment_makes_the_font_known(
    finished: tuple[Job, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, font = finished
    monkeypatch.setenv("AGREEGEN_FONTS", str(font.parent))
    assert verify_path(documents_of(job)[0], _options(job, None)).verdict is Verdict.VALID


def test_where_the_fonts_are_named_wrongly_the_file_still_gets_its_verdict(
    finished: tuple[Job, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, font = finished
    monkeypatch.setenv("AGREEGEN_FONTS", str(font.parent / "gone.ttf"))
    assert verify_path(documents_of(job)[0], _options(job, None)).verdict is Verdict.INDETERMINATE
