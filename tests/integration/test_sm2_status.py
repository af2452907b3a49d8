"""Revocation of SM2 certificates by OCSP: OpenSSL's own responder answers, signed with SM2."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509 import ocsp

from agreegen.errors import CredentialError, SigningError
from agreegen.example_pki.certificates import Addresses
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.example_pki.sm2_chain import Sm2Chain, Sm2Pair, issue_sm2_crl, make_sm2_chain
from agreegen.model.report import PadesLevel, Revocation, Verdict
from agreegen.pki.sm2.backend import find_backend
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.document_reading import read_state
from agreegen.signing.extend import extend_pdf
from agreegen.signing.interface import Credential, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.services.revocation import check_status
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.signing.conftest import make_pdf

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass
class Office:
    """A holder of an SM2 seal, and the status service of its authority, not running yet."""

    folder: Path
    chain: Sm2Chain
    port: int
    credential: Credential
    trust: Trust
    tsa: tuple[TimestampServer, ...]

    @contextlib.contextmanager
    def answering(self, status: str, *, signer: Sm2Pair | None = None) -> Iterator[None]:
        """Let `openssl ocsp` answer with a status: V for good, R for revoked, anything else for unknown."""
        number = f"{self.chain.signing.certificate.serial_number:X}"
        number = number if len(number) % 2 == 0 else f"0{number}"
        revoked = f"{NOW:%y%m%d}000000Z,keyCompromise" if status == "R" else ""
        line = f"{status}\t490101000000Z\t{revoked}\t{number}\tunknown\t/CN=seal\n"
        (self.folder / "index.txt").write_text(line if status in "VR" else "")
        pair = signer or self.chain.authority
        (self.folder / "ca.pem").write_bytes(self.chain.authority.certificate_pem)
        (self.folder / "signer.pem").write_bytes(pair.certificate_pem)
        (self.folder / "signer.key").write_bytes(pair.key_pem)
        command = (
            f"openssl ocsp -index index.txt -CA ca.pem -rsigner signer.pem -rkey signer.key -port {self.port}"
        )
        options = ["-rmd", "sm3", "-rsigopt", "distid:1234567812345678", "-nmin", "60"]
        running = subprocess.Popen(
            [*command.split(), *options],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            assert running.stdout is not None
            assert b"ACCEPT" in running.stdout.readline()  # it listens
            yield
        finally:
            running.kill()
            running.communicate()

    def extend(self, data: bytes) -> bytes:
        return extend_pdf(data, PadesLevel.B_LT, trust=self.trust, tsa=self.tsa, now=NOW).data


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    folder = tmp_path_factory.mktemp("status") / "pki"
    return make_example_pki(folder, now=NOW, key_bits=2048, people=(), port=free_port())


@pytest.fixture
def office(tmp_path: Path, pki: ExamplePki) -> Iterator[Office]:
    port, backend = free_port(), find_backend()
    chain = make_sm2_chain(backend, NOW, Addresses(1, sm2_ocsp=f"http://127.0.0.1:{port}/"))
    (tmp_path / "key.pem").write_bytes(chain.signing.key_pem)
    (tmp_path / "key.pem").chmod(0o600)
    (tmp_path / "cert.pem").write_bytes(chain.signing.certificate_pem + chain.authority.certificate_pem)
    (tmp_path / "seal.yaml").write_text("kind: sm2\nkey: key.pem\ncertificate: cert.pem\n")
    # The root's list tells of the authority; of the seal only OCSP tells.
    anchors = (chain.root.certificate.dump(), *load_trust([pki.trust]).anchors_der)
    lists = (issue_sm2_crl(backend, chain.root, NOW),)
    with Responder(pki.folder) as services:
        yield Office(
            tmp_path,
            chain,
            port,
            load_credential(tmp_path / "seal.yaml"),
            Trust(anchors, lists),
            (TimestampServer(services.tsa_url),),
        )


@pytest.fixture
def signed(office: Office) -> bytes:
    request = SigningRequest("unit", PadesLevel.B_B, NOW, office.trust)
    return sign_pdf(make_pdf(attachment=False), office.credential, request).data


def test_a_good_answer_becomes_proof_that_verify_reads(office: Office, signed: bytes) -> None:
    with office.answering("V"):
        extended = office.extend(signed)
        assert check_status(office.credential, office.trust, NOW) == []
    answers = [item.get_object().data for item in read_state(extended).reader.root["/DSS"]["/OCSPs"]]
    loaded = [ocsp.load_der_ocsp_response(answer) for answer in answers]
    assert "1.2.156.10197.1.501" in [answer.signature_algorithm_oid.dotted_string for answer in loaded]
    options = Options(
        now=datetime.now(UTC), anchors_der=office.trust.anchors_der, crls_der=office.trust.crls_der
    )
    report = verify_bytes("a", extended, options)
    assert report.verdict is Verdict.VALID, report.signatures[0].reasons
    assert report.signatures[0].revocation is Revocation.CLEAR


@pytest.mark.parametrize(("status", "words"), [("R", "is revoked"), ("-", "unknown status")])
def test_an_answer_that_is_not_good_yields_no_proof(
    office: Office, signed: bytes, status: str, words: str
) -> None:
    with office.answering(status):
        with pytest.raises(SigningError, match=words):
            office.extend(signed)
        with pytest.raises(CredentialError, match=words):
            check_status(office.credential, office.trust, NOW)


def test_an_answer_by_somebody_else_counts_for_nothing(office: Office, signed: bytes) -> None:
    stranger = make_sm2_chain(find_backend(), NOW, Addresses(1)).authority
    for signer in (stranger, office.chain.signing):
        with office.answering("V", signer=signer), pytest.raises(SigningError, match="is not to be had"):
            office.extend(signed)


def test_nobody_answers(office: Office, signed: bytes) -> None:
    with pytest.raises(SigningError, match="is not to be had"):
        office.extend(signed)
    (finding,) = check_status(office.credential, office.trust, NOW)
    assert finding.code == "revocation-unreachable"


def test_a_missing_or_stale_list_is_told_before_signing(office: Office) -> None:
    """As for other keys: a list of the root alone says nothing about the seal."""
    findings = check_credential(office.credential, office.trust, NOW)
    assert [finding.code for finding in findings] == ["revocation-unknown"]
    own = issue_sm2_crl(find_backend(), office.chain.authority, NOW)
    both = Trust(office.trust.anchors_der, (*office.trust.crls_der, own))
    assert check_credential(office.credential, both, NOW) == []
    listed = issue_sm2_crl(
        find_backend(),
        office.chain.authority,
        NOW,
        revoked=[office.chain.signing.certificate.serial_number],
    )
    with pytest.raises(CredentialError, match="revoked"):
        check_credential(office.credential, Trust(both.anchors_der, (listed,)), NOW)
