"""Jobs whose agreements carry seals over the edges of their pages, from the job file to `verify`."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from agreegen.batch.checking.preflight import check_job
from agreegen.batch.interface import RunSettings, RunSummary
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.conversion.interface import EngineChoice
from agreegen.model.complaint import ComplaintsError
from agreegen.model.report import FileReport
from agreegen.pipeline.seams import read_seams
from agreegen.signing.trust import load_trust
from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from tests.integration.batch_support import clock, make_pki
from tests.judges import qpdf, verapdf
from tests.unit.sealed_agreements import agreement_form, draw_seal, make_agreement
from tests.unit.verification.authority import Authority, sign

AGREEMENTS = """乙方名称,工作组名称,工作内容,保密资料,协议编号,乙方代表人,甲方代表人
某市环境监测技术有限公司,数据处理,数据录入,普查表；名录,12,李敏,王建国
某县环境检测有限公司,数据处理,数据录入,普查表,13,赵云,王建国
"""
JOB = """form: confidentiality-agreement
roster: units.csv
defaults: {party_a_name: 豫州市第二次全国污染源普查领导小组办公室}
output: out
name: "{contract_no}"
signatures:
  - {role: party_a_seal, credential: pki/credentials/party-a-seal.yaml}
trust: [pki/trust/]
"""
A = "party_a_seal: pki/credentials/party-a-seal.yaml"
B = 'party_b_seal: "seals/{contract_no}.png"'


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def folder(pki: Path, tmp_path: Path) -> Path:
    (tmp_path / "pki").symlink_to(pki)
    (tmp_path / "seals").mkdir()
    (tmp_path / "units.csv").write_text(AGREEMENTS, "utf-8")
    return tmp_path


def run(folder: Path, seam: str) -> RunSummary:
    path = folder / "job.yaml"
    path.write_text(f"{JOB}seam: {{{seam}}}\n" if seam else JOB, "utf-8")
    return run_job(read_job(path), RunSettings(workers=1))


def verified(folder: Path, number: int) -> FileReport:
    trust = load_trust([folder / "pki/trust"])
    options = Options(now=clock(), anchors_der=trust.anchors_der, crls_der=trust.crls_der)
    (path,) = folder.glob(f"out/documents/*/{number}.pdf")
    return examine("x.pdf", path.read_bytes(), options)


def seams_on(folder: Path, number: int) -> list[str]:
    """Return the names of the pictures on the second page."""
    (path,) = folder.glob(f"out/documents/*/{number}.pdf")
    with pikepdf.open(io.BytesIO(path.read_bytes())) as pdf:
        return sorted(pdf.pages[1].Resources.get("/XObject", {}).keys())


def test_slices_of_both_parties_where_their_seals_are_given(folder: Path) -> None:
    draw_seal(folder / "seals/13.png")
    assert run(folder, f"{A}, {B}").done == 2
    assert seams_on(folder, 12) == ["/Seam1"]
    assert seams_on(folder, 13) == ["/Seam1", "/Seam2"]
    assert [verified(folder, number).verdict.value for number in (12, 13)] == ["valid", "valid"]


def test_a_run_that_goes_on_never_mixes(folder: Path) -> None:
    assert run(folder, "").done == 2
    assert seams_on(folder, 12) == []
    sealed = run(folder, A)
    assert (sealed.done, sealed.superseded) == (2, 2), "other seals, other documents"
    assert any("seals over the edges" in str(warning) for warning in sealed.warnings)
    assert run(folder, A).already_done == 2
    draw_seal(folder / "seals/12.png")
    once_more = run(folder, f"{A}, {B}")
    assert (once_more.superseded, once_more.already_done) == (1, 1)


def other_seal(folder: Path) -> str:
    draw_seal(folder / "seals/a.png", "blue")
    return "party_a_seal: seals/a.png"


def no_such_role(folder: Path) -> str:
    draw_seal(folder / "seals/a.png")
    return "unit: seals/a.png"


def no_such_file(folder: Path) -> str:
    return "party_b_seal: seals/none.png"


def no_such_field(folder: Path) -> str:
    return 'party_b_seal: "seals/{nothing}.png"'


def not_a_mapping(folder: Path) -> str:
    return "party_b_seal: [1]"


@pytest.mark.parametrize("wrong", [other_seal, no_such_role, no_such_file, no_such_field, not_a_mapping])
def test_what_cannot_be_printed_is_told_before_the_run(folder: Path, wrong: Callable[[Path], str]) -> None:
    with pytest.raises(ComplaintsError) as found:
        run(folder, wrong(folder))
    assert [str(one.location.field).partition(".")[0] for one in found.value.complaints] == ["seam"]
    assert not (folder / "out").exists()


def test_a_picture_of_one_row_spoils_this_row_alone(folder: Path) -> None:
    (folder / "seals/12.png").write_bytes(b"no picture")
    draw_seal(folder / "seals/13.png")
    path = folder / "job.yaml"
    path.write_text(f"{JOB}seam: {{{A}, {B}}}\n", "utf-8")
    told = check_job(read_job(path), now=clock(), samples=False).complaints
    assert ["12.png" in str(one) for one in told if one.location.row].count(True) == 1
    summary = run(folder, f"{A}, {B}")
    assert (summary.done, summary.failed) == (1, 1)


def test_samples_for_approval_show_the_slices(folder: Path) -> None:
    path = folder / "job.yaml"
    path.write_text(f"{JOB}seam: {{{A}}}\n", "utf-8")
    (first, *_) = check_job(read_job(path), now=clock()).samples
    assert b"/Seam1" in first.read_bytes()


@pytest.mark.libreoffice
@pytest.mark.verapdf
def test_both_engines_print_them_and_keep_pdfa(tmp_path: Path) -> None:
    seams = read_seams(agreement_form(), {"party_a_seal": draw_seal(tmp_path / "a.png")})
    authority, paths = Authority.root(), []
    for engine in (EngineChoice.COMPILED, EngineChoice.LIBREOFFICE):
        pdf = make_agreement(seams, engine=engine).pdf
        paths.append(tmp_path / f"{engine}.pdf")
        paths[-1].write_bytes(pdf)
        assert qpdf.check(paths[-1]) == []
        data = sign(pdf, authority.issue("A stranger"), authority.holder, field_name="party_a_seal")
        codes = {alarm.code for alarm in examine("x.pdf", data, Options(now=clock())).alarms}
        assert not codes & {"seam-differs", "engine-differs", "page-differs", "text-differs", "text-hidden"}
    if verapdf.available():
        assert verapdf.validate(paths) == {path: (True, []) for path in paths}
