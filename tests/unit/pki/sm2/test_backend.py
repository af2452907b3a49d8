"""SM2 and SM3: published answers, both backends against each other, malformed input, key files, paths."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import algos
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from agreegen.errors import CredentialError, MissingProgramError
from agreegen.example_pki.certificates import Addresses
from agreegen.example_pki.sm2_chain import Sm2Chain, issue_sm2_crl, make_sm2_chain
from agreegen.pki.sm2 import backend as sm2_backend
from agreegen.pki.sm2 import gmssl as sm2_gmssl
from agreegen.pki.sm2 import openssl as sm2_openssl
from agreegen.pki.sm2.backend import find_backend, is_canonical, sm3
from agreegen.pki.sm2.curve import CURVE_ORDER, encode_public_key, is_on_curve, multiply_base
from agreegen.signing.certificate_checks import check_crls
from agreegen.signing.certificate_paths import find_path
from agreegen.signing.credentials.secrets import BackendConfig
from agreegen.signing.credentials.sm2 import load_sm2
from agreegen.signing.credentials.sm2_files import WrongPassphraseError, read_key_file
from agreegen.signing.interface import Mechanism, RawSigner, Trust
from agreegen.signing.raw_values import verify_raw

BACKENDS = ("openssl", "gmssl")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ID = "1234567812345678"


@pytest.fixture(scope="module")
def chain() -> Sm2Chain:
    return make_sm2_chain(find_backend(), NOW, Addresses(9000))


def der(chain: Sm2Chain, name: str) -> bytes:
    return bytes(getattr(chain, name).certificate.dump())


# GB/T 32905-2016, annex A.
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gives_the_published_digests(backend: str, message: bytes, digest: str) -> None:
    assert find_backend(backend).sm3(message).hex() == digest
    assert sm3(message).hex() == digest


# GB/T 32918.5-2017, annex A.2: the private key and its public point.
def test_the_public_point_of_the_published_key() -> None:
    scalar = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
    point = multiply_base(scalar).hex()
    assert point.startswith("0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020")
    assert point.endswith("ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13")


@pytest.mark.parametrize("scalar", [0, CURVE_ORDER - 1, CURVE_ORDER, CURVE_ORDER + 5])
def test_numbers_out_of_range_are_no_keys(scalar: int) -> None:
    with pytest.raises(ValueError, match="between"):
        multiply_base(scalar)


@pytest.mark.parametrize("maker", BACKENDS)
@pytest.mark.parametrize("signer", BACKENDS)
@pytest.mark.parametrize("judge", BACKENDS)
def test_the_backends_agree(maker: str, signer: str, judge: str) -> None:
    scalar, point = find_backend(maker).generate()
    assert multiply_base(int.from_bytes(scalar)) == point
    key = find_backend(signer).load_key(scalar, point)
    for message, signer_id in ((b"", ID), (b"x" * 5000, ID), (b"m", "单位@example")):
        signature = key.sign(message, signer_id.encode())
        assert is_canonical(signature)
        check = sm2_backend.verify_sm2
        assert check(point, message, signature, signer_id, backend=judge)
        assert check(encode_public_key(point), message, signature, signer_id, backend=judge)
        assert not check(point, message + b"!", signature, signer_id, backend=judge)
        assert not check(point, message, signature, signer_id + "0", backend=judge)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_signatures_and_keys_are_wrong_and_never_raise(data: st.DataObject) -> None:
    _, point = KEY
    backend = data.draw(st.sampled_from(BACKENDS))
    signature = bytearray(SIGNATURE)
    public = bytearray(point)
    target = data.draw(st.sampled_from([signature, public]))
    index = data.draw(st.integers(0, len(target) - 1))
    target[index] ^= data.draw(st.integers(1, 255))
    assert not sm2_backend.verify_sm2(bytes(public), b"message", bytes(signature), ID, backend=backend)


KEY = find_backend().generate()
SIGNATURE = find_backend().load_key(*KEY).sign(b"message", ID.encode())


@settings(max_examples=100, deadline=None)
@given(signature=st.binary(max_size=90), public=st.binary(max_size=100))
def test_any_bytes_are_no_signature(signature: bytes, public: bytes) -> None:
    assert not sm2_backend.verify_sm2(KEY[1], b"message", signature, ID)
    assert not sm2_backend.verify_sm2(public, b"message", SIGNATURE, ID)


@pytest.mark.parametrize("backend", BACKENDS)
def test_only_one_encoding_of_a_signature_counts(backend: str) -> None:
    parsed = algos.DSASignature.load(SIGNATURE)
    r, s = parsed["r"].native, parsed["s"].native
    variants = [
        SIGNATURE + b"\0",
        b"\x30\x81" + SIGNATURE[1:],
        algos.DSASignature({"r": r + CURVE_ORDER, "s": s}).dump(),
        algos.DSASignature({"r": r, "s": s + CURVE_ORDER}).dump(),
        algos.DSASignature({"r": r - CURVE_ORDER, "s": s}).dump(),
        algos.DSASignature({"r": 0, "s": s}).dump(),
        algos.DSASignature({"r": r, "s": 0}).dump(),
        algos.DSASignature({"r": r, "s": CURVE_ORDER - r}).dump(),
    ]
    assert sm2_backend.verify_sm2(KEY[1], b"message", SIGNATURE, backend=backend)
    for variant in variants:
        assert not sm2_backend.verify_sm2(KEY[1], b"message", variant, backend=backend)


def test_points_off_the_curve_are_refused() -> None:
    assert is_on_curve(KEY[1])
    assert not is_on_curve(b"\x04" + bytes(64))
    assert not is_on_curve(KEY[1][:-1] + bytes([KEY[1][-1] ^ 1]))


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sm2_openssl, "open_openssl", lambda: None)
    monkeypatch.setattr(sm2_gmssl, "open_gmssl", lambda: None)
    find_backend.cache_clear()
    yield
    find_backend.cache_clear()


@pytest.mark.usefixtures("no_library")
def test_without_a_library_the_error_says_what_to_install() -> None:
    with pytest.raises(MissingProgramError) as caught:
        find_backend()
    assert caught.value.hint is not None
    assert "agreegen[sm2]" in caught.value.hint


def config_of(folder: Path, chain: Sm2Chain, **changes: object) -> BackendConfig:
    (folder / "key.pem").write_bytes(chain.signing.key_pem)
    (folder / "key.pem").chmod(0o600)
    pair = chain.encryption.certificate_pem + chain.signing.certificate_pem
    (folder / "cert.pem").write_bytes(pair + chain.authority.certificate_pem)
    settings: dict[str, object] = {"key": "key.pem", "certificate": "cert.pem", **changes}
    return BackendConfig(folder / "seal.yaml", "sm2", {k: v for k, v in settings.items() if v is not None})


@pytest.mark.parametrize("backend", [None, *BACKENDS])
def test_a_credential_signs(tmp_path: Path, chain: Sm2Chain, backend: str | None) -> None:
    loaded = load_sm2(config_of(tmp_path, chain, backend=backend))
    assert isinstance(loaded.signer, RawSigner)
    assert loaded.certificate_der == der(chain, "signing")
    assert loaded.chain_der == (der(chain, "authority"),)
    first, second = loaded.signer.sign_many([b"one", b"two"])
    assert verify_raw(loaded.certificate_der, Mechanism.SM2_SM3, b"one", first)
    assert verify_raw(loaded.certificate_der, Mechanism.SM2_SM3, b"two", second)
    assert not verify_raw(loaded.certificate_der, Mechanism.SM2_SM3, b"two", first)
    loaded.signer.close()
    with pytest.raises(CredentialError, match="closed"):
        loaded.signer.sign(b"three")


def test_a_signer_id_of_ones_own(tmp_path: Path, chain: Sm2Chain) -> None:
    loaded = load_sm2(config_of(tmp_path, chain, signer_id="ALICE123@YAHOO.COM"))
    signature = loaded.signer.sign(b"m")
    assert verify_raw(
        loaded.certificate_der, Mechanism.SM2_SM3, b"m", signature, signer_id="ALICE123@YAHOO.COM"
    )
    assert not verify_raw(loaded.certificate_der, Mechanism.SM2_SM3, b"m", signature)


def test_the_encryption_key_signs_nothing(tmp_path: Path, chain: Sm2Chain) -> None:
    config = config_of(tmp_path, chain)
    (tmp_path / "key.pem").write_bytes(chain.encryption.key_pem)
    with pytest.raises(CredentialError, match="for encryption"):
        load_sm2(config)


def openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_wrong_passphrase_that_leaves_padding_is_told_as_one(tmp_path: Path, chain: Sm2Chain) -> None:
    """One in 256 decrypts to something that ends like padding."""
    config_of(tmp_path, chain)
    openssl(
        "pkcs8", "-topk8", "-in", tmp_path / "key.pem", "-v2", "aes-128-cbc", "-iter", "1", "-passout",
        "pass:x", "-out", tmp_path / "locked.pem",
    )  # fmt: skip
    data = (tmp_path / "locked.pem").read_bytes()
    for number in range(2_000):
        with pytest.raises(WrongPassphraseError):
            read_key_file(data, f"wrong {number}")


@pytest.mark.parametrize(
    "protection",
    [
        ["-v2", "aes-256-cbc"],
        ["-v2", "sm4-cbc"],
        ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"],
        ["-v1", "PBE-SHA1-3DES"],
    ],
)
def test_protected_key_files_open_with_the_right_passphrase_only(
    tmp_path: Path, chain: Sm2Chain, protection: list[str]
) -> None:
    config = config_of(tmp_path, chain, key="locked.pem", passphrase={"file": "pass"})
    openssl(
        "pkcs8", "-topk8", "-in", tmp_path / "key.pem", *protection, "-passout", "pass:开门", "-out",
        tmp_path / "locked.pem",
    )  # fmt: skip
    (tmp_path / "pass").write_text("开门")
    assert verify_raw(der(chain, "signing"), Mechanism.SM2_SM3, b"m", load_sm2(config).signer.sign(b"m"))
    (tmp_path / "pass").write_text("关门")
    with pytest.raises(CredentialError, match="passphrase is wrong"):
        load_sm2(config)
    with pytest.raises(CredentialError, match="passphrase"):
        load_sm2(config_of(tmp_path, chain, key="locked.pem"))


@pytest.mark.parametrize(
    "protection",
    [
        [],
        ["-macalg", "sm3", "-keypbe", "sm4-cbc", "-certpbe", "sm4-cbc"],
        ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
        ["-nomac"],
        ["-keypbe", "NONE", "-certpbe", "NONE"],
    ],
)
def test_pkcs12_opens_with_the_right_passphrase_only(
    tmp_path: Path, chain: Sm2Chain, protection: list[str]
) -> None:
    config = config_of(tmp_path, chain, key=None, certificate=None, file="b.p12", passphrase={"file": "pass"})
    (tmp_path / "own.pem").write_bytes(chain.signing.certificate_pem)
    (tmp_path / "ca.pem").write_bytes(chain.authority.certificate_pem)
    openssl(
        "pkcs12", "-export", "-inkey", tmp_path / "key.pem", "-in", tmp_path / "own.pem", "-certfile",
        tmp_path / "ca.pem", *protection, "-passout", "pass:开门", "-out", tmp_path / "b.p12",
    )  # fmt: skip
    (tmp_path / "pass").write_text("开门")
    loaded = load_sm2(config)
    assert loaded.certificate_der == der(chain, "signing")
    assert loaded.chain_der == (der(chain, "authority"),)
    assert verify_raw(loaded.certificate_der, Mechanism.SM2_SM3, b"m", loaded.signer.sign(b"m"))
    (tmp_path / "pass").write_text("关门")
    with pytest.raises(CredentialError, match="passphrase is wrong"):
        load_sm2(config)


@pytest.mark.parametrize("name", ["key.pem", "locked.der", "b.p12", "cert.pem"])
def test_damaged_files_end_in_a_clear_error(tmp_path: Path, chain: Sm2Chain, name: str) -> None:
    config = config_of(tmp_path, chain, passphrase={"file": "pass"})
    (tmp_path / "pass").write_text("x")
    (tmp_path / "own.pem").write_bytes(chain.signing.certificate_pem)
    key, own = tmp_path / "key.pem", tmp_path / "own.pem"
    openssl(
        "pkcs8",
        "-topk8",
        "-in",
        key,
        "-passout",
        "pass:x",
        "-outform",
        "DER",
        "-out",
        tmp_path / "locked.der",
    )
    openssl(
        "pkcs12",
        "-export",
        "-inkey",
        key,
        "-in",
        own,
        "-passout",
        "pass:x",
        "-nomac",
        "-out",
        tmp_path / "b.p12",
    )
    if name == "locked.der":
        config = config_of(tmp_path, chain, key=name, passphrase={"file": "pass"})
    if name == "b.p12":
        config = config_of(tmp_path, chain, key=None, file=name, passphrase={"file": "pass"})
    load_sm2(config)
    whole, chance, refused = (tmp_path / name).read_bytes(), random.Random(7), 0
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= chance.randrange(1, 256)
        (tmp_path / name).write_bytes(damaged)
        try:
            loaded = load_sm2(config)
        except CredentialError:
            refused += 1
        else:  # damage beside the key, e.g. in a name: what loads must be a working pair
            assert verify_raw(loaded.certificate_der, Mechanism.SM2_SM3, b"m", loaded.signer.sign(b"m"))
    assert refused > 15


def path_of(leaf: bytes, pool: list[bytes], anchors: list[bytes], moment: datetime = NOW) -> list[bytes]:
    return find_path(leaf, pool, Trust(tuple(anchors)), moment, "seal")


def test_a_path_is_found_and_each_fault_breaks_it(chain: Sm2Chain) -> None:
    leaf, middle, root = (der(chain, name) for name in ("signing", "authority", "root"))
    assert path_of(leaf, [middle], [root]) == [leaf, middle, root]
    assert path_of(leaf, [root, middle], [middle]) == [leaf, middle]
    other = make_sm2_chain(find_backend(), NOW, Addresses(9000))
    faults: list[tuple[bytes, list[bytes], list[bytes], datetime, str]] = [
        (leaf, [], [root], NOW, "no chain to a trust anchor"),
        (leaf, [middle], [], NOW, "no anchors given"),
        (leaf, [middle], [der(other, "root")], NOW, "no chain to a trust anchor"),
        (leaf, [middle], [root], NOW + timedelta(days=365 * 4), "expired"),
        (leaf, [middle], [root], NOW - timedelta(days=3), "not valid yet"),
        (leaf[:-1] + bytes([leaf[-1] ^ 1]), [middle], [root], NOW, "no chain to a trust anchor"),
        (leaf, [middle[:-1] + bytes([middle[-1] ^ 1])], [root], NOW, "no chain to a trust anchor"),
        (b"\x30\x03\x02\x01\x01", [middle], [root], NOW, "cannot be read"),
    ]
    for certificate, pool, anchors, moment, words in faults:
        with pytest.raises(CredentialError, match=words):
            path_of(certificate, pool, anchors, moment)


def test_a_leaf_issues_nothing(chain: Sm2Chain) -> None:
    from agreegen.example_pki import sm2_chain as maker  # noqa: PLC0415 - the internals that issue

    forged = maker._issue(
        find_backend(), "x", maker._name("forged"), chain.signing, NOW, 1, Addresses(1), {"digital_signature"}
    )
    pool, root = [der(chain, "signing"), der(chain, "authority")], der(chain, "root")
    with pytest.raises(CredentialError, match="no valid chain"):
        path_of(bytes(forged.certificate.dump()), pool, [root])


def test_a_listed_certificate_is_revoked(chain: Sm2Chain) -> None:
    backend = find_backend()
    path = [der(chain, name) for name in ("signing", "authority", "root")]
    serial = x509.load_der_x509_certificate(path[0]).serial_number
    clean = issue_sm2_crl(backend, chain.authority, NOW)
    listed = issue_sm2_crl(backend, chain.authority, NOW, revoked=[serial])
    foreign = issue_sm2_crl(backend, chain.root, NOW, revoked=[serial])
    forged = listed[:-1] + bytes([listed[-1] ^ 1])

    def check(*crls: bytes) -> list[str]:
        return [finding.code for finding in check_crls(path, Trust((path[2],), crls), NOW, "seal")]

    assert check(clean) == ["revocation-unknown"]  # nothing tells of the authority itself
    with pytest.raises(CredentialError, match="was revoked on"):
        check(clean, listed)
    assert check(foreign, forged, b"junk") == ["revocation-unknown"]


def test_openssl_accepts_the_chain(tmp_path: Path, chain: Sm2Chain) -> None:
    for name in ("root", "authority", "signing", "encryption"):
        (tmp_path / f"{name}.pem").write_bytes(getattr(chain, name).certificate_pem)
    # `openssl verify` hands the signer id to the first signature only, so each link is checked alone.
    for leaf, issuer in (("authority", "root"), ("signing", "authority"), ("encryption", "authority")):
        openssl(
            "verify", "-partial_chain", "-attime", str(int(NOW.timestamp())), "-vfyopt", f"distid:{ID}",
            "-trusted", tmp_path / f"{issuer}.pem", tmp_path / f"{leaf}.pem",
        )  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("signer_id", [ID, "ALICE123@YAHOO.COM"])
def test_openssl_and_we_accept_each_others_signatures(
    tmp_path: Path, chain: Sm2Chain, backend: str, signer_id: str
) -> None:
    config = config_of(tmp_path, chain, backend=backend, signer_id=signer_id)
    message, signature, public = tmp_path / "m", tmp_path / "s", tmp_path / "pub.pem"
    message.write_bytes("本人承诺".encode())
    signature.write_bytes(load_sm2(config).signer.sign(message.read_bytes()))
    openssl("pkey", "-in", tmp_path / "key.pem", "-pubout", "-out", public)
    option = ["-sm3", "-sigopt", f"distid:{signer_id}"]
    openssl("dgst", *option, "-verify", public, "-signature", signature, message)
    openssl("dgst", *option, "-sign", tmp_path / "key.pem", "-out", signature, message)
    point = chain.signing.point
    check = sm2_backend.verify_sm2
    assert check(point, message.read_bytes(), signature.read_bytes(), signer_id, backend=backend)


def test_the_certificates_say_example(chain: Sm2Chain) -> None:
    for name in ("root", "authority", "signing", "encryption"):
        certificate = x509.load_der_x509_certificate(der(chain, name))
        assert "EXAMPLE" in certificate.subject.rfc4514_string()
        assert certificate.public_bytes(Encoding.DER) == der(chain, name)
