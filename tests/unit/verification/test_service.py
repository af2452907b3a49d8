"""Every path gets an answer: whatever it is, whatever is in it, whatever it costs."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agreegen.errors import InputError
from agreegen.model.report import FileReport, Report
from agreegen.pdf.limits import Limits
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from agreegen.verification.paths import expand_paths
from agreegen.verification.service import verify_paths
from tests.unit.verification.authority import NOW, blank_pdf, sign
from tests.unit.verification.conftest import Pki


@pytest.fixture
def options(pki: Pki) -> Options:
    return Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=pki.crls())


def run(paths: list[Path], options: Options, jobs: int = 1) -> list[FileReport]:
    return list(verify_paths(paths, options, jobs=jobs))


def test_every_kind_of_path_gets_an_answer(tmp_path: Path, options: Options, signed: bytes) -> None:
    (tmp_path / "signed.pdf").write_bytes(signed)
    (tmp_path / "blank.pdf").write_bytes(blank_pdf())
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "junk.pdf").write_bytes(os.urandom(5000))
    (tmp_path / "cut.pdf").write_bytes(signed[: len(signed) // 2])
    (tmp_path / "bare").mkdir()
    os.mkfifo(tmp_path / "pipe.pdf")
    with (tmp_path / "huge.pdf").open("wb") as file:
        file.truncate(3 << 30)
    names = ["signed.pdf", "blank.pdf", "empty.pdf", "junk.pdf", "cut.pdf", "bare", "pipe.pdf", "huge.pdf"]
    paths = [
        *(tmp_path / name for name in names),
        tmp_path / "none.pdf",
        Path("/dev/null"),
        Path("/dev/zero"),
    ]
    reports = run(paths, options, jobs=2)
    assert [report.path for report in reports] == [str(path) for path in paths]
    verdicts = [report.verdict.value for report in reports]
    assert verdicts[:3] == ["valid", "unsigned", "unreadable"]
    assert verdicts[3] in {"unreadable", "unsigned"}
    assert verdicts[4] in {"unreadable", "unsigned", "invalid"}
    assert verdicts[5:] == ["unreadable"] * 6
    codes = [report.alarms[0].code for report in reports[5:]]
    assert codes == ["no-pdf", "not-a-file", "too-large", "missing", "not-a-file", "not-a-file"]
    assert not Report(tuple(reports)).all_valid


def test_folders_are_opened_and_capital_suffixes_count(tmp_path: Path, signed: bytes) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "deep.PDF").write_bytes(signed)
    (tmp_path / "a" / "one.pdf").write_bytes(signed)
    (tmp_path / "a" / "note.txt").write_text("x")
    assert [path.name for path in expand_paths([tmp_path])] == ["one.pdf", "deep.PDF"]


def test_folder_without_pdf_has_an_entry(tmp_path: Path, options: Options) -> None:
    (report,) = run([tmp_path], options)
    assert (report.verdict.value, report.alarms[0].code) == ("unreadable", "no-pdf")


def test_standard_input(
    options: Options, signed: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del tmp_path
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(signed)))
    (report,) = run([Path("-")], options)
    assert (report.path, report.verdict.value) == ("-", "valid")


def test_file_that_takes_too_long_costs_only_its_worker(
    tmp_path: Path, options: Options, signed: bytes
) -> None:
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        (tmp_path / name).write_bytes(signed)
    # No file can be judged in no time, so every one is ended and every one has an answer.
    hurried = replace(options, limits=Limits(timeout_s=0.0))
    reports = run([tmp_path], hurried)
    assert [report.verdict.value for report in reports] == ["indeterminate"] * 3
    assert {report.alarms[0].code for report in reports} == {"limit"}
    assert [report.unaltered for report in reports] == [None] * 3


def test_memory_limit_gives_an_answer(tmp_path: Path, options: Options) -> None:
    with (tmp_path / "large.pdf").open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(400 << 20)
    tight = replace(options, limits=Limits(memory_bytes=600 << 20))
    (report,) = run([tmp_path / "large.pdf"], tight)
    assert report.verdict.value in {"unreadable", "indeterminate"}
    assert report.alarms


def test_order_is_kept_with_many_workers(tmp_path: Path, options: Options, signed: bytes) -> None:
    for number in range(40):
        (tmp_path / f"{number:03}.pdf").write_bytes(signed if number % 3 else blank_pdf())
    reports = list(verify_paths([tmp_path], options, jobs=2))
    assert [Path(report.path).name for report in reports] == [f"{number:03}.pdf" for number in range(40)]
    assert [report.verdict.value == "valid" for report in reports] == [bool(n % 3) for n in range(40)]


def test_wrong_policy_stops_before_anything_is_judged(tmp_path: Path, options: Options) -> None:
    (tmp_path / "policy.yaml").write_text("nonsense: 1")
    with pytest.raises(InputError):
        run([tmp_path], replace(options, policy_file=tmp_path / "policy.yaml"))


def test_flipping_any_signed_byte_is_never_unaltered(options: Options, signed: bytes) -> None:
    start = signed.rindex(b"/ByteRange")
    first, length, second, rest = (int(part) for part in signed[start:].split(b"[")[1].split(b"]")[0].split())
    covered = [*range(first, length), *range(second, second + rest)]
    for place in covered[:: max(1, len(covered) // 150)]:
        changed = bytearray(signed)
        changed[place] ^= 0x20
        report = verify_bytes("x", bytes(changed), options)
        assert report.unaltered is not True, place
        assert report.verdict.value != "valid", place
        assert not any(alarm.code == "internal-error" for alarm in report.alarms), place


def test_json_is_the_interface(options: Options, signed: bytes) -> None:
    data = json.loads(json.dumps(Report((verify_bytes("x.pdf", signed, options),)).to_dict()))
    (file,) = data["files"]
    assert {"path", "verdict", "unaltered", "document", "signatures", "alarms"} <= file.keys()
    wanted = {"field", "role", "signer", "kind", "indication", "subindication", "integrity", "coverage"}
    wanted |= {"changes_after", "trust", "revocation", "level", "time", "time_source", "reasons"}
    assert wanted <= file["signatures"][0].keys()
    assert data["summary"] == {"valid": 1, "invalid": 0, "indeterminate": 0, "unsigned": 0, "unreadable": 0}


def test_encrypted_files(options: Options) -> None:
    import pikepdf  # noqa: PLC0415 - only here

    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank_pdf())) as pdf:
        pdf.save(buffer, encryption=pikepdf.Encryption(user="open", owner="own", R=6))
    locked = verify_bytes("x", buffer.getvalue(), options)
    assert (locked.verdict.value, locked.alarms[0].code) == ("unreadable", "password-needed")
    opened = verify_bytes("x", buffer.getvalue(), replace(options, password="open"))
    assert opened.verdict.value == "unsigned"


def test_worker_that_dies_is_replaced(tmp_path: Path, options: Options, signed: bytes) -> None:
    import multiprocessing  # noqa: PLC0415 - only here

    for number in range(12):
        (tmp_path / f"{number:02}.pdf").write_bytes(signed)
    reports = verify_paths([tmp_path], options)
    seen = [next(reports)]
    for child in multiprocessing.active_children():
        child.kill()
    seen += list(reports)
    assert [Path(report.path).name for report in seen] == [f"{number:02}.pdf" for number in range(12)]
    verdicts = [report.verdict.value for report in seen]
    assert verdicts.count("valid") >= 11, "at most the file under way is lost, and it says so"
    assert set(verdicts) <= {"valid", "indeterminate"}
    assert all(report.signatures for report in seen), "the file under way is judged again, with care"


def test_workers_are_replaced_after_some_files_and_none_is_lost(
    tmp_path: Path, options: Options, signed: bytes
) -> None:
    for number in range(60):
        (tmp_path / f"{number:02}.pdf").write_bytes(signed)
    reports = run([tmp_path], replace(options, limits=Limits(files_per_process=25)), jobs=2)
    assert [report.verdict.value for report in reports] == ["valid"] * 60


def crowded_pdf(count: int) -> bytes:
    """Make a file with so many objects that comparing two parsers takes long."""
    import pikepdf  # noqa: PLC0415 - only here

    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank_pdf())) as pdf:
        pdf.Root.Crowd = pikepdf.Array(pdf.make_indirect(pikepdf.Dictionary(N=n)) for n in range(count))
        pdf.save(buffer)
    return buffer.getvalue()


def test_hanging_file_costs_only_itself(tmp_path: Path, options: Options, signed: bytes, pki: Pki) -> None:
    """The others of its group are judged, before it and after it, although they were given out with it."""
    for number in range(80):
        (tmp_path / f"{number:02}.pdf").write_bytes(signed)
    (tmp_path / "40.pdf").write_bytes(sign(crowded_pdf(200_000), pki.alice, pki.ca.holder))
    reports = run([tmp_path], replace(options, limits=Limits(timeout_s=0.8)))
    verdicts = [report.verdict.value for report in reports]
    assert verdicts == ["valid"] * 40 + ["indeterminate"] + ["valid"] * 39
    assert [alarm.code for alarm in reports[40].alarms] == ["limit"]
