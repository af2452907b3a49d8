"""Single agreements in a register: made by `generate`, signed by `sign`, one party after the other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agreegen.clock import read_clock
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from tests.cli.conftest import SAMPLES, Agreegen, Result

FORM = "confidentiality-agreement"


class Office:
    """An office that keeps a register of its agreements."""

    def __init__(self, folder: Path, pki: ExamplePki, agreegen: Agreegen) -> None:
        self.folder, self.pki, self.call = folder, pki, agreegen
        self.register = folder / "register.db"

    def generate(self, name: str, params: Path | None = None, *more: object) -> Result:
        """Make an agreement and register it."""
        file = params or SAMPLES / f"{FORM}.yaml"
        line = ("generate", FORM, "--params", file, "-o", self.folder / name, "--register", self.register)
        return self.call(*line, "--register-credential", self.pki.credential("archive-seal"), *more)

    def sign(self, source: str, target: str, credential: str, *more: object) -> Result:
        """Sign it and record that."""
        line = ("sign", self.folder / source, "-o", self.folder / target, "--register", self.register)
        seal = ("--register-credential", self.pki.credential("archive-seal"))
        return self.call(*line, "--credential", self.pki.credential(credential), *seal, *more)

    def listed(self) -> list[dict[str, object]]:
        """Return what the register lists."""
        return list(self.call("register", "list", "--register", self.register, "--json").json())


@pytest.fixture
def office(tmp_path: Path, pki: ExamplePki, agreegen: Agreegen) -> Office:
    return Office(tmp_path / "office", pki, agreegen)


def test_an_agreement_goes_round_and_the_register_follows(office: Office, agreegen: Agreegen) -> None:
    made = office.generate("a.pdf")
    assert made.code == 0, made.err
    (row,) = office.listed()
    assert (row["name"], row["state"], row["path"]) == ("豫州市绿源环境监测有限公司", "made", "a.pdf")
    names = ("party-a-seal", "party-a-representative", "party-b-seal", "party-b-representative")
    source = "a.pdf"
    for number, name in enumerate(names):
        target = f"signed/{number}.pdf"
        signed = office.sign(source, target, name)
        assert signed.code == 0, signed.err
        source = target
    (row,) = office.listed()
    assert row["path"] == "signed/3.pdf"
    assert str(row["signed"]).count("certificate") == 4
    trust = ("--trust", office.pki.trust)
    verified = agreegen("register", "verify", "--register", office.register, *trust)
    assert verified.code == 0, verified.out + verified.err


def test_the_same_agreement_is_not_registered_twice(office: Office, tmp_path: Path) -> None:
    assert office.generate("a.pdf").code == 0
    again = office.generate("b.pdf")
    assert again.code == 3
    assert "a.pdf" in again.err
    assert not (office.folder / "b.pdf").exists()
    numbered = tmp_path / "second.yaml"
    text = (SAMPLES / f"{FORM}.yaml").read_text("utf-8")
    numbered.write_text(text + "\ncontract_no: 12\n", "utf-8")
    assert office.generate("b.pdf", numbered).code == 0
    assert len(office.listed()) == 2, "a number of its own tells the second agreement of a party apart"


def test_another_file_is_not_taken_for_the_registered_one(office: Office, tmp_path: Path) -> None:
    assert office.generate("a.pdf").code == 0
    copy = shutil.copyfile(office.folder / "a.pdf", office.folder / "copy.pdf")
    assert office.generate("b.pdf", None, "--force").code == 3
    data = bytearray(copy.read_bytes())
    (office.folder / "other.pdf").write_bytes(bytes(data) + b"\n% something else\n")
    (office.folder / "a.pdf").unlink()
    refused = office.sign("other.pdf", "x.pdf", "party-a-seal")
    assert refused.code == 3
    assert not (office.folder / "x.pdf").exists()
    assert office.sign("copy.pdf", "x.pdf", "party-a-seal").code == 0, "the bytes count, not the name"


def test_files_stay_below_the_register(office: Office, tmp_path: Path) -> None:
    outside = office.generate("../outside.pdf")
    assert outside.code == 2
    assert not (tmp_path / "outside.pdf").exists()


def test_without_a_signer_nothing_is_written(office: Office, agreegen: Agreegen) -> None:
    line = ("generate", FORM, "--params", SAMPLES / f"{FORM}.yaml", "-o", office.folder / "a.pdf")
    refused = agreegen(*line, "--register", office.register)
    assert refused.code == 7
    assert not office.folder.exists()


def test_documents_of_a_batch_are_signed_in_place(own_job: Path, pki: ExamplePki, agreegen: Agreegen) -> None:
    register = next(own_job.parent.rglob("register.db"))
    paper = next(register.parent.glob("documents/**/*.pdf"))
    line = ("sign", paper, "-o", register.parent / "x.pdf", "--register", register)
    refused = agreegen(*line, "--credential", pki.credential("people/HN0004"))
    assert refused.code in {2, 6, 7}
    assert not (register.parent / "x.pdf").exists()


def _add_signed(office: Office, source: Path, *more: object) -> Result:
    seal = ("--credential", office.pki.credential("archive-seal"), "--trust", office.pki.trust)
    return office.call("register", "add-signed", source, "--register", office.register, *seal, *more)


def _sign_elsewhere(office: Office, source: Path, target: Path, *names: str) -> Path:
    """Sign with a program that knows nothing of the register."""
    for number, name in enumerate(names):
        step = target if number == len(names) - 1 else target.with_suffix(f".{number}")
        line = ("sign", source, "-o", step, "--credential", office.pki.credential(name))
        done = office.call(*line)
        assert done.code == 0, done.err
        source = step
    return target


def test_an_agreement_comes_back_signed_by_the_other_party(office: Office, tmp_path: Path) -> None:
    """Party A signs, party B signs its copy at its own office and sends it back."""
    assert office.generate("a.pdf").code == 0
    assert office.sign("a.pdf", "a-1.pdf", "party-a-seal").code == 0
    assert office.sign("a-1.pdf", "a-2.pdf", "party-a-representative").code == 0
    sent = office.folder / "a-2.pdf"
    names = ("party-b-seal", "party-b-representative")
    back = _sign_elsewhere(office, sent, tmp_path / "back.pdf", *names)
    taken = _add_signed(office, back, "--by", "王科长")
    assert taken.code == 0, taken.err
    (row,) = office.listed()
    assert str(row["signed"]).count("certificate") == 4
    kept = office.folder / str(row["path"])
    assert kept.read_bytes() == back.read_bytes()
    assert kept.read_bytes().startswith(sent.read_bytes())
    verified = office.call("register", "verify", "--register", office.register, "--trust", office.pki.trust)
    assert verified.code == 0, verified.out + verified.err
    again = _add_signed(office, back)
    assert again.code == 3
    assert "no new signature" in again.err


def test_what_comes_back_must_be_the_registered_document_and_valid(office: Office, tmp_path: Path) -> None:
    assert office.generate("a.pdf").code == 0
    assert office.sign("a.pdf", "a-1.pdf", "party-a-seal").code == 0
    sent = office.folder / "a-1.pdf"
    before = office.register.read_bytes()
    unsigned = tmp_path / "unsigned.pdf"
    shutil.copyfile(office.folder / "a.pdf", unsigned)
    early = _sign_elsewhere(office, office.folder / "a.pdf", tmp_path / "early.pdf", "party-a-seal")
    altered = tmp_path / "altered.pdf"
    altered.write_bytes(sent.read_bytes() + b"\n% something else\n")
    for wrong in (unsigned, early, altered, sent):
        refused = _add_signed(office, wrong)
        assert refused.code == 3, wrong
    signed = _sign_elsewhere(office, sent, tmp_path / "signed.pdf", "party-a-representative")
    seal = ("--credential", office.pki.credential("archive-seal"))
    line = ("register", "add-signed", signed, "--register", office.register)
    assert office.call(*line, *seal).code == 2, "nothing says whom to trust"
    assert office.call(*line, *seal, "--trust", _strangers(tmp_path)).code == 3
    assert office.register.read_bytes() == before
    assert sorted(path.name for path in office.folder.glob("*.pdf")) == ["a-1.pdf", "a.pdf"]
    assert office.call(*line, altered, *seal, "--trust", office.pki.trust).code == 8


def _strangers(tmp_path: Path) -> Path:
    pki = make_example_pki(tmp_path / "strangers", now=read_clock(), key_bits=2048)
    return pki.trust


def test_a_signature_made_elsewhere_is_recorded_when_the_next_one_is_made(
    office: Office, tmp_path: Path
) -> None:
    """Party B's signature came before ours in the same file: the register learns of both."""
    assert office.generate("a.pdf").code == 0
    first = _sign_elsewhere(office, office.folder / "a.pdf", office.folder / "b.pdf", "party-a-seal")
    assert office.sign(first.name, "c.pdf", "party-a-representative").code == 0
    (row,) = office.listed()
    assert str(row["signed"]).count("certificate") == 2
    verified = office.call("register", "verify", "--register", office.register, "--trust", office.pki.trust)
    assert verified.code == 0, verified.out + verified.err
