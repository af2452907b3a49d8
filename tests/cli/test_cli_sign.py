"""`agreegen sign`, `extend`, `credentials` and `certs`."""

from __future__ import annotations

import errno
import shutil
import stat
import subprocess
import sys
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import KeyUsage
from cryptography.x509.oid import NameOID

from agreegen.api import signing as api_signing
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder
from agreegen.files import write_atomically
from tests.cli.conftest import PEOPLE, SAMPLES, Agreegen, Papers, files_below, generate

PERSON = "people/HN0004"


@pytest.fixture
def own_credentials(tmp_path: Path, pki: ExamplePki) -> Path:
    """Credentials that a test may spoil."""
    folder = tmp_path / "own"
    shutil.copytree(pki.credentials, folder)
    return folder


@pytest.fixture
def long_name(tmp_path: Path) -> Path:
    """A credential whose certificate names an office of more than 64 bytes, as real ones do."""
    key = ec.generate_private_key(ec.SECP256R1())
    text = "示例省示例市高新技术产业开发区第二次全国污染源普查领导小组办公室"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text, _validate=False)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "long.key").touch(0o600)
    (tmp_path / "long.key").write_bytes(private)
    (tmp_path / "long.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    credential = tmp_path / "long.yaml"
    credential.write_text("kind: pem\nkey: long.key\ncertificate: long.pem\n", "utf-8")
    return credential


def signing(
    pki: ExamplePki, source: object, target: object, role: str, credential: object
) -> tuple[object, ...]:
    """Return the arguments of `sign`."""
    line = ("sign", source, "-o", target, "--role", role, "--credential", credential)
    return (*line, "--trust", pki.trust)


def test_the_input_stays_and_the_output_goes_on_from_it(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    before = papers.pledge.read_bytes()
    target = tmp_path / "new" / "signed.pdf"
    result = agreegen(*signing(pki, papers.pledge, target, "pledger", pki.credential(PERSON)))
    assert result.code == 0
    assert "signed as pledger, B-B" in result.err
    assert papers.pledge.read_bytes() == before
    assert target.read_bytes().startswith(before)


def test_a_registered_name_that_differs_from_the_printed_one(
    agreegen: Agreegen, pki: ExamplePki, tmp_path: Path
) -> None:
    """The document states it, signing needs nothing else; whoever relies on the file confirms it."""
    params = tmp_path / "p.yaml"
    params.write_text("pledger_name: 张卫\nstaff_no: HN0001\n", "utf-8")
    makes = ("generate", "personal-pledge", "--params", params, "-o")
    person = pki.credential("people/HN0001")
    plain, stated, target = (tmp_path / name for name in ("plain.pdf", "stated.pdf", "signed.pdf"))
    assert agreegen(*makes, plain).code == 0
    refused = agreegen(*signing(pki, plain, target, "pledger", person))
    assert refused.code == 6
    assert "another holder" in refused.err
    assert agreegen(*makes, stated, "--alias", "张卫=张伟").code == 0
    assert agreegen(*signing(pki, stated, target, "pledger", person)).code == 0
    line = ("verify", target, "--trust", pki.trust, "--json")
    doubted = agreegen(*line)
    assert doubted.code == 1
    file = doubted.json()["files"][0]
    assert [alarm["code"] for alarm in file["alarms"] if alarm["code"] != "example-trust"] == [
        "alias-unconfirmed"
    ]
    assert agreegen(*line, "--alias", "张卫=李四").code == 1
    confirmed = agreegen(*line, "--alias", "张卫=张伟")
    assert confirmed.code == 0
    file = confirmed.json()["files"][0]
    assert [remark["code"] for remark in file["remarks"]] == ["alias"]
    assert file["document"]["aliases"] == [
        {"role": "pledger", "printed": "张卫", "registered": "张伟", "confirmed": True}
    ]
    for wrong in ("张卫", "=张伟", "张卫="):
        assert agreegen(*makes, tmp_path / "x.pdf", "--alias", wrong).code == 2


@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA", "b-t"])
def test_levels(
    agreegen: Agreegen, pki: ExamplePki, services: Responder, papers: Papers, tmp_path: Path, level: str
) -> None:
    target = tmp_path / "signed.pdf"
    line = signing(pki, papers.pledge, target, "pledger", pki.credential(PERSON))
    assert agreegen(*line, "--level", level, "--tsa", services.tsa_url).code == 0
    file = agreegen("verify", target, "--trust", pki.trust, "--json").json()["files"][0]
    assert file["verdict"] == "valid"
    assert file["signatures"][0]["level"] == level.upper()
    assert file["signatures"][0]["time_source"] == "timestamp"


def test_a_level_that_needs_timestamps_needs_a_service(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    line = signing(pki, papers.pledge, tmp_path / "s.pdf", "pledger", pki.credential(PERSON))
    without = agreegen(*line, "--level", "B-T")
    assert (without.code, "--tsa" in without.err) == (6, True)
    unreachable = agreegen(*line, "--level", "B-T", "--tsa", "http://127.0.0.1:1/")
    assert (unreachable.code, "no timestamp" in unreachable.err) == (6, True)
    assert "http://127.0.0.1:1/: no connection" in unreachable.err
    nowhere = agreegen(*line, "--level", "B-T", "--tsa", tmp_path / "tsa.yaml")
    assert (nowhere.code, "timestamp service" in nowhere.err) == (6, True)
    assert "credential" not in nowhere.err.splitlines()[-2]
    assert files_below(tmp_path) == set()


def test_levels_are_named_as_the_standard_names_them(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    line = signing(pki, papers.pledge, tmp_path / "s.pdf", "pledger", pki.credential(PERSON))
    assert "B-B, B-T, B-LT, B-LTA" in agreegen(*line, "--level", "B-X").err
    assert "[B-T|B-LT|B-LTA]" in agreegen("extend", "--help").out


def test_another_holder_is_told_with_both_names(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    line = signing(pki, papers.pledge, tmp_path / "s.pdf", "pledger", pki.credential("people/HN0001"))
    result = agreegen(*line)
    assert result.code == 6
    assert "阿卜杜热合曼·买买提" in result.err
    assert "张伟" in result.err


def test_a_picture_that_is_none_is_named_without_the_programs_insides(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, own_credentials: Path, tmp_path: Path
) -> None:
    for picture in own_credentials.rglob("*.png"):
        picture.chmod(0o600)
        picture.write_bytes(b"this is no picture")
    line = signing(pki, papers.pledge, tmp_path / "s.pdf", "pledger", own_credentials / "people/HN0004.yaml")
    result = agreegen(*line)
    assert result.code == 6
    assert "HN0004.png" in result.err
    assert "BytesIO" not in result.err
    assert not (tmp_path / "s.pdf").exists()


def test_a_broken_credential_file_points_to_its_manual(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    credential = tmp_path / "c.yaml"
    line = signing(pki, papers.pledge, tmp_path / "s.pdf", "pledger", credential)
    for text in ("kind: pem\nkey: [x\n", "- a\n", ""):
        credential.write_text(text, "utf-8")
        result = agreegen(*line)
        assert result.code == 6
        assert "docs/credentials.md" in result.err
    credential.write_text("kind: pem\nkey: [x\n", "utf-8")
    assert "line 3" in agreegen(*line).err


def test_a_certificate_with_a_long_name_signs_without_a_word_of_the_library(
    papers: Papers, long_name: Path, tmp_path: Path
) -> None:
    program = (sys.executable, "-m", "agreegen")
    signed = tmp_path / "s.pdf"
    line = ("sign", papers.pledge, "-o", signed, "--role", "unit", "--credential", long_name)
    said = subprocess.run([*program, *map(str, line)], capture_output=True, text=True, check=True).stderr
    judged = subprocess.run([*program, "verify", signed], capture_output=True, text=True, check=False)
    said += judged.stderr
    assert "signed as unit" in said
    assert "Warning" not in said


def test_wrong_passphrase(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, own_credentials: Path, tmp_path: Path
) -> None:
    for passphrase in own_credentials.rglob("*.pass"):
        passphrase.chmod(0o600)
        passphrase.write_text("not-the-passphrase", "utf-8")
    line = signing(pki, papers.pledge, tmp_path / "s.pdf", "unit", own_credentials / "unit-seal.yaml")
    result = agreegen(*line)
    assert result.code == 6
    assert "passphrase" in result.err
    assert "not-the-passphrase" not in result.err
    assert not (tmp_path / "s.pdf").exists()


@pytest.mark.parametrize(("shift_days", "word"), [(-5 * 365, "expired"), (30, "not valid")])
def test_certificates_out_of_their_dates(
    agreegen: Agreegen, papers: Papers, tmp_path: Path, shift_days: int, word: str
) -> None:
    now = datetime.now(UTC) + timedelta(days=shift_days)
    other = make_example_pki(tmp_path / "pki", now=now, key_bits=2048, people=PEOPLE[:1])
    result = agreegen(
        *signing(other, papers.pledge, tmp_path / "s.pdf", "unit", other.credential("unit-seal"))
    )
    assert result.code == 6
    assert word in result.err
    assert not (tmp_path / "s.pdf").exists()


def test_certificate_of_a_stranger_to_the_trust(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    other = make_example_pki(tmp_path / "pki", now=datetime.now(UTC), key_bits=2048, people=PEOPLE[:1])
    line = signing(pki, papers.pledge, tmp_path / "s.pdf", "unit", other.credential("unit-seal"))
    assert agreegen(*line).code == 6
    assert not (tmp_path / "s.pdf").exists()


@pytest.mark.parametrize(
    ("paper", "role", "credential", "words"),
    [
        ("pledge", "pledger", "people/HN0001", "another holder"),
        ("pledge", "witness", "unit-seal", "unit, pledger"),
        ("attested", "unit", "unit-seal", "already"),
        ("agreement", "party_b_seal", "party-b-seal", "party_a_seal, party_a_representative"),
        ("pledge", "unit", "nothing", "nothing.yaml"),
    ],
)
def test_who_may_not_sign(
    agreegen: Agreegen,
    pki: ExamplePki,
    papers: Papers,
    tmp_path: Path,
    paper: str,
    role: str,
    credential: str,
    words: str,
) -> None:
    source: Path = getattr(papers, paper)
    result = agreegen(*signing(pki, source, tmp_path / "s.pdf", role, pki.credential(credential)))
    assert result.code == 6
    assert words in result.err
    assert files_below(tmp_path) == set()


def test_what_is_no_pdf(agreegen: Agreegen, pki: ExamplePki, tmp_path: Path) -> None:
    line = signing(pki, SAMPLES / "pledge.yaml", tmp_path / "s.pdf", "unit", pki.credential("unit-seal"))
    result = agreegen(*line)
    assert result.code == 6
    assert "pledge.yaml" in result.err


@pytest.mark.parametrize(
    ("option", "value"), [("--trust", "nothing"), ("--crl", "nothing.crl"), ("--level", "B-X")]
)
def test_options_that_name_nothing(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path, option: str, value: str
) -> None:
    line = signing(pki, papers.pledge, tmp_path / "s.pdf", "unit", pki.credential("unit-seal"))
    assert agreegen(*line, option, value).code == 2


def test_a_prompt_needs_a_terminal(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, own_credentials: Path, tmp_path: Path
) -> None:
    credential = own_credentials / "prompting.yaml"
    credential.write_text("kind: pkcs12\nfile: unit-seal.p12\npassphrase: {prompt: true}\n", "utf-8")
    result = agreegen(*signing(pki, papers.pledge, tmp_path / "s.pdf", "unit", credential))
    assert result.code == 2
    assert "terminal" in result.err


def test_a_literal_passphrase_is_refused(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, own_credentials: Path, tmp_path: Path
) -> None:
    credential = own_credentials / "literal.yaml"
    credential.write_text("kind: pkcs12\nfile: unit-seal.p12\npassphrase: hunter2\n", "utf-8")
    result = agreegen(*signing(pki, papers.pledge, tmp_path / "s.pdf", "unit", credential))
    assert result.code == 6
    assert "hunter2" not in result.err


def test_many_inputs(agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path) -> None:
    unit = pki.credential("unit-seal")
    other = tmp_path / "other.pdf"
    shutil.copyfile(papers.pledge, other)
    line = signing(pki, papers.pledge, f"{tmp_path}/signed/", "unit", unit)
    assert agreegen(*line, other).code == 0
    assert files_below(tmp_path / "signed") == {"pledge.pdf", "other.pdf"}
    to_one = agreegen(*signing(pki, papers.pledge, tmp_path / "one.pdf", "unit", unit), other)
    assert (to_one.code, "DIR/" in to_one.err) == (2, True)
    same_name = tmp_path / "again" / "pledge.pdf"
    same_name.parent.mkdir()
    shutil.copyfile(papers.pledge, same_name)
    assert agreegen(*signing(pki, papers.pledge, f"{tmp_path}/x/", "unit", unit), same_name).code == 2
    assert not (tmp_path / "x").exists()


def test_a_bad_file_among_many_is_named_and_the_others_are_signed(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    line = signing(pki, papers.attested, f"{tmp_path}/out/", "unit", pki.credential("unit-seal"))
    result = agreegen(*line, papers.pledge)
    assert result.code == 8
    assert "attested.pdf" in result.err
    assert files_below(tmp_path / "out") == {"pledge.pdf"}


def test_a_full_disk_stops_the_rest(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = [shutil.copyfile(papers.pledge, tmp_path / f"{number}.pdf") for number in range(3)]
    written: list[Path] = []

    def write(path: Path, data: bytes) -> None:
        written.append(path)
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_atomically(path, data)

    monkeypatch.setattr(api_signing, "write_atomically", write)
    line = signing(pki, inputs[0], f"{tmp_path}/out/", "unit", pki.credential("unit-seal"))
    result = agreegen(*line, *inputs[1:])
    assert result.code == 7
    assert "1.pdf" in result.err
    assert files_below(tmp_path / "out") == {"0.pdf"}
    assert len(written) == 2, "nothing more is tried on a full disk"


def test_without_a_role_the_credential_says_it(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    def sign(source: Path, name: str, credential: str) -> tuple[int, str]:
        line = ("sign", source, "-o", tmp_path / name, "--credential", pki.credential(credential))
        result = agreegen(*line)
        return result.code, result.err

    code, said = sign(papers.pledge, "unit.pdf", "unit-seal")
    assert (code, "signed as unit" in said) == (0, True)
    code, said = sign(tmp_path / "unit.pdf", "person.pdf", PERSON)
    assert (code, "signed as pledger" in said) == (0, True)
    code, said = sign(papers.pledge, "alone.pdf", PERSON)
    assert (code, "signed as pledger" in said) == (0, True), "the role that the certificate's name is for"
    code, said = sign(tmp_path / "person.pdf", "again.pdf", PERSON)
    assert (code, "can sign no role" in said) == (6, True)
    assert not (tmp_path / "again.pdf").exists()


def test_without_a_role_an_agreement_goes_round_in_order(
    agreegen: Agreegen, pki: ExamplePki, tmp_path: Path
) -> None:
    paper = tmp_path / "0.pdf"
    generate("confidentiality-agreement", SAMPLES / "confidentiality-agreement.yaml", paper)
    early = agreegen("sign", paper, "-o", tmp_path / "x.pdf", "--credential", pki.credential("party-b-seal"))
    assert early.code == 6
    assert "not the turn" in early.err
    names = ("party-a-seal", "party-a-representative", "party-b-seal", "party-b-representative")
    for number, name in enumerate(names, start=1):
        target = tmp_path / f"{number}.pdf"
        result = agreegen("sign", paper, "-o", target, "--credential", pki.credential(name))
        assert f"signed as {name.replace('-', '_')}" in result.err, result.err
        paper = target


def test_outputs_are_not_overwritten(
    agreegen: Agreegen, pki: ExamplePki, papers: Papers, tmp_path: Path
) -> None:
    target = tmp_path / "s.pdf"
    target.write_bytes(b"precious")
    line = signing(pki, papers.pledge, target, "unit", pki.credential("unit-seal"))
    assert agreegen(*line).code == 2
    assert target.read_bytes() == b"precious"
    assert agreegen(*line, "--force").code == 0
    shutil.copyfile(papers.pledge, target)
    in_place = agreegen(*signing(pki, target, target, "unit", pki.credential("unit-seal")), "--force")
    assert in_place.code == 2
    assert target.read_bytes() == papers.pledge.read_bytes()


def test_extend_raises_the_level(
    agreegen: Agreegen, pki: ExamplePki, services: Responder, papers: Papers, tmp_path: Path
) -> None:
    source = papers.signed_agreement
    for level in ("B-T", "B-LT", "B-LTA"):
        target = tmp_path / f"{level}.pdf"
        line = ("extend", source, "-o", target, "--level", level, "--trust", pki.trust)
        result = agreegen(*line, "--tsa", services.tsa_url)
        assert result.code == 0, result.err
        assert "an example trust anchor was given" in result.err
        source = target
    file = agreegen("verify", source, "--trust", pki.trust, "--json").json()["files"][0]
    assert file["verdict"] == "valid"
    assert {s["level"] for s in file["signatures"] if s["kind"] == "signature"} == {"B-LTA"}


def test_extend_says_which_file_and_why(agreegen: Agreegen, papers: Papers, tmp_path: Path) -> None:
    line = ("extend", papers.pledge, papers.attested, "-o", f"{tmp_path}/x/", "--level", "B-T")
    result = agreegen(*line, "--tsa", "http://127.0.0.1:1/")
    assert result.code == 6
    assert "pledge.pdf: the file is not signed" in result.err
    assert "attested.pdf" in result.err
    assert "no trust anchors given: neither the signers nor the timestamp services are checked" in result.err
    assert not (tmp_path / "x").exists()


def test_credentials_check(agreegen: Agreegen, pki: ExamplePki, own_credentials: Path) -> None:
    result = agreegen("credentials", "check", pki.credential("unit-seal"), "--trust", pki.trust)
    assert result.code == 0
    assert "ready to sign" in result.err
    (own_credentials / "unit-seal.p12").write_bytes(b"not a key")
    assert agreegen("credentials", "check", own_credentials / "unit-seal.yaml").code == 6
    assert agreegen("credentials", "check", own_credentials / "nothing.yaml").code == 6


def test_credentials_list_without_its_module(agreegen: Agreegen, tmp_path: Path) -> None:
    result = agreegen("credentials", "list", "--module", tmp_path / "nothing.so")
    assert result.code == 6
    assert "nothing.so" in result.err


def test_certs_example(agreegen: Agreegen, tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    assert agreegen("certs", "example", folder).code == 0
    names = files_below(folder)
    for name in ("unit-seal", "archive-seal", "party-a-seal", "party-b-representative", "people/HN0012"):
        assert f"credentials/{name}.yaml" in names
    anchors = sorted((folder / "trust").glob("*.pem"))
    assert anchors
    for anchor in anchors:
        assert "EXAMPLE" in x509.load_pem_x509_certificate(anchor.read_bytes()).subject.rfc4514_string()
    for secret in [*folder.rglob("*.pass"), *folder.rglob("*.p12"), *(folder / "responder").glob("*key*")]:
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600, secret
    assert agreegen("certs", "example", folder).code == 2
    assert agreegen("credentials", "check", folder / "credentials/archive-seal.yaml").code == 0


def test_certs_example_names_the_folder_that_cannot_be_written(agreegen: Agreegen) -> None:
    result = agreegen("certs", "example", "/proc/pki")
    assert (result.code, "/proc/pki" in result.err) == (2, True)
    assert ".agreegen" not in result.err


def test_certs_example_spares_a_foreign_folder(agreegen: Agreegen, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine", "utf-8")
    assert agreegen("certs", "example", tmp_path, "--force").code == 2
    assert files_below(tmp_path) == {"precious"}


def test_demo_spares_a_foreign_folder(agreegen: Agreegen, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine", "utf-8")
    assert agreegen("demo", tmp_path, "--force").code == 2
    assert files_below(tmp_path) == {"precious"}


def test_in_a_file_without_roles_the_new_field_is_named(
    agreegen: Agreegen, pki: ExamplePki, tmp_path: Path
) -> None:
    """Files of other programs declare no roles: nobody should believe that one was fulfilled."""
    source = tmp_path / "plain.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(source)
    result = agreegen(*signing(pki, source, tmp_path / "signed.pdf", "nobody", pki.credential("unit-seal")))
    assert result.code == 0, result.err
    assert "declares no roles: the signature stands in a new field named nobody" in result.err
