"""Job files: every error at once, paths relative to the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.batch.interface import Missing
from agreegen.batch.job.job_file import read_job
from agreegen.errors import InputError
from agreegen.model.complaint import ComplaintsError
from agreegen.model.report import PadesLevel

WHOLE = """form: personal-pledge
roster: {file: people.csv, sheet: 2, columns: {pledger_name: 姓名, staff_no: 编号}}
defaults: {pledge_date: 2018-05-10}
output: out/pledges
signatures:
  - {role: pledger, credential: "people/{staff_no}.yaml", missing: leave-open}
  - {role: unit, credential: unit.yaml, level: B-T, reason: 见证}
tsa: http://127.0.0.1:9000/tsa
timestamp_requests_per_minute: 600
trust: [trust/, more.pem]
archive: {bags: bags, documents_per_bag: 500, credential: archive.yaml, omit_ids: true}
name: "{staff_no}.pdf"
aliases: {王秀英: WANG Xiuying}
omit_clauses: [state_secrets_clause]
relax_order: 是
"""


def _write(folder: Path, text: str) -> Path:
    (folder / "people.csv").write_text("编号,姓名\n", "utf-8")
    path = folder / "job.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_whole_job(tmp_path: Path) -> None:
    job = read_job(_write(tmp_path, WHOLE))
    assert job.form.id == "personal-pledge"
    assert job.roster.file == tmp_path / "people.csv"
    assert job.roster.sheet == 2
    assert job.output == tmp_path / "out/pledges"
    assert [(s.role, s.level, s.missing, s.personal) for s in job.signatures] == [
        ("unit", PadesLevel.B_T, Missing.FAIL, False),
        ("pledger", PadesLevel.B_B, Missing.LEAVE_OPEN, True),
    ]
    assert job.tsa == ("http://127.0.0.1:9000/tsa",)
    assert job.timestamp_requests_per_minute == 600
    assert job.trust == (tmp_path / "trust", tmp_path / "more.pem")
    assert job.archive is not None
    assert (job.archive.bags, job.archive.documents_per_bag, job.archive.omit_ids) == (
        tmp_path / "bags",
        500,
        True,
    )
    assert job.name == "{staff_no}"
    assert dict(job.defaults) == {"pledge_date": "2018-05-10"}
    assert job.omit_clauses == ("state_secrets_clause",)
    assert job.relax_order


def test_a_short_job(tmp_path: Path) -> None:
    job = read_job(
        _write(tmp_path, "form: personal-pledge\nroster: people.csv\noutput: out\nsignatures: []\n")
    )
    assert job.signatures == ()
    assert job.name is None
    assert job.archive is None
    assert not job.relax_order


BAD = """form: personal-pledge
roster: {file: nobody.xlsx, sheets: 2, columns: {nme: 姓名}}
defaults: {salary: 5}
signatures:
  - {role: boss, credential: a.yaml}
  - {role: unit, credential: "{id_number}.yaml", level: B-X, missing: maybe, colour: red}
  - just text
tsa: ftp://example.invalid
timestamp_requests_per_minute: -1
archive: {documents_per_bag: none}
name: "{nobody}/x"
omit_clauses: [clause_seven]
relax_order: maybe
outptu: out
"""


def test_every_error_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ComplaintsError) as caught:
        read_job(_write(tmp_path, BAD))
    fields = {complaint.location.field for complaint in caught.value.complaints}
    assert fields >= {
        "roster.file",
        "roster.sheets",
        "roster.columns.nme",
        "defaults.salary",
        "signatures[1].role",
        "signatures[2].credential",
        "signatures[2].level",
        "signatures[2].missing",
        "signatures[2].colour",
        "signatures[3]",
        "tsa",
        "timestamp_requests_per_minute",
        "archive.documents_per_bag",
        "archive.credential",
        "archive.bags",
        "name",
        "omit_clauses",
        "relax_order",
        "output",
        "outptu",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no form"),
        ("- a list\n", "not a job file"),
        ("form: unheard-of\n", "there is no form"),
        ("form: [a]\n", "no form is named"),
        ("form: a\nform: b\n", "stands there twice"),
        ("{{{", "YAML"),
    ],
)
def test_what_is_no_job(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_job(_write(tmp_path, text))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_job(tmp_path / "none.yaml")


def test_levels_above_b_b_need_a_service(tmp_path: Path) -> None:
    text = WHOLE.replace("tsa: http://127.0.0.1:9000/tsa\n", "")
    with pytest.raises(ComplaintsError, match="need a timestamp service"):
        read_job(_write(tmp_path, text))


def test_braces_in_the_folder_are_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "a{b}c"
    folder.mkdir()
    job = read_job(_write(folder, WHOLE))
    unit = next(s for s in job.signatures if s.role == "unit")
    assert not unit.personal
    assert unit.credential.replace("{{", "{").replace("}}", "}") == str(folder / "unit.yaml")
