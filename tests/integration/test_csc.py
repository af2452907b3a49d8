"""Remote signing against the CSC dummy service over real TLS, with a bearer token and faults on demand."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from certomancer.registry import CertomancerConfig
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from csc_dummy.csc_dummy_server import CSCWithCertomancer, DummyServiceParams

from agreegen.errors import CredentialError
from agreegen.model.report import TrustStatus
from agreegen.signing.credentials.csc import CscSigner, load_csc
from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey
from agreegen.signing.interface import RawSigner
from agreegen.signing.raw_values import verify_raw
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.signing.conftest import make_pdf

pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning")

TOKEN = "T0ken-of-the-office"
MULTISIGN = 4
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONFIG = """
keysets:
  keys:
    path-prefix: {folder}
    keys:
      root: {{path: root.key}}
      rsa: {{path: rsa.key}}
      p256: {{path: p256.key}}
      p384: {{path: p384.key}}
pki-architectures:
  office:
    keyset: keys
    entity-defaults: {{country-name: CN, organization-name: EXAMPLE}}
    entities:
      root: {{common-name: EXAMPLE Root}}
      rsa: {{common-name: EXAMPLE rsa}}
      p256: {{common-name: EXAMPLE p256}}
      p384: {{common-name: EXAMPLE p384}}
    certs:
      root:
        subject: root
        issuer: root
        validity: {validity}
        extensions:
          - {{id: basic_constraints, critical: true, value: {{ca: true}}}}
          - id: key_usage
            critical: true
            smart-value: {{schema: key-usage, params: [key_cert_sign, crl_sign]}}
      rsa: {{subject: rsa, issuer: root, validity: {validity}}}
      p256: {{subject: p256, issuer: root, validity: {validity}}}
      p384: {{subject: p384, issuer: root, validity: {validity}}}
    services: {{}}
"""
VALIDITY = '{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2100-01-01T00:00:00+0000"}'


@dataclass
class Service:
    """The running service: where it is, what it was asked, and how it answers wrongly when told to."""

    folder: Path
    port: int = 0
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    change: Callable[[str, dict[str, object]], object] | None = None

    def config(self, key: str = "rsa", **changes: object) -> BackendConfig:
        settings: dict[str, object] = {
            "url": f"https://127.0.0.1:{self.port}/csc/v1",
            "credential": f"office/{key}",
            "token": {"env": "AGREEGEN_TEST_CSC_TOKEN"},
            "ca_file": "tls.pem",
            **changes,
        }
        kept = {name: value for name, value in settings.items() if value is not None}
        return BackendConfig(self.folder / "remote.yaml", "csc", kept)

    def calls(self, method: str) -> list[dict[str, object]]:
        return [request for name, request in self.asked if name == method]


def write_tls(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=2)).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    )
    (folder / "tls.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "tls.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))


def write_keys(folder: Path) -> Path:
    keys: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {
        "root": ec.generate_private_key(ec.SECP256R1()),
        "rsa": rsa.generate_private_key(65537, 2048),
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "p384": ec.generate_private_key(ec.SECP384R1()),
    }
    for name, key in keys.items():
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key").write_bytes(pem)
    (folder / "certomancer.yml").write_text(CONFIG.format(folder=folder, validity=VALIDITY))
    return folder / "certomancer.yml"


def watch(service: Service) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        method = request.path.removeprefix("/csc/v1/")
        service.asked.append((method, await request.json()))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "invalid_token"}, status=401)
        if service.statuses:
            status = service.statuses.pop(0)
            if status != 200:
                return web.json_response({"error": "server_busy", "token": TOKEN}, status=status)
        answer = await handler(request)
        if service.change is not None:
            assert isinstance(answer, web.Response)
            assert answer.text is not None
            changed = service.change(method, json.loads(answer.text))
            if isinstance(changed, str):
                return web.Response(text=changed)
            return web.json_response(changed)
        return answer

    return middleware


def serve(service: Service, config: Path, ready: threading.Event, loop: asyncio.AbstractEventLoop) -> None:
    async def start() -> None:
        dummy = CSCWithCertomancer(
            CertomancerConfig.from_file(str(config)), service_params=DummyServiceParams(multisign=MULTISIGN)
        )
        dummy.app.middlewares.append(watch(service))
        dummy.register_routes()
        runner = web.AppRunner(dummy.app)
        await runner.setup()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(service.folder / "tls.pem", service.folder / "tls.key")
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        service.port = runner.addresses[0][1]
        ready.set()

    asyncio.set_event_loop(loop)
    loop.run_until_complete(start())
    loop.run_forever()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("csc"))
    write_tls(service.folder)
    config = write_keys(service.folder)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=serve, args=(service, config, ready, loop), daemon=True)
    thread.start()
    assert ready.wait(30)
    yield service
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture
def service(running: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("AGREEGEN_TEST_CSC_TOKEN", TOKEN)
    running.asked.clear()
    running.statuses.clear()
    running.change = None
    return running


def check(loaded: LoadedKey, messages: list[bytes]) -> None:
    signatures = loaded.signer.sign_many(messages)
    assert len(signatures) == len(messages)
    for message, signature in zip(messages, signatures, strict=True):
        assert verify_raw(loaded.certificate_der, loaded.signer.mechanism, message, signature)


@pytest.mark.parametrize(
    ("key", "mechanism"), [("rsa", "rsa-sha256"), ("p256", "ecdsa-sha256"), ("p384", "ecdsa-sha384")]
)
def test_a_service_signs(service: Service, key: str, mechanism: str) -> None:
    loaded = load_csc(service.config(key))
    assert isinstance(loaded.signer, RawSigner)
    assert loaded.signer.mechanism.value == mechanism
    check(loaded, [b"one"])
    assert len(loaded.chain_der) == 1
    loaded.signer.close()
    with pytest.raises(CredentialError, match="closed"):
        loaded.signer.sign(b"two")


def test_hashes_travel_in_batches(service: Service) -> None:
    check(load_csc(service.config()), [f"message {number}".encode() for number in range(10)])
    sizes = [len(request["hash"]) for request in service.calls("signatures/signHash")]  # type: ignore[arg-type]
    assert sizes == [4, 4, 2]
    assert [request["numSignatures"] for request in service.calls("credentials/authorize")] == sizes
    assert not any(b"message" in json.dumps(request).encode() for _, request in service.asked)


def test_a_wrong_token_is_refused(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGREEGEN_TEST_CSC_TOKEN", "wrong-token")
    with pytest.raises(CredentialError, match="does not accept the token") as caught:
        load_csc(service.config())
    assert "wrong-token" not in str(caught.value)
    assert str(service.folder / "remote.yaml") in str(caught.value)


def test_tls_is_checked(service: Service) -> None:
    with pytest.raises(CredentialError, match="TLS certificate") as caught:
        load_csc(service.config(ca_file=None))
    assert caught.value.hint is not None
    assert "ca_file" in caught.value.hint
    assert service.asked == []


def test_a_bundle_in_the_environment_does_not_replace_ours(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_tls(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "tls.pem"))
    check(load_csc(service.config()), [b"one"])


def test_a_netrc_does_not_replace_the_token(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    check(load_csc(service.config()), [b"one"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "http://signing.example/csc/v1"}, "not reached by HTTPS"),
        ({"url": "ftp://127.0.0.1/"}, "not reached by HTTPS"),
        ({"url": "https://127.0.0.1:1/csc/v1"}, "cannot be reached"),
        ({"credential": "office/nobody"}, "refused credentials/info"),
        ({"token": TOKEN}, "stands in the file"),
        ({"ca_file": "nowhere.pem"}, "cannot be read"),
        ({"timeout_s": "soon"}, "number of seconds"),
    ],
)
def test_what_is_wrong_is_said(service: Service, settings: dict[str, object], words: str) -> None:
    with pytest.raises(CredentialError, match=words) as caught:
        load_csc(service.config("rsa", **settings))
    assert TOKEN not in str(caught.value)


def test_a_busy_service_is_asked_again(service: Service) -> None:
    service.statuses[:] = [503, 429]
    loaded = load_csc(service.config())
    service.statuses[:] = [503, 200, 200]
    check(loaded, [b"one"])
    assert len(service.calls("credentials/authorize")) == 2
    service.statuses[:] = [200, 503, 200]
    with pytest.raises(CredentialError, match=r"refused signatures/signHash \(503, server_busy\)") as caught:
        loaded.signer.sign(b"one")
    assert TOKEN not in str(caught.value)


def test_a_pin_is_sent_once(service: Service) -> None:
    (service.folder / "pin").write_text("1234")
    (service.folder / "pin").chmod(0o600)
    service.change = lambda method, answer: (
        {**answer, "authMode": "explicit", "PIN": {"presence": "true"}}
        if method.endswith("/info")
        else answer
    )
    with pytest.raises(CredentialError, match="asks for pin"):
        load_csc(service.config())
    loaded = load_csc(service.config(pin={"file": "pin"}))
    check(loaded, [b"one"])
    assert service.calls("credentials/authorize")[-1]["PIN"] == "1234"
    service.asked.clear()
    service.statuses[:] = [503, 200]
    with pytest.raises(CredentialError, match="refused credentials/authorize"):
        loaded.signer.sign(b"two")
    assert len(service.calls("credentials/authorize")) == 1


def test_a_one_time_password_is_good_once(service: Service) -> None:
    (service.folder / "otp").write_text("987654")
    (service.folder / "otp").chmod(0o600)
    service.change = lambda method, answer: (
        {**answer, "authMode": "explicit", "OTP": {"presence": "true"}}
        if method.endswith("/info")
        else answer
    )
    loaded = load_csc(service.config(otp={"file": "otp"}))
    check(loaded, [b"a", b"b"])
    with pytest.raises(CredentialError, match="used up"):
        loaded.signer.sign(b"c")
    assert len(service.calls("signatures/signHash")) == 1


def drop_certificates(method: str, answer: dict[str, object]) -> object:
    return {**answer, "cert": {}} if method == "credentials/info" else answer


def disable_key(method: str, answer: dict[str, object]) -> object:
    return {**answer, "key": {"status": "disabled"}} if method == "credentials/info" else answer


def want_browser(method: str, answer: dict[str, object]) -> object:
    return {**answer, "authMode": "oauth2code"} if method == "credentials/info" else answer


def damage_certificate(method: str, answer: dict[str, object]) -> object:
    return {**answer, "cert": {"certificates": ["MAMCAQE="]}} if method == "credentials/info" else answer


def talk_nonsense(method: str, answer: dict[str, object]) -> object:
    return "<html>" if method == "credentials/info" else answer


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop_certificates, "does not describe"),
        (disable_key, "disabled"),
        (want_browser, "browser"),
        (damage_certificate, "cannot be read"),
        (talk_nonsense, "makes no sense"),
        (lambda method, answer: [] if method == "credentials/info" else answer, "makes no sense"),
    ],
)
def test_strange_descriptions_are_refused(
    service: Service, change: Callable[[str, dict[str, object]], object], words: str
) -> None:
    service.change = change
    with pytest.raises(CredentialError, match=words):
        load_csc(service.config())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"signatures": ["AAAA"]}, "does not fit the certificate"),
        ({"signatures": []}, "makes no sense"),
        ({"signatures": [7]}, "makes no sense"),
        ({"signatures": ["%%%"]}, "makes no sense"),
        ({}, "makes no sense"),
    ],
)
def test_strange_signatures_are_refused(service: Service, answer: dict[str, object], words: str) -> None:
    loaded = load_csc(service.config())
    service.change = lambda method, real: answer if method == "signatures/signHash" else real
    with pytest.raises(CredentialError, match=words):
        loaded.signer.sign(b"one")


def test_a_key_of_another_certificate_is_noticed(service: Service) -> None:
    other = load_csc(service.config("p256"))
    loaded = load_csc(service.config("p384"))
    assert isinstance(other.signer, CscSigner)
    foreign = other.signer.sign(b"one")
    assert not verify_raw(loaded.certificate_der, loaded.signer.mechanism, b"one", foreign)


def test_secrets_do_not_show(service: Service) -> None:
    loaded = load_csc(service.config())
    assert TOKEN not in repr(loaded) + repr(loaded.signer) + repr(vars(loaded.signer))
    assert os.environ["AGREEGEN_TEST_CSC_TOKEN"] == TOKEN


def write_credential(service: Service, key: str) -> Path:
    path = service.folder / f"{key}.yaml"
    settings = service.config(key).settings
    path.write_text(yaml.safe_dump({"kind": "csc", **settings, "chain": "root.pem"}), encoding="utf-8")
    return path


@pytest.mark.parametrize("key", ["rsa", "p256"])
def test_the_command_signs_by_the_service(service: Service, tmp_path: Path, key: str) -> None:
    program = Path(sys.executable).with_name("agreegen")
    loaded = load_csc(service.config(key))
    (service.folder / "root.pem").write_bytes(
        x509.load_der_x509_certificate(loaded.chain_der[0]).public_bytes(Encoding.PEM)
    )
    credential = write_credential(service, key)
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(make_pdf(attachment=False))
    inputs = [str(tmp_path / name) for name in ("a.pdf", "b.pdf")]
    command = [str(program), "sign", *inputs, "-o", f"{tmp_path}/out/", "--role", "unit"]
    command += ["--credential", str(credential), "--trust", str(service.folder / "root.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    for name in ("a.pdf", "b.pdf"):
        options = Options(now=datetime.now(UTC), anchors_der=(loaded.chain_der[0],))
        report = verify_bytes(name, (tmp_path / "out" / name).read_bytes(), options)
        assert report.unaltered is True
        assert report.signatures[0].trust is TrustStatus.TRUSTED
        assert report.signatures[0].signer == f"EXAMPLE {key}"
