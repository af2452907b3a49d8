"""The loopback responder, judged by openssl: timestamps, OCSP by POST and GET, revocation lists."""

from __future__ import annotations

import base64
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import yaml
from asn1crypto import ocsp, tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from agreegen.errors import InputError
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    folder = tmp_path_factory.mktemp("responder") / "ca"
    return make_example_pki(folder, now=datetime.now(UTC), key_bits=2048, people=(), port=free_port())


@pytest.fixture
def responder(pki: ExamplePki) -> Iterator[Responder]:
    with Responder(pki.folder) as running:
        yield running


def signer_of(pki: ExamplePki, name: str) -> x509.Certificate:
    settings = yaml.safe_load(pki.credential(name).read_text(encoding="utf-8"))
    passphrase = (pki.credentials / settings["passphrase"]["file"]).read_bytes().strip()
    bundle = (pki.credentials / settings["file"]).read_bytes()
    certificate = pkcs12.load_key_and_certificates(bundle, passphrase)[1]
    assert certificate is not None
    return certificate


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def ask_status(pki: ExamplePki, responder: Responder, certificate: x509.Certificate, tmp_path: Path) -> str:
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(certificate.public_bytes(Encoding.PEM))
    arguments: list[str | Path] = [
        "ocsp",
        "-issuer",
        pki.keys / "ca.pem",
        "-cert",
        leaf,
        "-url",
        responder.ocsp_url,
    ]
    arguments += ["-CAfile", pki.trust / "root.pem", "-verify_other", pki.keys / "ca.pem"]
    said = openssl(*arguments)
    assert "Response verify OK" in said
    return said


def test_openssl_accepts_a_timestamp(pki: ExamplePki, responder: Responder, tmp_path: Path) -> None:
    data, query, reply = tmp_path / "data", tmp_path / "q.tsq", tmp_path / "r.tsr"
    data.write_bytes(b"what is stamped")
    openssl("ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
    headers = {"Content-Type": "application/timestamp-query"}
    answer = requests.post(responder.tsa_url, query.read_bytes(), headers=headers, timeout=10)
    assert answer.headers["Content-Type"] == "application/timestamp-reply"
    reply.write_bytes(answer.content)
    anchors: list[str | Path] = ["-CAfile", pki.trust / "root.pem", "-untrusted", pki.keys / "ca.pem"]
    assert "Verification: OK" in openssl("ts", "-verify", "-data", data, "-in", reply, *anchors)
    data.write_bytes(b"what is stampeD")
    with pytest.raises(AssertionError):
        openssl("ts", "-verify", "-data", data, "-in", reply, *anchors)
    token = tsp.TimeStampResp.load(answer.content)
    gen_time = token["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    assert abs(gen_time - datetime.now(UTC)) < timedelta(seconds=10)


def test_a_certificate_is_good_until_revoked(pki: ExamplePki, responder: Responder, tmp_path: Path) -> None:
    certificate = signer_of(pki, "party-b-seal")
    assert "leaf.pem: good" in ask_status(pki, responder, certificate, tmp_path)
    before = x509.load_der_x509_crl(requests.get(responder.crl_url(), timeout=10).content)
    responder.revoke(certificate.public_bytes(Encoding.DER))
    assert "leaf.pem: revoked" in ask_status(pki, responder, certificate, tmp_path)
    after = x509.load_der_x509_crl(requests.get(responder.crl_url(), timeout=10).content)
    assert before.get_revoked_certificate_by_serial_number(certificate.serial_number) is None
    assert after.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
    other = signer_of(pki, "party-a-seal")
    assert "leaf.pem: good" in ask_status(pki, responder, other, tmp_path)


def test_a_forgotten_certificate_is_unknown(pki: ExamplePki, responder: Responder, tmp_path: Path) -> None:
    certificate = signer_of(pki, "unit-seal")
    responder.forget(certificate.public_bytes(Encoding.DER))
    assert "leaf.pem: unknown" in ask_status(pki, responder, certificate, tmp_path)


def test_status_by_get_is_the_status_by_post(pki: ExamplePki, responder: Responder, tmp_path: Path) -> None:
    leaf, query = tmp_path / "leaf.pem", tmp_path / "q.der"
    leaf.write_bytes(signer_of(pki, "party-a-seal").public_bytes(Encoding.PEM))
    openssl("ocsp", "-issuer", pki.keys / "ca.pem", "-cert", leaf, "-reqout", query, "-no_nonce")
    encoded = quote(base64.b64encode(query.read_bytes()).decode(), safe="")
    answer = requests.get(f"{responder.ocsp_url}/{encoded}", timeout=10)
    parsed = ocsp.OCSPResponse.load(answer.content)
    assert parsed.basic_ocsp_response["tbs_response_data"]["responses"][0]["cert_status"].name == "good"


def test_published_lists_revoke_offline(tmp_path: Path) -> None:
    pki = make_example_pki(tmp_path / "ca", now=datetime.now(UTC), key_bits=2048, people=())
    certificate = signer_of(pki, "party-a-seal")
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(certificate.public_bytes(Encoding.PEM))
    with Responder(pki.folder, 0) as responder:
        responder.revoke(certificate.public_bytes(Encoding.DER))
        responder.publish_crls()
    arguments = ["openssl", "verify", "-crl_check", "-CAfile", str(pki.trust / "root.pem")]
    arguments += ["-untrusted", str(pki.keys / "ca.pem"), "-CRLfile", str(pki.trust / "ca.crl"), str(leaf)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "certificate revoked" in done.stderr


def test_issuer_certificates_are_served(pki: ExamplePki, responder: Responder) -> None:
    served = requests.get(responder.addresses.certificate("ca"), timeout=10)
    assert served.headers["Content-Type"] == "application/pkix-cert"
    assert x509.load_der_x509_certificate(served.content).subject == signer_of(pki, "unit-seal").issuer
    assert requests.get(responder.addresses.certificate("../responder/ca.key"), timeout=10).status_code == 404


def test_damaged_requests_are_refused(responder: Responder) -> None:
    for url in (responder.tsa_url, responder.ocsp_url):
        for body in (b"", b"\x30\x03\x02\x01", b"\x30\x80" * 50, b"hello"):
            assert requests.post(url, body, timeout=10).status_code == 400
    assert requests.get(f"{responder.ocsp_url}/!!!", timeout=10).status_code == 400


def test_faults_and_delay(responder: Responder) -> None:
    responder.fail_next(2)
    statuses = [requests.get(responder.crl_url(), timeout=10).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    responder.delay_s = 0.2
    began = datetime.now(UTC)
    threads = [threading.Thread(target=requests.get, args=(responder.crl_url(),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = datetime.now(UTC) - began
    assert timedelta(seconds=0.2) <= passed < timedelta(seconds=1)
    assert responder.requests.count("GET /crl/ca.crl") == 8


def test_basic_authentication(responder: Responder) -> None:
    responder.basic_auth = ("office", "secret")
    request = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)},
        }
    ).dump()
    assert requests.post(responder.tsa_url, request, timeout=10).status_code == 401
    allowed = requests.post(responder.tsa_url, request, auth=("office", "secret"), timeout=10)
    assert allowed.status_code == 200


def test_a_taken_port_is_a_clear_error(pki: ExamplePki, responder: Responder) -> None:
    with pytest.raises(InputError, match="taken"):
        Responder(pki.folder)
