"""Bytes from strangers: judged in processes of their own, bounded, and no file holds them afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agreegen import api
from agreegen.errors import InputError
from agreegen.files import TEMPORARY_PREFIX
from agreegen.model.report import FileReport, Verdict
from agreegen.pdf.limits import Limits
from agreegen.verification import confined
from tests.integration.batch_support import make_pki

NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
"""Later than the keys, which are made while the tests run."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def signed(pki: Path) -> bytes:
    made = api.generate(api.find_form("personal-pledge"), {"pledger_name": "赵明", "staff_no": "A001"})
    seal = api.load_credential(pki / "credentials/unit-seal.yaml")
    try:
        return api.sign(made.pdf, seal, trust=api.load_trust([pki / "trust"])).pdf.data
    finally:
        seal.close()


@pytest.fixture
def verifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[api.UploadVerifier]:
    """Give a verifier whose temporary folder is the test's own."""
    monkeypatch.setenv("AGREEGEN_SHARED_TMPDIR", str(tmp_path))
    with api.UploadVerifier(2) as made:
        yield made
    assert not list(tmp_path.iterdir()), "its folders go with it"


def left_behind(folder: Path) -> list[Path]:
    """Return the files that are left in the folders of a verifier."""
    return [path for path in folder.glob(f"{TEMPORARY_PREFIX}upload-*/**/*") if path.is_file()]


def test_the_answer_is_that_of_verify(
    verifier: api.UploadVerifier, signed: bytes, pki: Path, tmp_path: Path
) -> None:
    options = api.verify_options([pki / "trust"], now=NOW)
    (tmp_path / "kept").mkdir()
    samples = {"good.pdf": signed, "cut.pdf": signed[:-200], "text.pdf": b"no PDF at all", "empty.pdf": b""}
    for name, data in samples.items():
        path = tmp_path / "kept" / name
        path.write_bytes(data)
        asked = verifier.verify(str(path), data, options)
        judged = api.verify([path], options).files[0]
        assert asked.to_dict() == judged.to_dict()
        path.unlink()
    (tmp_path / "kept").rmdir()
    assert not left_behind(tmp_path)


def test_many_threads_share_a_few_processes(verifier: api.UploadVerifier, signed: bytes, pki: Path) -> None:
    options = api.verify_options([pki / "trust"], now=NOW)
    answers: list[FileReport] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(verifier.verify(f"{n}.pdf", signed, options)))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.path for answer in answers) == [f"{n}.pdf" for n in range(6)]
    assert {answer.verdict for answer in answers} == {Verdict.VALID}


def _hang(folder: Path, _name: str, _data: bytes, _options: api.VerifyOptions) -> FileReport:
    (folder / "half").write_bytes(b"what a library was at")
    while True:
        pass


def _swell(folder: Path, _name: str, _data: bytes, _options: api.VerifyOptions) -> FileReport:
    (folder / "inner").mkdir()
    (folder / "inner/half").write_bytes(b"what a library was at")
    raise RuntimeError(len([bytes(64 << 20) for _ in range(1_000)]))


def _die(folder: Path, name: str, data: bytes, options: api.VerifyOptions) -> FileReport:
    if options.limits.native:
        import ctypes  # noqa: PLC0415 - in the process that it ends

        ctypes.string_at(0)
    return FileReport(name, Verdict.UNSIGNED, None, size_bytes=len(data))


@pytest.mark.parametrize(("breakdown", "told"), [(_hang, "longer"), (_swell, "memory")])
def test_what_hangs_or_swells_gets_an_answer_and_leaves_nothing(
    verifier: api.UploadVerifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    breakdown: object,
    told: str,
) -> None:
    monkeypatch.setattr(confined, "_judge", breakdown)
    limits = Limits(timeout_s=2.0, memory_bytes=1 << 30)
    answer = verifier.verify("bad.pdf", b"%PDF-1.7", replace(api.verify_options(now=NOW), limits=limits))
    assert answer.verdict is Verdict.INDETERMINATE
    assert told in answer.alarms[0].to_dict()["message"]
    assert not left_behind(tmp_path)


def test_a_library_that_dies_is_left_out_the_second_time(
    verifier: api.UploadVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "_judge", _die)
    assert verifier.verify("bad.pdf", b"%PDF-1.7", api.verify_options(now=NOW)).verdict is Verdict.UNSIGNED


def test_a_file_that_is_too_large_is_not_read(verifier: api.UploadVerifier) -> None:
    options = replace(api.verify_options(now=NOW), limits=Limits(max_file_bytes=1 << 20))
    answer = verifier.verify("large.pdf", bytes((1 << 20) + 1), options)
    assert (answer.verdict, answer.alarms[0].code) == (Verdict.UNREADABLE, "too-large")


def test_a_wrong_policy_is_the_callers_error(verifier: api.UploadVerifier, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("no such key: 1\n")
    with pytest.raises(InputError):
        verifier.verify("a.pdf", b"%PDF-1.7", api.verify_options(policy=policy, now=NOW))
    policy.unlink()


def test_one_upload_by_itself(signed: bytes, pki: Path) -> None:
    answer = api.verify_upload("a.pdf", signed, api.verify_options([pki / "trust"], now=NOW))
    assert (answer.verdict, answer.unaltered) == (Verdict.VALID, True)
