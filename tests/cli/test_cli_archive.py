"""`agreegen archive` and `agreegen register`: whole, or saying what is not."""

from __future__ import annotations

import csv
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder
from agreegen.reports.verification import abridging
from tests.cli.conftest import PEOPLE, Agreegen, Papers, files_below


def register_of(job: Path) -> Path:
    """Return the register of a job."""
    return job.parent / "pledges" / "register.db"


def test_a_bag_verifies_offline(agreegen: Agreegen, pki: ExamplePki, bag: Path) -> None:
    assert {"bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt.p7s"} <= files_below(bag)
    result = agreegen("archive", "verify", bag, "--trust", pki.trust, "--json")
    assert result.code == 0
    report = result.json()
    assert report["valid"] is True
    assert report["problems"] == []
    assert report["documents"]["summary"]["valid"] == 3
    told = agreegen("archive", "verify", bag, "--trust", pki.trust)
    assert told.code == 0
    open_still = sum(bool(each["document"]["missing_roles"]) for each in report["documents"]["files"])
    assert open_still > 0
    assert f"{open_still} of them not fully signed" in told.out


def test_the_four_properties_of_a_bag(agreegen: Agreegen, pki: ExamplePki, bag: Path, tmp_path: Path) -> None:
    line = ("archive", "verify", bag, "--trust", pki.trust, "--four", tmp_path / "four.html")
    assert agreegen(*line).code == 0
    checks = _four(tmp_path)
    assert {each[0] for each in checks.values()} == {"Authenticity", "Integrity", "Usability", "Safety"}
    assert "failed" not in {each[3] for each in checks.values()}
    assert checks["documents against the register"][4] == "3 documents, 3 rows"
    assert agreegen(*line).code == 2  # both files are there
    table = bag / "data" / "register.csv"
    table.write_bytes(table.read_bytes().rpartition(b"\r\n")[0].rpartition(b"\r\n")[0] + b"\r\n")
    assert agreegen(*line, "--force").code == 1
    checks = _four(tmp_path)
    failed = {name for name, each in checks.items() if each[3] == "failed"}
    assert failed == {"files against the manifests", "total size", "documents against the register"}
    assert "certif" in (tmp_path / "four.html").read_text("utf-8")


def test_the_four_properties_of_a_bag_too_large_for_every_detail(
    agreegen: Agreegen, pki: ExamplePki, bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reports of settled documents are cut short after so many; which document each is must not be lost."""
    monkeypatch.setattr(abridging, "MAX_DETAILED", 1)
    line = ("archive", "verify", bag, "--trust", pki.trust, "--four", tmp_path / "four.html")
    result = agreegen(*line, "--json")
    assert len({file["document"]["id"] for file in result.json()["documents"]["files"]}) == 3
    assert (result.code, _four(tmp_path)["metadata against content"][3]) == (0, "passed")


def _four(folder: Path) -> dict[str, tuple[str, ...]]:
    sheet = openpyxl.load_workbook(folder / "four.xlsx").worksheets[0]
    return {str(row[1]): tuple(map(str, row)) for row in list(sheet.values)[1:]}


def test_a_bag_with_a_timestamp(
    agreegen: Agreegen, pki: ExamplePki, services: Responder, own_job: Path, tmp_path: Path
) -> None:
    line = ("archive", "create", own_job.parent / "pledges", "-o", tmp_path / "bag", "--trust", pki.trust)
    result = agreegen(*line, "--credential", pki.credential("archive-seal"), "--tsa", services.tsa_url)
    assert result.code == 0
    assert "tagmanifest-sha256.txt.tsr" in files_below(tmp_path / "bag")
    report = agreegen("archive", "verify", tmp_path / "bag", "--trust", pki.trust, "--json").json()
    assert report["valid"] is True
    assert report["proven_time"].endswith("Z")


def test_without_trust_a_bag_is_not_positive(agreegen: Agreegen, bag: Path) -> None:
    result = agreegen("archive", "verify", bag)
    assert result.code == 1
    assert result.err.count("--trust") == 1, "what helps all documents is said once"


@pytest.mark.parametrize(
    "where", ["data/documents", "data/register.csv", "bag-info.txt", "manifest-sha256.txt"]
)
def test_a_changed_file_is_named(agreegen: Agreegen, pki: ExamplePki, bag: Path, where: str) -> None:
    path = bag / where
    if path.is_dir():
        path = sorted(path.rglob("*.pdf"))[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    result = agreegen("archive", "verify", bag, "--trust", pki.trust, "--json")
    assert result.code == 1
    assert path.relative_to(bag).as_posix() in {problem["path"] for problem in result.json()["problems"]}


@pytest.mark.parametrize("name", ["notes.txt", "data/documents/more.pdf", "fetch.txt"])
def test_an_unlisted_file_is_refused(agreegen: Agreegen, pki: ExamplePki, bag: Path, name: str) -> None:
    (bag / name).write_text("more", "utf-8")
    assert agreegen("archive", "verify", bag, "--trust", pki.trust).code == 1


def test_a_bag_is_not_overwritten(agreegen: Agreegen, pki: ExamplePki, bag: Path, own_job: Path) -> None:
    before = files_below(bag)
    line = ("archive", "create", own_job.parent / "pledges", "-o", bag, "--trust", pki.trust)
    result = agreegen(*line, "--credential", pki.credential("archive-seal"))
    assert result.code in {2, 7}
    assert "--force" in result.err
    assert files_below(bag) == before


def test_what_cannot_be_archived(agreegen: Agreegen, pki: ExamplePki, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    credential = ("--credential", pki.credential("archive-seal"))
    bag = tmp_path / "bag"
    assert agreegen("archive", "create", tmp_path / "nothing", "-o", bag, *credential).code == 2
    assert agreegen("archive", "create", tmp_path / "empty", "-o", bag, *credential).code == 7
    (tmp_path / "there").mkdir()
    there = agreegen("archive", "create", tmp_path / "empty", "-o", tmp_path / "there", *credential)
    assert (there.code, "exists already" in there.err) == (2, True)
    missing = ("--credential", tmp_path / "nothing.yaml")
    assert agreegen("archive", "create", tmp_path / "empty", "-o", bag, *missing).code == 6
    assert files_below(tmp_path) == set()


def test_a_missing_bag_is_not_positive(agreegen: Agreegen, tmp_path: Path) -> None:
    assert agreegen("archive", "verify", tmp_path / "nothing", "--json").code == 1


def test_register_list(agreegen: Agreegen, finished_job: Path) -> None:
    register = register_of(finished_job)
    listed = agreegen("register", "list", "--register", register, "--json").json()
    assert {document["staff_no"] for document in listed} == {"HN0001", "HN0002", "HN0004"}
    signed = agreegen("register", "list", "--register", register, "--state", "signed", "--json").json()
    assert {document["staff_no"] for document in signed} >= {"HN0001", "HN0004"}
    assert agreegen("register", "list", "--register", register, "--state", "nothing").code == 2
    assert "阿卜杜热合曼·买买提" in agreegen("register", "list", "--register", register).out


def test_register_export(agreegen: Agreegen, finished_job: Path, tmp_path: Path) -> None:
    line = ("register", "export", "--register", register_of(finished_job), "-o")
    as_csv, as_xlsx = tmp_path / "r.csv", tmp_path / "r.xlsx"
    assert agreegen(*line, as_csv).code == 0
    with as_csv.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
    assert as_csv.stat().st_mode & 0o777 == 0o600
    assert agreegen(*line, as_xlsx, "--omit-ids").code == 0
    assert openpyxl.load_workbook(as_xlsx).worksheets[0].max_row == 4
    assert agreegen(*line, as_csv).code == 2
    assert agreegen(*line, tmp_path / "r.pdf").code == 2


def test_the_sealer_is_named_and_may_be_pinned(agreegen: Agreegen, pki: ExamplePki, bag: Path) -> None:
    """Whoever has a certificate of a trusted authority can make a bag; the verifier says whose it must be."""
    line = ("archive", "verify", bag, "--trust", pki.trust)
    first = agreegen(*line).out.splitlines()[0]
    assert "would pass" in first
    assert "sealed by" in first
    report = agreegen(*line, "--json").json()
    sha256 = report["signature"]["certificate_sha256"]
    assert report["signature"]["pinned"] is False
    right = agreegen(*line, "--signer", sha256)
    assert right.code == 0
    assert "would pass" not in right.out
    wrong = agreegen(*line, "--signer", "0" * 64, "--json")
    assert (wrong.code, wrong.json()["signature"]["state"]) == (1, "invalid")
    assert agreegen(*line, "--signer", "nobody.pem").code == 3


def test_register_verify(agreegen: Agreegen, pki: ExamplePki, own_job: Path) -> None:
    line = ("register", "verify", "--register", register_of(own_job), "--trust", pki.trust)
    whole = agreegen(*line, "--json")
    assert (whole.code, whole.json()["problems"]) == (0, [])
    document = next((own_job.parent / "pledges" / "documents").rglob("HN0001.pdf"))
    document.write_bytes(document.read_bytes() + b"\n")
    changed = agreegen(*line, "--json")
    assert changed.code == 1
    assert "HN0001" in changed.out


def test_a_changed_row_is_found(agreegen: Agreegen, own_job: Path) -> None:
    register = register_of(own_job)
    with sqlite3.connect(register) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        assert "documents" in tables
        connection.execute("UPDATE documents SET name = '别人' WHERE name = '张伟'")
    connection.close()
    result = agreegen("register", "verify", "--register", register)
    assert result.code == 1
    assert result.out.strip()


def test_coverage(agreegen: Agreegen, finished_job: Path, roster: Path, tmp_path: Path) -> None:
    line = ("register", "coverage", "--register", register_of(finished_job), "--roster")
    open_pledge = agreegen(*line, roster)
    assert open_pledge.code == 1
    assert "HN0002" in open_pledge.out
    assert "HN0001" not in open_pledge.out
    fewer = tmp_path / "fewer.csv"
    fewer.write_text("姓名,编号\n张伟,HN0001\n", "utf-8")
    found = agreegen(*line, fewer, "--json")
    assert found.json()["summary"]["open"] == 0
    assert found.json()["summary"]["left"] >= 1
    assert found.code == 0
    newcomer = tmp_path / "newcomer.csv"
    newcomer.write_text("姓名,编号\n张伟,HN0001\n新人,HN0099\n", "utf-8")
    result = agreegen(*line, newcomer, "--json")
    assert result.code == 1
    states = {person["staff_no"]: person["state"] for person in result.json()["people"]}
    assert (states["HN0001"], states["HN0099"]) == ("signed", "no-document")


def test_what_is_no_register(agreegen: Agreegen, roster: Path) -> None:
    assert agreegen("register", "list", "--register", roster).code == 7
    assert agreegen("register", "list", "--register", roster.parent / "nothing.db").code == 2


def test_example_anchors_give_a_warning(agreegen: Agreegen, pki: ExamplePki, bag: Path) -> None:
    assert "example trust anchor" in agreegen("archive", "verify", bag, "--trust", pki.trust).err
    assert "example trust anchor" not in agreegen("archive", "verify", bag).err


def test_an_expired_seal_closes_no_bag(agreegen: Agreegen, own_job: Path, tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=5 * 365)
    other = make_example_pki(tmp_path / "pki", now=long_ago, key_bits=2048, people=PEOPLE[:1])
    line = ("archive", "create", own_job.parent / "pledges", "-o", tmp_path / "bag", "--trust", other.trust)
    result = agreegen(*line, "--credential", other.credential("archive-seal"))
    assert result.code == 6
    assert "expired" in result.err
    assert not (tmp_path / "bag").exists()


def test_what_nobody_signed_or_registered_is_left_out_by_name(
    agreegen: Agreegen, own_job: Path, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    source = own_job.parent / "pledges"
    shutil.copyfile(papers.pledge, source / "documents" / "stray.pdf")
    line = ("archive", "create", source, "--credential", pki.credential("archive-seal"))
    result = agreegen(*line, "-o", tmp_path / "bag")
    assert result.code == 0, result.err
    assert "left out: documents/stray.pdf: the register does not know it" in result.err
    assert not list((tmp_path / "bag").rglob("stray.pdf"))
    result = agreegen(*line, "-o", tmp_path / "all", "--include-unsigned")
    assert result.code == 0, result.err
    assert "left out" not in result.err
    assert len(list((tmp_path / "all").rglob("stray.pdf"))) == 1


def test_a_folder_without_register_leaves_unsigned_files_out(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    shutil.copyfile(papers.pledge, folder / "open.pdf")
    line = ("archive", "create", folder, "--credential", pki.credential("archive-seal"))
    empty = agreegen(*line, "-o", tmp_path / "bag")
    assert empty.code == 7
    assert "open.pdf" in empty.err
    assert "--include-unsigned" in empty.err
    shutil.copyfile(papers.attested, folder / "signed.pdf")
    result = agreegen(*line, "-o", tmp_path / "bag")
    assert result.code == 0
    assert "left out: open.pdf: nobody has signed it" in result.err
    assert [path.name for path in (tmp_path / "bag").rglob("*.pdf")] == ["signed.pdf"]


def test_coverage_without_units_tells_the_sum_alone(agreegen: Agreegen, own_job: Path) -> None:
    told = agreegen("register", "coverage", "--job", own_job)
    assert "of 3" in told.out + told.err
    assert "no unit" not in told.out + told.err
