"""Every hostile input ends in its exit code, in less than 20 s and 1 GB, told by its name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from benchmarks.commands import measure

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import free_port
from agreegen.forms.catalog import forms_folder
from tests.hostile.keys import CREDENTIALS, PICTURES
from tests.hostile.packages import BAGS, TEMPLATES
from tests.hostile.pdfs import PACKED, PDFS
from tests.hostile.services import ANSWERS, Flooding, hostile_service
from tests.hostile.tables import TABLES
from tests.hostile.texts import PARAMETERS, POLICIES

MOST_S, MOST_MB = 20.0, 1_000
_MOST_WAIT_S = 90.0
_HEAVY = {
    "strings.xlsx", "blanks.xlsx", "one-string.xlsx", "empty-rows.xlsx", "lying-size.xlsx", "spaces.csv",
    "commas.csv", "line-ends.csv", "open-quote.csv", "bomb.pdf", "media-bomb", "bomb", "merges.xlsx",
    "sheets.xlsx",
}  # fmt: skip
"""Made of gigabytes, which takes longer than judging them."""

_JOB = "form: personal-pledge\nroster: {{file: '{file}'}}\noutput: out\nsignatures: []\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; `seconds` is processor time, which a busy machine does not stretch."""

    code: int
    seconds: float
    megabytes: float
    said: str


def _run(*arguments: object, folder: Path) -> Ended:
    """Run the program; the memory is that of its largest process."""
    output = folder / "said.txt"
    with output.open("wb") as file:
        used = measure(
            [sys.executable, "-m", "agreegen", *map(str, arguments)],
            folder / "used.json",
            stdout=file,
            stderr=file,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder)},
        )
    assert used.seconds < _MOST_WAIT_S
    return Ended(used.code, used.processor_s, used.peak_mb, output.read_text("utf-8", "replace"))


def _require(ended: Ended, code: int, name: str) -> None:
    assert ended.code == code, (ended.code, ended.said[-2_000:])
    assert "Traceback" not in ended.said
    assert name in ended.said, ended.said[-2_000:]
    assert len(ended.said) < 1_000_000
    assert ended.seconds < MOST_S
    assert ended.megabytes < MOST_MB


def _table(names: object) -> list[object]:
    assert isinstance(names, dict)
    return [pytest.param(name, marks=pytest.mark.soak if name in _HEAVY else ()) for name in names]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    people = (("A1", "王秀英"),)
    now = datetime.now(UTC).replace(microsecond=0)
    return make_example_pki(
        tmp_path_factory.mktemp("pki"), now=now, key_bits=2048, people=people, port=free_port()
    )


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("document")
    (folder / "p.yaml").write_text("pledger_name: 王秀英\n", "utf-8")
    made = folder / "a.pdf"
    assert _run("generate", "personal-pledge", "--params", "p.yaml", "-o", made, folder=folder).code == 0
    return made


@pytest.fixture(scope="module")
def agreement(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document whose seal shows on the page."""
    folder = tmp_path_factory.mktemp("agreement")
    params = Path(__file__).resolve().parents[2] / "batch" / "confidentiality-agreement.yaml"
    line = ("generate", "confidentiality-agreement", "--params", params, "-o", folder / "a.pdf")
    assert _run(*line, folder=folder).code == 0
    return folder / "a.pdf"


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory, document: Path, pki: ExamplePki) -> Path:
    folder = tmp_path_factory.mktemp("bag")
    (folder / "signed").mkdir()
    signed = folder / "signed" / "a.pdf"
    unit = ("--role", "unit", "--credential", pki.credential("unit-seal"))
    assert _run("sign", document, "-o", signed, *unit, folder=folder).code == 0
    seal = pki.credential("archive-seal")
    line = ("archive", "create", signed.parent, "-o", folder / "bag", "--credential", seal)
    ended = _run(*line, folder=folder)
    assert ended.code == 0, ended.said
    return folder / "bag"


@pytest.mark.parametrize("name", _table(TABLES))
def test_tables(name: str, tmp_path: Path) -> None:
    TABLES[name](tmp_path / name)
    (tmp_path / "job.yaml").write_text(_JOB.format(file=name), "utf-8")
    _require(_run("batch", "check", "job.yaml", folder=tmp_path), 3, name)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", _table(PARAMETERS))
def test_parameter_files(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.yaml").write_bytes(PARAMETERS[name])
    line = ("generate", "personal-pledge", "--params", f"{name}.yaml", "-o", "a.pdf")
    _require(_run(*line, folder=tmp_path), 3, f"{name}.yaml")
    assert not (tmp_path / "a.pdf").exists()


@pytest.mark.parametrize("name", _table(POLICIES))
def test_policies(name: str, tmp_path: Path, document: Path) -> None:
    (tmp_path / f"{name}.yaml").write_bytes(POLICIES[name])
    _require(_run("verify", document, "--policy", f"{name}.yaml", folder=tmp_path), 3, f"{name}.yaml")


@pytest.mark.parametrize("name", ["deep-lists", "laughs", "large", "nulls", "many-keys"])
@pytest.mark.parametrize("file", ["form.yaml", "../approved.yaml"])
def test_descriptions_of_forms(name: str, file: str, tmp_path: Path) -> None:
    folder = tmp_path / "forms" / "personal-pledge"
    shutil.copytree(forms_folder(None) / "personal-pledge", folder)
    (folder / file).write_bytes(PARAMETERS[name])
    _require(_run("forms", "check", folder, folder=tmp_path), 3, Path(file).name)


@pytest.mark.parametrize("name", _table(TEMPLATES))
def test_templates(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "personal-pledge"
    shutil.copytree(forms_folder(None) / "personal-pledge", folder)
    TEMPLATES[name](folder / "template.docx")
    _require(_run("forms", "check", folder, folder=tmp_path), 3, "template.docx")


@pytest.mark.parametrize("name", _table(CREDENTIALS))
def test_credentials(name: str, tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("x")
    (tmp_path / f"{name}.yaml").write_text(CREDENTIALS[name](tmp_path), "latin-1")
    _require(_run("credentials", "check", f"{name}.yaml", folder=tmp_path), 6, f"{name}.yaml")


@pytest.mark.parametrize("name", _table(PICTURES))
def test_pictures_of_seals(name: str, tmp_path: Path, agreement: Path, pki: ExamplePki) -> None:
    shutil.copytree(
        pki.credential("party-a-seal").parent, tmp_path / "c", ignore=shutil.ignore_patterns("people")
    )
    credential = tmp_path / "c" / "party-a-seal.yaml"
    PICTURES[name](tmp_path / "c" / name)
    credential.write_text(credential.read_text("utf-8").replace("party-a-seal.png", name), "utf-8")
    line = ("sign", agreement, "-o", "s.pdf", "--role", "party_a_seal", "--credential", credential)
    _require(_run(*line, folder=tmp_path), 6, name)
    assert not (tmp_path / "s.pdf").exists()


@pytest.mark.parametrize("target", ["/dev/zero", "folder", "large.pem", "deep.cer"])
def test_trust_files(target: str, tmp_path: Path, document: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "large.pem").write_bytes(b"x" * (130 << 20))
    (tmp_path / "deep.cer").write_bytes(b"\x30\x80" * 100_000)
    _require(_run("verify", document, "--trust", target, folder=tmp_path), 6, target)


@pytest.mark.parametrize("name", _table(BAGS))
def test_bags(name: str, tmp_path: Path, bag: Path, pki: ExamplePki) -> None:
    shutil.copytree(bag, tmp_path / "bag")
    BAGS[name](tmp_path / "bag")
    _require(_run("archive", "verify", "bag", "--trust", pki.trust, folder=tmp_path), 1, "bag")


@pytest.mark.parametrize("services", [("ocsp", "crl"), ("ocsp",), ("crl",)])
def test_a_responder_of_a_hundred_megabytes(
    services: tuple[str, ...], tmp_path: Path, document: Path, pki: ExamplePki
) -> None:
    """The timestamp service is sound; what tells of revocation answers without end."""
    root = sorted(pki.trust.glob("*.pem"))[:1]
    line = ("sign", document, "-o", "s.pdf", "--role", "unit", "--level", "B-LT", "--trust", *root)
    seal = ("--credential", pki.credential("unit-seal"), "--tsa", pki.tsa_url)
    with Flooding(pki.folder, services):
        ended = _run(*line, *seal, folder=tmp_path)
    whole = services == ("ocsp",)  # a list stands in for the answer; for the authority itself nothing does
    assert ended.code == (0 if whole else 6), ended.said[-2_000:]
    assert (tmp_path / "s.pdf").exists() is whole
    assert ended.seconds < MOST_S
    assert ended.megabytes < MOST_MB


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("level", ["B-T", "B-LT"])
def test_answers_of_services(
    answer: str, level: str, tmp_path: Path, document: Path, pki: ExamplePki
) -> None:
    with hostile_service(pki.port, answer) as address:
        line = ("sign", document, "-o", "s.pdf", "--role", "unit", "--level", level)
        trust = ("--trust", *sorted(pki.trust.glob("*.pem"))[:1])
        tsa = ("--tsa", f"{address}/tsa")
        seal = ("--credential", pki.credential("unit-seal"))
        _require(_run(*line, *trust, *seal, *tsa, folder=tmp_path), 6, "s")
    assert not (tmp_path / "s.pdf").exists()


@pytest.mark.parametrize("name", PDFS)
def test_a_file_to_be_signed(name: str, pki: ExamplePki, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(PDFS[name]())
    line = ("sign", name, "-o", "s.pdf", "--role", "unit", "--credential", pki.credential("unit-seal"))
    ended = _run(*line, folder=tmp_path)
    _require(ended, 6, name)
    if name in PACKED:
        assert "cannot be told" in ended.said, "there may be signatures in what nobody unpacks"
    assert not (tmp_path / "s.pdf").exists()


@pytest.mark.parametrize("name", PDFS)
def test_a_file_to_be_extended(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(PDFS[name]())
    line = ("extend", name, "-o", "s.pdf", "--level", "B-T", "--tsa", "http://127.0.0.1:9/")
    _require(_run(*line, folder=tmp_path), 6, name)
    assert not (tmp_path / "s.pdf").exists()


@pytest.mark.parametrize("name", PDFS)
def test_a_file_to_be_archived(name: str, pki: ExamplePki, tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / name).write_bytes(PDFS[name]())
    line = ("archive", "create", ".", "-o", "bag", "--include-unsigned", "--credential")
    ended = _run(*line, pki.credential("archive-seal"), folder=tmp_path)
    assert (ended.code, "Traceback" in ended.said) == (0, False), ended.said[-2_000:]
    assert (ended.seconds < MOST_S, ended.megabytes < MOST_MB) == (True, True)
