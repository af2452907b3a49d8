"""SM2 signatures in PDFs, alone and beside RSA: made, judged in full, and checked by openssl."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms
from pyhanko.pdf_utils.reader import PdfFileReader

from agreegen.cli.main import run
from agreegen.errors import CredentialError, SigningError
from agreegen.example_pki.certificates import Addresses
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.example_pki.sm2_chain import Sm2Chain, issue_sm2_crl, make_sm2_chain
from agreegen.example_pki.subjects import PARTY_A, PARTY_B
from agreegen.model.document import DeclaredRole
from agreegen.model.report import FileReport, Integrity, PadesLevel, Revocation, TrustStatus, Verdict
from agreegen.pipeline.signing import extend_and_check, sign_and_check
from agreegen.pki.sm2.backend import find_backend, sm3
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.credentials.sm2 import Sm2Signer
from agreegen.signing.interface import Credential, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.signing.conftest import make_pdf

NOW = datetime.now(UTC).replace(microsecond=0)
ROLES = (
    DeclaredRole("party_a_seal", 1, required=True, holder=PARTY_A, label="甲方"),
    DeclaredRole("party_b_seal", 2, required=True, holder=PARTY_B, label="乙方"),
)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    folder = tmp_path_factory.mktemp("sm2") / "pki"
    return make_example_pki(folder, now=NOW, key_bits=2048, people=(), port=free_port())


@pytest.fixture(scope="module")
def trust(pki: ExamplePki) -> Trust:
    return load_trust([pki.trust])


@pytest.fixture(scope="module")
def sm2_seal(pki: ExamplePki) -> Credential:
    return load_credential(pki.credential("sm2-seal"))


@pytest.fixture(scope="module")
def signed(sm2_seal: Credential, trust: Trust) -> bytes:
    request = SigningRequest("party_a_seal", PadesLevel.B_B, NOW, trust, reason="盖章")
    return sign_pdf(make_pdf(ROLES, visible=True, attachment=False), sm2_seal, request).data


@pytest.fixture(scope="module")
def responder(pki: ExamplePki) -> Iterator[Responder]:
    with Responder(pki.folder) as running:
        yield running


def judge(data: bytes, trust: Trust, **changes: object) -> FileReport:
    # Not NOW: services tell the time that it is, and on a slow machine that is minutes later.
    now = datetime.now(UTC) + timedelta(minutes=1)
    options = Options(now=now, anchors_der=trust.anchors_der, crls_der=trust.crls_der)
    return verify_bytes("a.pdf", data, replace(options, **changes))  # type: ignore[arg-type]


def cms_of(pdf: bytes) -> cms.SignedData:
    embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
    return cms.ContentInfo.load(bytes(embedded.pkcs7_content))["content"]


def test_the_cms_is_as_it_must_be(
    signed: bytes, sm2_seal: Credential, tmp_path: Path, pki: ExamplePki
) -> None:
    content = cms_of(signed)
    (signer,) = content["signer_infos"]
    assert content["encap_content_info"]["content_type"].native == "data"
    assert signer["signature_algorithm"]["algorithm"].dotted == "1.2.156.10197.1.501"
    assert signer["digest_algorithm"]["algorithm"].dotted == "1.2.156.10197.1.401"
    attributes = {a["type"].native: a["values"][0] for a in signer["signed_attrs"]}
    reference = attributes["signing_certificate_v2"]["certs"][0]
    assert reference["hash_algorithm"]["algorithm"].dotted == "1.2.156.10197.1.401"
    assert reference["cert_hash"].native == sm3(sm2_seal.certificate_der)
    embedded = PdfFileReader(io.BytesIO(signed)).embedded_signatures[0]
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    start, first, second, length = embedded.byte_range
    covered = signed[start : start + first] + signed[second : second + length]
    assert attributes["message_digest"].native == sm3(covered)
    message, value, public = tmp_path / "m", tmp_path / "s", tmp_path / "k"
    message.write_bytes(signer["signed_attrs"].untag().dump())
    value.write_bytes(signer["signature"].native)
    run = subprocess.run(
        ["openssl", "pkey", "-in", str(pki.credentials / "sm2-seal.key"), "-pubout", "-out", str(public)],
        check=False,
    )
    assert run.returncode == 0
    command = ["openssl", "dgst", "-sm3", "-verify", str(public), "-sigopt", "distid:1234567812345678"]
    run = subprocess.run([*command, "-signature", str(value), str(message)], check=False)
    assert run.returncode == 0


def test_the_report_is_full(signed: bytes, trust: Trust) -> None:
    report = judge(signed, trust)
    (signature,) = report.signatures
    assert report.verdict is Verdict.VALID
    assert report.unaltered is True
    assert signature.integrity is Integrity.INTACT
    assert signature.trust is TrustStatus.TRUSTED
    assert signature.revocation is Revocation.CLEAR
    assert signature.level is PadesLevel.OTHER
    assert signature.signer == PARTY_A


def test_sm2_and_rsa_sign_one_agreement(
    signed: bytes, pki: ExamplePki, trust: Trust, sm2_seal: Credential
) -> None:
    other = load_credential(pki.credential("party-b-seal"))
    both = sign_pdf(signed, other, SigningRequest("party_b_seal", PadesLevel.B_B, NOW, trust)).data
    report = judge(both, trust)
    assert report.verdict is Verdict.VALID
    assert [s.level for s in report.signatures] == [PadesLevel.OTHER, PadesLevel.B_B]
    relaxed = SigningRequest("party_b_seal", PadesLevel.B_B, NOW, trust, relax_order=True)
    first = sign_pdf(make_pdf(ROLES, attachment=False), other, relaxed).data
    assert judge(first, trust).verdict is Verdict.VALID


def test_a_timestamp_on_an_sm2_signature(
    sm2_seal: Credential, pki: ExamplePki, trust: Trust, responder: Responder
) -> None:
    request = SigningRequest(
        "party_a_seal", PadesLevel.B_T, NOW, trust, tsa=(TimestampServer(responder.tsa_url),)
    )
    stamped = sign_pdf(make_pdf(ROLES, attachment=False), sm2_seal, request).data
    report = judge(stamped, trust)
    assert report.verdict is Verdict.VALID
    assert report.signatures[0].time_source.value == "timestamp"


@pytest.mark.parametrize("level", [PadesLevel.B_LT, PadesLevel.B_LTA])
def test_an_sm2_signature_carries_its_proof(
    sm2_seal: Credential, trust: Trust, responder: Responder, level: PadesLevel
) -> None:
    tsa = (TimestampServer(responder.tsa_url),)
    request = SigningRequest("party_a_seal", level, datetime.now(UTC), trust, tsa=tsa)
    data = sign_pdf(make_pdf(ROLES, attachment=False), sm2_seal, request).data
    anchors_only = replace(trust, crls_der=())
    assert judge(data, anchors_only, now=datetime.now(UTC)).verdict is Verdict.VALID
    years_later = datetime.now(UTC) + timedelta(days=365 * 4)
    late = judge(data, anchors_only, now=years_later)
    assert late.unaltered is True
    assert late.signatures[0].level is PadesLevel.OTHER


def test_each_covered_byte_counts(signed: bytes, trust: Trust) -> None:
    embedded = PdfFileReader(io.BytesIO(signed)).embedded_signatures[0]
    _, first, second, length = (int(number) for number in embedded.byte_range)
    for position in (40, first // 2, first - 30, second + length // 2):
        damaged = bytearray(signed)
        damaged[position] ^= 1
        report = judge(bytes(damaged), trust)
        assert report.verdict in (Verdict.INVALID, Verdict.UNREADABLE, Verdict.INDETERMINATE)
        assert report.unaltered is not True


@pytest.mark.parametrize("part", ["signature", "digest", "certificate"])
def test_damage_in_the_container_is_noticed(
    signed: bytes, trust: Trust, sm2_seal: Credential, part: str
) -> None:
    content = cms_of(signed)
    (signer,) = content["signer_infos"]
    attributes = {a["type"].native: a["values"][0] for a in signer["signed_attrs"]}
    wanted: bytes = {
        "signature": signer["signature"].native[-20:],
        "digest": attributes["message_digest"].native,
        "certificate": sm2_seal.certificate_der[-20:],
    }[part]
    place = signed.lower().index(wanted.hex().encode()) + 12
    damaged = bytearray(signed)
    damaged[place] = ord("0") if damaged[place] != ord("0") else ord("1")
    report = judge(bytes(damaged), trust)
    assert report.verdict is not Verdict.VALID
    if part != "certificate":
        assert report.verdict is Verdict.INVALID
        assert report.signatures[0].integrity is Integrity.BROKEN


def sign_with_room(sm2_seal: Credential, trust: Trust) -> bytes:
    """Sign until the signature is not of the greatest length, so that the CMS can grow by a byte."""
    request = SigningRequest("party_a_seal", PadesLevel.B_B, NOW, trust)
    while True:
        data = sign_pdf(make_pdf(ROLES, attachment=False), sm2_seal, request).data
        if bytes(PdfFileReader(io.BytesIO(data)).embedded_signatures[0].pkcs7_content).endswith(b"\0"):
            return data


def test_the_older_algorithm_identifier_is_read_as_the_same(sm2_seal: Credential, trust: Trust) -> None:
    # 1.2.156.10197.1.301.1 is as long as 1.2.156.10197.1.501 plus one byte, so the container is built anew.
    signed = sign_with_room(sm2_seal, trust)
    content = cms.ContentInfo.load(
        bytes(PdfFileReader(io.BytesIO(signed)).embedded_signatures[0].pkcs7_content)
    ).untag()
    old = content.dump()
    content["content"]["signer_infos"][0]["signature_algorithm"] = {"algorithm": "1.2.156.10197.1.301.1"}
    new = content.dump(force=True)
    start = signed.lower().index(old.hex().encode())
    end = signed.index(b">", start)
    contents = new.hex().encode()
    replaced = signed[:start] + contents + b"0" * (end - start - len(contents)) + signed[end:]
    assert len(replaced) == len(signed)
    report = judge(replaced, trust)
    assert report.verdict is Verdict.VALID, report.signatures[0].reasons


def write_credential(folder: Path, chain: Sm2Chain, extra: str = "") -> Credential:
    (folder / "key.pem").write_bytes(chain.signing.key_pem)
    (folder / "key.pem").chmod(0o600)
    (folder / "cert.pem").write_bytes(chain.signing.certificate_pem + chain.authority.certificate_pem)
    (folder / "seal.yaml").write_text(f"kind: sm2\nkey: key.pem\ncertificate: cert.pem\n{extra}")
    return load_credential(folder / "seal.yaml")


def test_a_signer_id_counts_when_the_policy_lists_it(tmp_path: Path) -> None:
    chain = make_sm2_chain(find_backend(), NOW, Addresses(1))
    trust = trust_of(chain)
    credential = write_credential(tmp_path, chain, 'signer_id: "豫州普查"\n')
    data = sign_pdf(
        make_pdf(ROLES, attachment=False),
        credential,
        SigningRequest("party_a_seal", PadesLevel.B_B, NOW, trust),
    ).data
    unlisted = judge(data, trust)
    assert unlisted.verdict is Verdict.INVALID
    assert "an SM2 signer id that the policy does not list" in str(unlisted.signatures[0].reasons[0])
    policy = tmp_path / "policy.yaml"
    policy.write_text('sm2_signer_ids: ["1234567812345678", "豫州普查"]\n', encoding="utf-8")
    assert judge(data, trust, policy_file=policy).verdict is Verdict.VALID
    alone = tmp_path / "alone.yaml"  # certificates and lists use the default one, whatever a policy says
    alone.write_text('sm2_signer_ids: ["豫州普查"]\n', encoding="utf-8")
    report = judge(data, trust, policy_file=alone)
    assert report.verdict is Verdict.VALID, report.signatures[0].reasons


def test_the_other_side_signs_on_after_a_signer_id_of_its_own(pki: ExamplePki, tmp_path: Path) -> None:
    """The id is not in the file: party B states it by a policy, or signs with the same one itself."""
    chain = make_sm2_chain(find_backend(), NOW, Addresses(1))
    other = load_trust([pki.trust])
    trust = Trust((*trust_of(chain).anchors_der, *other.anchors_der), other.crls_der)
    first = write_credential(tmp_path, chain, 'signer_id: "豫州普查"\n')
    unsigned = make_pdf(ROLES, attachment=False)
    asked = SigningRequest("party_a_seal", PadesLevel.B_B, NOW, trust)
    signed = sign_and_check(unsigned, first, asked).pdf.data
    policy = tmp_path / "policy.yaml"
    policy.write_text('sm2_signer_ids: ["1234567812345678", "豫州普查"]\n', encoding="utf-8")
    second = load_credential(pki.credential("party-b-seal"))
    request = SigningRequest("party_b_seal", PadesLevel.B_B, NOW, trust)
    with pytest.raises(SigningError, match="changed"):
        sign_and_check(signed, second, request)
    both = sign_and_check(signed, second, request, policy=policy).pdf.data
    same = sign_and_check(signed, first, request).pdf.data
    for data in (both, same):
        report = judge(data, trust, policy_file=policy)
        assert report.unaltered is True
        assert len(report.signatures) == 2


def test_a_signer_id_is_stated_for_extending(tmp_path: Path, pki: ExamplePki, responder: Responder) -> None:
    chain = make_sm2_chain(find_backend(), NOW, Addresses(1))
    trust = Trust(
        (*trust_of(chain).anchors_der, *load_trust([pki.trust]).anchors_der), trust_of(chain).crls_der
    )
    credential = write_credential(tmp_path, chain, 'signer_id: "豫州普查"\n')
    asked = SigningRequest("party_a_seal", PadesLevel.B_B, NOW, trust)
    signed = sign_pdf(make_pdf(ROLES, attachment=False), credential, asked).data
    tsa = (TimestampServer(responder.tsa_url),)
    with pytest.raises(SigningError, match="changed"):
        extend_and_check(signed, PadesLevel.B_LTA, trust=trust, tsa=tsa, now=NOW)
    policy = tmp_path / "policy.yaml"
    policy.write_text('sm2_signer_ids: ["1234567812345678", "豫州普查"]\n', encoding="utf-8")
    raised = extend_and_check(signed, PadesLevel.B_LTA, trust=trust, tsa=tsa, now=NOW, policy=policy)
    assert judge(raised.data, replace(trust, crls_der=()), policy_file=policy).verdict is Verdict.VALID


def test_a_batch_seals_with_a_signer_id_of_its_own(tmp_path: Path) -> None:
    chain = make_sm2_chain(find_backend(), NOW, Addresses(1))
    write_credential(tmp_path, chain, 'signer_id: "豫州普查"\n')
    trust = tmp_path / "trust"
    trust.mkdir()
    (trust / "root.pem").write_bytes(chain.root.certificate_pem)
    for number, crl in enumerate(trust_of(chain).crls_der):
        (trust / f"{number}.crl").write_bytes(crl)
    (tmp_path / "roster.csv").write_text("姓名,编号\n张伟,HN0001\n李秀英,HN0002\n", "utf-8")
    (tmp_path / "job.yaml").write_text(
        "form: personal-pledge\nroster: {file: roster.csv}\noutput: out\ntrust: [trust]\n"
        "defaults: {pledge_date: 2018-05-10}\n"
        "signatures:\n  - {role: unit, credential: seal.yaml}\n"
        "archive: {bags: bags, documents_per_bag: 10, credential: seal.yaml}\n",
        "utf-8",
    )
    assert run(["-q", "credentials", "check", str(tmp_path / "seal.yaml"), "--trust", str(trust)]) == 0
    assert run(["-q", "batch", "run", str(tmp_path / "job.yaml"), "--workers", "1"]) == 0
    policy = tmp_path / "policy.yaml"
    policy.write_text('sm2_signer_ids: ["1234567812345678", "豫州普查"]\n', encoding="utf-8")
    documents = str(tmp_path / "out" / "documents")
    assert run(["-q", "verify", documents, "--trust", str(trust), "--policy", str(policy)]) == 0
    assert run(["-q", "verify", documents, "--trust", str(trust)]) == 1
    (bag,) = (path.parent for path in (tmp_path / "bags").rglob("bagit.txt"))
    register = str(tmp_path / "out" / "register.db")
    for judge_it in (["archive", "verify", str(bag)], ["register", "verify", "--register", register]):
        assert run(["-q", *judge_it, "--trust", str(trust), "--policy", str(policy)]) == 0
        assert run(["-q", *judge_it, "--trust", str(trust)]) == 1


def trust_of(chain: Sm2Chain, *revoked: int) -> Trust:
    backend = find_backend()
    crls = (
        issue_sm2_crl(backend, chain.root, NOW),
        issue_sm2_crl(backend, chain.authority, NOW, revoked=revoked, number=2),
    )
    return Trust(anchors_der=(chain.root.certificate.dump(),), crls_der=crls)


def test_trust_dates_and_revocation_are_judged(tmp_path: Path) -> None:
    chain = make_sm2_chain(find_backend(), NOW, Addresses(1))
    trust = trust_of(chain)
    credential = write_credential(tmp_path, chain)
    request = SigningRequest("party_a_seal", PadesLevel.B_B, NOW, trust)
    data = sign_pdf(make_pdf(ROLES, attachment=False), credential, request).data
    assert judge(data, trust).verdict is Verdict.VALID
    stranger = trust_of(make_sm2_chain(find_backend(), NOW, Addresses(1)))
    report = judge(data, stranger)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.signatures[0].trust is TrustStatus.UNTRUSTED
    assert report.unaltered is True
    report = judge(data, trust_of(chain, chain.signing.certificate.serial_number))
    assert report.verdict is not Verdict.VALID
    assert report.signatures[0].revocation is Revocation.REVOKED
    report = judge(data, replace(trust, crls_der=()))
    assert report.verdict is Verdict.INDETERMINATE
    report = judge(data, trust, now=NOW + timedelta(days=365 * 4))
    assert report.verdict is not Verdict.VALID


def test_what_the_encryption_key_signed_is_never_valid(tmp_path: Path) -> None:
    """Of a double certificate only the signing one signs; a container made with the other one is told."""
    backend = find_backend()
    chain = make_sm2_chain(backend, NOW, Addresses(1))
    trust, wrong = trust_of(chain), chain.encryption
    signer = Sm2Signer(backend.load_key(wrong.scalar, wrong.point))
    own, above = bytes(wrong.certificate.dump()), bytes(chain.authority.certificate.dump())
    credential = Credential("seal", tmp_path / "seal.yaml", "sm2", own, (above,), signer)
    request = SigningRequest("party_a_seal", PadesLevel.B_B, NOW, trust)
    with pytest.raises(CredentialError, match="key usage"):
        sign_pdf(make_pdf(ROLES, attachment=False), credential, request)
    data = sign_pdf(make_pdf(ROLES, attachment=False), credential, request, checked=True).data
    report = judge(data, trust)
    assert (report.verdict, report.unaltered) == (Verdict.INDETERMINATE, True)
    assert any("key usage" in str(reason) for reason in report.signatures[0].reasons)


def test_a_revoked_authority_takes_its_holders_along(tmp_path: Path) -> None:
    chain = make_sm2_chain(find_backend(), NOW, Addresses(1))
    trust = trust_of(chain)
    credential = write_credential(tmp_path, chain)
    request = SigningRequest("party_a_seal", PadesLevel.B_B, NOW, trust)
    data = sign_pdf(make_pdf(ROLES, attachment=False), credential, request).data
    number = chain.authority.certificate.serial_number
    listed = issue_sm2_crl(find_backend(), chain.root, NOW, revoked=[number])
    report = judge(data, replace(trust, crls_der=(listed, trust.crls_der[1])))
    assert report.verdict is not Verdict.VALID
    assert report.signatures[0].revocation is Revocation.REVOKED


def test_a_batch_goes_on_after_its_own_signer_id(tmp_path: Path) -> None:
    """A second role signs after the seal, and a timestamp that was missing is added by a later run."""
    # A PKI of its own: its services must be silent first, while those of the other tests may be up.
    pki = make_example_pki(tmp_path / "pki", now=NOW, key_bits=2048, people=(), port=free_port())
    chain = make_sm2_chain(find_backend(), NOW, Addresses(1))
    write_credential(tmp_path, chain, 'signer_id: "豫州普查"\n')
    trust = tmp_path / "trust"
    shutil.copytree(pki.trust, trust)
    (trust / "own.pem").write_bytes(chain.root.certificate_pem)
    for number, crl in enumerate(trust_of(chain).crls_der):
        (trust / f"{number}.crl").write_bytes(crl)
    (tmp_path / "roster.csv").write_text(f"姓名,编号\n{PARTY_B},HN0001\n", "utf-8")
    (tmp_path / "job.yaml").write_text(
        "form: personal-pledge\nroster: {file: roster.csv}\noutput: out\ntrust: [trust]\n"
        f"defaults: {{pledge_date: 2018-05-10}}\ntsa: {pki.tsa_url}\n"
        "signatures:\n  - {role: unit, credential: seal.yaml, level: B-T}\n"
        f"  - {{role: pledger, credential: {pki.credential('party-b-seal')}, level: B-T}}\n",
        "utf-8",
    )
    job = str(tmp_path / "job.yaml")
    assert run(["-q", "batch", "run", job, "--workers", "1"]) == 0
    policy = tmp_path / "policy.yaml"
    policy.write_text('sm2_signer_ids: ["豫州普查"]\n', encoding="utf-8")
    (document,) = (tmp_path / "out" / "documents").rglob("*.pdf")
    judging = ["-q", "verify", str(document), "--trust", str(trust), "--policy", str(policy)]
    assert run(judging) == 0
    assert b"/DocTimeStamp" not in document.read_bytes()
    with Responder(pki.folder):
        assert run(["-q", "batch", "run", job, "--workers", "1"]) == 0
    assert b"/DocTimeStamp" in document.read_bytes()
    assert run(judging) == 0
