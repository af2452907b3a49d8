"""`agreegen verify`: an answer for every file, in the shape that scripts rely on."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agreegen.cli.verify import read_passwords
from agreegen.example_pki.layout import ExamplePki
from tests.cli.conftest import AGREEMENT_ROLES, Agreegen, Papers, files_below

SIGNATURE_KEYS = {
    *("field", "role", "signer", "kind", "indication", "subindication", "integrity", "coverage"),
    *("changes_after", "trust", "revocation", "level", "time", "time_source", "reasons"),
}


def only_file(agreegen: Agreegen, *arguments: object) -> dict[str, Any]:
    """Verify one file and return its entry."""
    files = agreegen("verify", *arguments, "--json").json()["files"]
    assert len(files) == 1
    entry: dict[str, Any] = files[0]
    return entry


def test_json_has_the_agreed_shape(agreegen: Agreegen, pki: ExamplePki, papers: Papers) -> None:
    result = agreegen("verify", papers.signed_agreement, "--trust", pki.trust, "--json")
    assert result.code == 0
    report = result.json()
    assert report["summary"] == {
        "valid": 1,
        "invalid": 0,
        "indeterminate": 0,
        "unsigned": 0,
        "unreadable": 0,
    }
    file = report["files"][0]
    assert file["path"] == str(papers.signed_agreement)
    assert (file["verdict"], file["unaltered"]) == ("valid", True)
    assert file["document"]["form"] == "confidentiality-agreement"
    assert file["document"]["missing_roles"] == []
    assert [signature["role"] for signature in file["signatures"]] == list(AGREEMENT_ROLES)
    for signature in file["signatures"]:
        assert set(signature) >= SIGNATURE_KEYS
        assert signature["indication"] == "TOTAL-PASSED"
        assert (signature["integrity"], signature["trust"]) == ("intact", "trusted")
        assert signature["time"].endswith("Z")
    assert file["signatures"][-1]["coverage"] == "whole-file"
    assert all(set(alarm) == {"code", "message"} for alarm in file["alarms"])


def test_without_trust_nothing_is_valid(agreegen: Agreegen, papers: Papers) -> None:
    result = agreegen("verify", papers.signed_agreement, "--json")
    assert result.code == 1
    file = result.json()["files"][0]
    assert (file["verdict"], file["unaltered"]) == ("indeterminate", True)
    assert {signature["trust"] for signature in file["signatures"]} == {"unknown"}


def test_open_roles_are_listed_and_count_with_complete(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers
) -> None:
    line = ("verify", papers.attested, "--trust", pki.trust)
    open_roles = agreegen(*line, "--json")
    assert open_roles.code == 0
    assert open_roles.json()["files"][0]["document"]["missing_roles"] == ["pledger"]
    complete = agreegen(*line, "--complete", "--json")
    assert complete.code == 1
    assert complete.json()["files"][0]["verdict"] == "indeterminate"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.75])
def test_a_flipped_byte_is_found(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path, share: float
) -> None:
    data = bytearray(papers.agreement.read_bytes())
    signed = bytearray(papers.signed_agreement.read_bytes())
    signed[int(len(data) * share)] ^= 1
    target = tmp_path / "flipped.pdf"
    target.write_bytes(signed)
    result = agreegen("verify", target, "--trust", pki.trust, "--json")
    assert result.code == 1
    assert result.json()["files"][0]["verdict"] in {"invalid", "unreadable"}
    assert result.json()["files"][0]["unaltered"] is not True


def test_a_cut_revision_is_found_with_complete(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    agreegen("verify", papers.signed_agreement, "--extract-signed", tmp_path / "revisions")
    revisions = sorted((tmp_path / "revisions").iterdir(), key=lambda path: path.stat().st_size)
    assert len(revisions) == len(AGREEMENT_ROLES)
    assert papers.signed_agreement.read_bytes().startswith(revisions[0].read_bytes())
    file = only_file(agreegen, revisions[0], "--trust", pki.trust, "--complete")
    assert file["verdict"] == "indeterminate"
    assert file["document"]["missing_roles"] == list(AGREEMENT_ROLES[1:])


def test_every_path_gets_an_answer(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    shutil.copyfile(papers.attested, tmp_path / "deep" / "A.PDF")
    (tmp_path / "deep" / "junk.pdf").write_bytes(b"%PDF-1.7\njunk")
    (tmp_path / "deep" / "notes.txt").write_text("not a PDF", "utf-8")
    result = agreegen(
        "verify", tmp_path, papers.pledge, tmp_path / "nothing.pdf", "--trust", pki.trust, "--json"
    )
    assert result.code == 1
    verdicts = {Path(file["path"]).name: file["verdict"] for file in result.json()["files"]}
    assert verdicts == {
        "A.PDF": "valid",
        "junk.pdf": "unreadable",
        "pledge.pdf": "unsigned",
        "nothing.pdf": "unreadable",
    }


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may read everything")
def test_what_may_not_be_read_gets_an_answer_too(pki: ExamplePki, papers: Papers, tmp_path: Path) -> None:
    for name in ("open.pdf", "closed.pdf", "shut/inside.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(papers.attested, tmp_path / name)
    (tmp_path / "closed.pdf").chmod(0)
    (tmp_path / "shut").chmod(0)
    # Root without these two capabilities is held by permissions as anybody is.
    bound = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    line = (*bound, sys.executable, "-m", "agreegen", "verify", tmp_path / "closed.pdf", tmp_path)
    try:
        result = subprocess.run(
            [*line, "--trust", pki.trust, "--json"], capture_output=True, text=True, check=False
        )
    finally:
        (tmp_path / "shut").chmod(0o700)
    assert result.returncode == 1, result.stderr
    files = json.loads(result.stdout)["files"]
    found = [(Path(f["path"]).name, f["verdict"], f["alarms"][0]["code"]) for f in files]
    closed = ("closed.pdf", "unreadable", "not-readable")
    assert found[0] == closed
    assert sorted(found[1:]) == [
        closed,
        ("open.pdf", "valid", "example-trust"),
        ("shut", "unreadable", "not-readable"),
    ]


def test_two_processes_give_the_same_report(agreegen: Agreegen, pki: ExamplePki, papers: Papers) -> None:
    line = ("verify", papers.signed_agreement, papers.attested, papers.pledge, "--trust", pki.trust, "--json")
    assert agreegen(*line, "--jobs", "2").json() == agreegen(*line).json()


def test_an_unsigned_file_has_nothing_to_judge(agreegen: Agreegen, papers: Papers) -> None:
    file = only_file(agreegen, papers.pledge)
    assert (file["verdict"], file["unaltered"], file["signatures"]) == ("unsigned", None, [])


def test_a_folder_without_pdfs_is_not_positive(agreegen: Agreegen, tmp_path: Path) -> None:
    assert agreegen("verify", tmp_path, "--json").code == 1


def test_standard_input(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(papers.attested.read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    result = agreegen("verify", "-", "--trust", pki.trust, "--json")
    assert result.code == 0
    assert result.json()["files"][0]["path"] == "-"


def test_reports_are_written_and_not_overwritten(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    html, xml = tmp_path / "r.html", tmp_path / "r.xml"
    line = ("verify", papers.attested, "--trust", pki.trust, "--html", html, "--xml", xml, "--lang", "zh")
    assert agreegen(*line).code == 0
    assert "有效" in html.read_text("utf-8")
    assert b"ValidationReport" in xml.read_bytes()
    html.write_text("precious", "utf-8")
    assert agreegen(*line).code == 2
    assert html.read_text("utf-8") == "precious"


def test_what_was_judged_is_never_overwritten(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    evidence = tmp_path / "in" / "a.pdf"
    evidence.parent.mkdir()
    shutil.copyfile(papers.attested, evidence)
    before = evidence.read_bytes()
    for line in (("--html", evidence), ("--xml", evidence), ("--html", pki.trust / "root.pem")):
        result = agreegen("verify", evidence.parent, "--trust", pki.trust, *line, "--force")
        assert result.code == 2
        assert str(line[1]) in result.err
    assert evidence.read_bytes() == before
    same = ("--html", tmp_path / "r", "--xml", tmp_path / "r")
    assert agreegen("verify", evidence, *same).code == 2


def test_signed_revisions_are_not_overwritten(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    line = ("verify", papers.attested, "--trust", pki.trust, "--extract-signed", tmp_path / "revisions")
    assert agreegen(*line).code == 0
    (written,) = (tmp_path / "revisions").iterdir()
    written.write_bytes(b"precious")
    result = agreegen(*line)
    assert (result.code, written.name in result.err) == (2, True)
    assert written.read_bytes() == b"precious"
    assert agreegen(*line, "--force").code == 0
    assert written.read_bytes().startswith(b"%PDF")


def test_the_table_of_many_files_names_the_open_roles(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers
) -> None:
    line = ("verify", papers.attested, papers.signed_agreement, "--trust", pki.trust)
    rows = agreegen(*line).out.splitlines()
    (attested,) = (row for row in rows if str(papers.attested.name) in row)
    assert "so far" in attested
    assert "open: Pledger 阿卜杜热合曼·买买提" in attested
    (signed,) = (row for row in rows if papers.signed_agreement.name in row)
    assert "open:" not in signed
    assert "尚待签署：承诺人（签字）" in agreegen(*line, "--lang", "zh").out


def test_table_in_both_languages(agreegen: Agreegen, pki: ExamplePki, papers: Papers) -> None:
    line = ("verify", papers.attested, "--trust", pki.trust, "--lang")
    assert "Valid" in agreegen(*line, "en").out
    assert "有效" in agreegen(*line, "zh").out


def test_a_time_before_any_proof_is_not_enough(agreegen: Agreegen, pki: ExamplePki, papers: Papers) -> None:
    line = ("verify", papers.signed_agreement, "--trust", pki.trust, "--at", "2018-05-10")
    result = agreegen(*line, "--json")
    assert result.code == 1
    assert result.json()["files"][0]["signatures"][0]["subindication"] == "NO_POE"


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--at", "yesterday", 2),
        ("--trust", "nothing", 2),
        ("--policy", "nothing.yaml", 2),
        ("--register", "nothing.db", 2),
        ("--jobs", "0", 2),
    ],
)
def test_wrong_options(agreegen: Agreegen, papers: Papers, option: str, value: str, code: int) -> None:
    assert agreegen("verify", papers.pledge, option, value).code == code


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_wrong_policy_is_read_before_anything_is_printed(
    agreegen: Agreegen, papers: Papers, tmp_path: Path, form: tuple[str, ...]
) -> None:
    """An empty SM2 id would be anybody's."""
    policy = tmp_path / "policy.yaml"
    policy.write_text('sm2_signer_ids: ["1234567812345678", ""]\n', "utf-8")
    result = agreegen("verify", papers.attested, "--policy", policy, *form)
    assert (result.code, result.out) == (3, "")


def test_a_wrong_policy_is_bad_input(agreegen: Agreegen, papers: Papers, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("trust_everything: yes\n", "utf-8")
    result = agreegen("verify", papers.attested, "--policy", policy)
    assert result.code == 3
    assert "trust_everything" in result.err
    assert files_below(tmp_path) == {"policy.yaml"}


def test_name_that_is_not_utf8_leaves_the_json_readable(papers: Papers, tmp_path: Path) -> None:
    name = os.fsdecode(b"bad\xff\xfename.pdf")
    shutil.copy(papers.signed_agreement, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-m", "agreegen", "verify", str(tmp_path / name), "--json"],
        capture_output=True,
        timeout=120,
        check=False,
    )
    (file,) = json.loads(done.stdout.decode("utf-8"))["files"]
    assert file["path"] == str(tmp_path / name)
    assert file["unaltered"] is True


def test_paths_that_cannot_be_asked_about_do_not_stop_the_others(
    agreegen: Agreegen, papers: Papers, tmp_path: Path
) -> None:
    (tmp_path / "self.pdf").symlink_to("self.pdf")
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / "back").symlink_to(tmp_path / "loop")
    line = ("a" * 5000 + ".pdf", tmp_path / "self.pdf", tmp_path / "loop", papers.signed_agreement)
    files = agreegen("verify", *line, "--json").json()["files"]
    assert [file["verdict"] for file in files] == ["unreadable"] * 3 + ["indeterminate"]
    assert [file["alarms"][0]["code"] for file in files[:3]] == ["not-readable", "not-readable", "no-pdf"]


@pytest.mark.parametrize(
    ("text", "passwords"),
    [
        ("打开\n", ("打开", None)),
        ("\ufeffopen\r\nkeep\r\n", ("open", "keep")),
        ("", ("", None)),
        (" a b \n\n", (" a b ", None)),
    ],
)
def test_password_file_holds_one_or_two(tmp_path: Path, text: str, passwords: tuple[str, str | None]) -> None:
    file = tmp_path / "password"
    file.write_bytes(text.encode())
    assert read_passwords(file) == passwords


def test_password_file_that_is_no_text(agreegen: Agreegen, papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"\xff\xfe")
    result = agreegen("verify", papers.signed_agreement, "--password-file", tmp_path / "password")
    assert result.code == 3
    assert "UTF-8" in result.err


def test_closed_standard_input_has_an_answer(agreegen: Agreegen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    entry = only_file(agreegen, "-")
    assert (entry["verdict"], entry["alarms"][0]["code"]) == ("unreadable", "not-readable")


def test_result_that_nobody_reads_is_not_positive(pki: ExamplePki, papers: Papers) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    line = ["verify", str(papers.signed_agreement), "--trust", str(pki.trust), "--json"]
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "agreegen", *line],
            stdout=gone,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
