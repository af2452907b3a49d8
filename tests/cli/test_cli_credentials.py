"""`agreegen credentials check`: every point that it looks at, each with a credential that fails there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.signing.certificate_checks import try_credential
from agreegen.signing.credentials.key_files import FileSigner
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Mechanism
from tests.cli.conftest import Agreegen, write_job
from tests.unit.signing.conftest import MiniCa, make_key, write_pem

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def authority() -> MiniCa:
    return MiniCa(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def root(authority: MiniCa, tmp_path: Path) -> Path:
    path = tmp_path / "root.pem"
    path.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    return path


def issued(authority: MiniCa, folder: Path, **changes: object) -> Path:
    key = make_key("p256")
    return write_pem(folder, key, authority.issue(key, "张伟", **changes))  # type: ignore[arg-type]


def test_a_good_credential_is_ready(
    agreegen: Agreegen, authority: MiniCa, root: Path, tmp_path: Path
) -> None:
    result = agreegen("credentials", "check", issued(authority, tmp_path / "c"), "--trust", root)
    assert result.code == 0
    assert "ready to sign (ecdsa-sha256); certificate of 张伟, until 20" in result.err


def test_without_anchors_the_chain_is_open(agreegen: Agreegen, authority: MiniCa, tmp_path: Path) -> None:
    result = agreegen("credentials", "check", issued(authority, tmp_path / "c"))
    assert (result.code, "no trust anchors given" in result.err) == (0, True)


def test_a_chain_to_somebody_else_is_refused(
    agreegen: Agreegen, authority: MiniCa, root: Path, tmp_path: Path
) -> None:
    stranger = issued(MiniCa(authority.now), tmp_path / "c")
    result = agreegen("credentials", "check", stranger, "--trust", root)
    assert (result.code, "no valid chain" in result.err) == (6, True)


def test_a_key_for_encryption_is_refused(
    agreegen: Agreegen, authority: MiniCa, root: Path, tmp_path: Path
) -> None:
    wrong = issued(authority, tmp_path / "c", usages=("key_encipherment",))
    result = agreegen("credentials", "check", wrong, "--trust", root)
    assert (result.code, "key usage does not allow signatures" in result.err) == (6, True)


def test_a_short_key_is_refused(agreegen: Agreegen, authority: MiniCa, root: Path, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 1024)
    short = write_pem(tmp_path / "c", key, authority.issue(key, "张伟"))
    result = agreegen("credentials", "check", short, "--trust", root)
    assert (result.code, "1024 bits" in result.err) == (6, True)


def test_a_certificate_under_sha_1_is_refused(agreegen: Agreegen, tmp_path: Path) -> None:
    command = "openssl req -x509 -sha1 -newkey rsa:2048 -nodes -subj /CN=old -keyout key.pem -out cert.pem"
    subprocess.run([*command.split(), "-days", "30"], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "c.yaml").write_text("kind: pem\nkey: key.pem\ncertificate: cert.pem\n")
    result = agreegen("credentials", "check", tmp_path / "c.yaml", "--trust", tmp_path / "cert.pem")
    assert (result.code, "signed with SHA1" in result.err) == (6, True)


@pytest.mark.parametrize(("digest", "code"), [("sha256", 0), ("sha1", 6)])
def test_an_authority_under_sha_1_breaks_the_chain(
    agreegen: Agreegen, authority: MiniCa, root: Path, tmp_path: Path, digest: str, code: int
) -> None:
    """The certificate itself is fine; the one above it stands on SHA-1."""
    request = "openssl req -new -newkey rsa:2048 -nodes -subj /CN=weak -keyout weak.key -out weak.csr"
    subprocess.run(request.split(), cwd=tmp_path, check=True, capture_output=True)
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / "ca.key").write_bytes(authority.key.private_bytes(pem, private, serialization.NoEncryption()))
    (tmp_path / "ca.ext").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
    sign = f"openssl x509 -req -{digest} -in weak.csr -CA root.pem -CAkey ca.key -days 30 -out weak.pem"
    subprocess.run([*sign.split(), "-extfile", "ca.ext"], cwd=tmp_path, check=True, capture_output=True)
    leaf = "openssl req -new -newkey rsa:2048 -nodes -subj /CN=leaf -keyout key.pem -out leaf.csr"
    subprocess.run(leaf.split(), cwd=tmp_path, check=True, capture_output=True)
    sign = "openssl x509 -req -sha256 -in leaf.csr -CA weak.pem -CAkey weak.key -days 30 -out cert.pem"
    subprocess.run(sign.split(), cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "c.yaml").write_text("kind: pem\nkey: key.pem\ncertificate: cert.pem\nchain: weak.pem\n")
    result = agreegen("credentials", "check", tmp_path / "c.yaml", "--trust", root)
    assert (result.code, "no valid chain" in result.err) == (code, code == 6), result.err


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [(-2 * HOUR, -HOUR, "expired on"), (HOUR, 9 * HOUR, "not valid before")],
    ids=["expired", "early"],
)
def test_dates(
    agreegen: Agreegen,
    authority: MiniCa,
    root: Path,
    tmp_path: Path,
    begin: timedelta,
    end: timedelta,
    words: str,
) -> None:
    wrong = issued(authority, tmp_path / "c", begin=begin, end=end)
    result = agreegen("credentials", "check", wrong, "--trust", root)
    assert (result.code, words in result.err) == (6, True)


def test_dates_against_the_job(
    agreegen: Agreegen, pki: ExamplePki, authority: MiniCa, root: Path, roster: Path, tmp_path: Path
) -> None:
    """A certificate that lasts half an hour does for today, and not for a job of an hour."""
    soon = issued(authority, tmp_path / "c", end=HOUR / 2)
    job = write_job(tmp_path, pki, roster, trust=[str(root)])
    assert agreegen("credentials", "check", soon, "--trust", root).code == 0
    result = agreegen("credentials", "check", soon, "--for-job", job)
    assert (result.code, "before the job ends" in result.err) == (6, True)
    later = issued(authority, tmp_path / "d", end=9 * HOUR)
    assert agreegen("credentials", "check", later, "--for-job", job).code == 0


def test_a_loose_key_file_is_told(agreegen: Agreegen, authority: MiniCa, root: Path, tmp_path: Path) -> None:
    loose = issued(authority, tmp_path / "c")
    (tmp_path / "c" / "key.pem").chmod(0o640)
    result = agreegen("credentials", "check", loose, "--trust", root)
    assert (result.code, "key.pem can be read by others; chmod 600 it" in result.err) == (0, True)


def test_a_picture_that_cannot_be_used_is_found_before_a_job(
    agreegen: Agreegen, authority: MiniCa, root: Path, tmp_path: Path
) -> None:
    path = issued(authority, tmp_path / "c")
    path.write_text(path.read_text() + "appearance: {seal: seal.png}\n")
    missing = agreegen("credentials", "check", path, "--trust", root)
    assert (missing.code, "seal.png is not there" in missing.err) == (6, True)
    (tmp_path / "c" / "seal.png").write_bytes(b"no picture")
    wrong = agreegen("credentials", "check", path, "--trust", root)
    assert (wrong.code, "seal.png cannot be used" in wrong.err) == (6, True)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ExamplePki, Responder]]:
    folder = tmp_path_factory.mktemp("live") / "pki"
    made = make_example_pki(folder, now=datetime.now(UTC), key_bits=2048, people=(), port=free_port())
    with Responder(made.folder) as responder:
        yield made, responder


def anchors_of(pki: ExamplePki) -> list[str]:
    return [part for path in sorted(pki.trust.glob("*.pem")) for part in ("--trust", str(path))]


def test_revocation_that_can_be_asked_for(agreegen: Agreegen, live: tuple[ExamplePki, Responder]) -> None:
    pki, responder = live
    responder.fail_next(0)
    before = len(responder.requests)
    result = agreegen("credentials", "check", pki.credential("party-a-seal"), *anchors_of(pki))
    assert result.code == 0
    assert "is not to be had" not in result.err
    assert any("ocsp" in request or "crl" in request for request in responder.requests[before:])


def test_revocation_that_nobody_tells_is_a_warning(
    agreegen: Agreegen, live: tuple[ExamplePki, Responder]
) -> None:
    pki, responder = live
    responder.fail_next(-1)
    try:
        result = agreegen("credentials", "check", pki.credential("party-a-seal"), *anchors_of(pki))
    finally:
        responder.fail_next(0)
    assert (result.code, "is not to be had" in result.err) == (0, True)


def test_a_revoked_certificate_is_refused(agreegen: Agreegen, live: tuple[ExamplePki, Responder]) -> None:
    pki, responder = live
    path = pki.credential("party-b-seal")
    credential = load_credential(path)
    responder.revoke(credential.certificate_der)
    credential.close()
    result = agreegen("credentials", "check", path, *anchors_of(pki))
    assert (result.code, "is revoked" in result.err) == (6, True)


def test_the_one_trial_signature_is_over_no_documents_digest(
    agreegen: Agreegen, authority: MiniCa, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not over signed attributes (a DER set), nor anything like them, and never the same twice."""
    seen: list[bytes] = []
    sign = FileSigner.sign

    def note(self: FileSigner, message: bytes) -> bytes:
        seen.append(message)
        return sign(self, message)

    monkeypatch.setattr(FileSigner, "sign", note)
    path = issued(authority, tmp_path / "c")
    for _ in range(2):
        assert agreegen("credentials", "check", path, "--trust", root).code == 0
    assert len(seen) == 2
    assert seen[0] != seen[1]
    assert all(message.startswith(b"agreegen credential check, signs nothing") for message in seen)
    assert not any(message.startswith((b"\x31", b"\x30", b"%PDF")) for message in seen)
    assert not any(len(message) in (20, 32, 48, 64) for message in seen)  # the length of no digest


def test_a_key_of_another_certificate_is_found_by_the_trial(authority: MiniCa, tmp_path: Path) -> None:
    credential = load_credential(issued(authority, tmp_path / "c"))
    other = x509.load_der_x509_certificate(load_credential(issued(authority, tmp_path / "d")).certificate_der)
    wrong = type(credential)(
        credential.name,
        credential.path,
        credential.kind,
        other.public_bytes(serialization.Encoding.DER),
        (),
        credential.signer,
    )
    assert credential.signer.mechanism is Mechanism.ECDSA_SHA256
    try_credential(credential)
    with pytest.raises(Exception, match="does not belong to the certificate"):
        try_credential(wrong)
