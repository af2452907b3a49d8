"""Edge cases of the mathematics: values that hold for nobody's key, keys under which everything holds."""

from __future__ import annotations

import hashlib

import pytest
from asn1crypto import algos, keys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from agreegen.pki.algorithms import SignatureAlgorithm, UnsupportedError
from agreegen.pki.edwards_points import is_weak_edwards_point
from agreegen.pki.signature_values import check_signature
from agreegen.pki.sm2.backend import find_backend

MESSAGE = b"Clause 7 applies."
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
RSA, ECDSA = SignatureAlgorithm("rsa", "sha256"), SignatureAlgorithm("ecdsa", "sha256")
ED25519, ED448 = SignatureAlgorithm("ed25519", ""), SignatureAlgorithm("ed448", "")
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
EDWARDS_ORDER = 2**252 + 27742317777372353535851937790883648493
KeyInfo = serialization.PublicFormat.SubjectPublicKeyInfo


def holds(key_info: bytes, algorithm: SignatureAlgorithm, signature: bytes, message: bytes = MESSAGE) -> bool:
    """Ask for a signature; what is not supported holds for nobody either."""
    try:
        return check_signature(key_info, algorithm, message, signature)
    except UnsupportedError:
        return False


def rsa_info(modulus: int, exponent: int) -> bytes:
    number = keys.RSAPublicKey({"modulus": modulus, "public_exponent": exponent})
    return bytes(keys.PublicKeyInfo.wrap(number, "rsa").dump())


def block(width: int, digest: bytes, *, filling: int | None = None, behind: bytes = b"") -> bytes:
    """Build a PKCS#1 v1.5 block, the right one or one with less filling and something behind the digest."""
    tail = SHA256_INFO + digest + behind
    return b"\x00\x01" + b"\xff" * (width - 3 - len(tail) if filling is None else filling) + b"\x00" + tail


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def info_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, KeyInfo)


def test_rsa_with_exponent_one_lets_everybody_sign(rsa_key: rsa.RSAPrivateKey) -> None:
    modulus = rsa_key.public_key().public_numbers().n
    forged = block(256, hashlib.sha256(MESSAGE).digest())
    assert not holds(rsa_info(modulus, 1), RSA, forged)
    good = rsa_key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    assert holds(rsa_info(modulus, 65537), RSA, good)


def _cube_root(number: int) -> int:
    low, high = 0, 1 << (number.bit_length() // 3 + 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < number else (low, middle)
    return low


def test_rsa_with_exponent_three_and_rubbish_behind_the_digest() -> None:
    """Bleichenbacher, 2006: a cube that begins right, for readers that do not look to the end."""
    key = rsa.generate_private_key(3, 2048)
    start = block(256, hashlib.sha256(MESSAGE).digest(), filling=8)
    wanted = int.from_bytes(start + b"\x00" * (256 - len(start)), "big")
    forged = _cube_root(wanted)
    cube = (forged**3).to_bytes(256, "big")
    assert cube.startswith(start), "the forgery is as it was published"
    assert not holds(info_of(key), RSA, forged.to_bytes(256, "big"))
    assert holds(info_of(key), RSA, key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256()))


@pytest.mark.parametrize("value", [b"", b"\x00" * 256, b"\x00" * 255 + b"\x01", b"\xff" * 256, b"\xff" * 300])
def test_rsa_values_out_of_range(rsa_key: rsa.RSAPrivateKey, value: bytes) -> None:
    assert not holds(info_of(rsa_key), RSA, value)
    assert not holds(info_of(rsa_key), SignatureAlgorithm("pss", "sha256", "sha256", 32), value)


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 0), (0, 1), (1, 0), (ORDER, ORDER), (ORDER, 1), (1, ORDER), (-1, 1), (1, -1), (2**300, 1)],
)
def test_ecdsa_values_out_of_range(r: int, s: int) -> None:
    info = info_of(ec.generate_private_key(ec.SECP256R1()))
    assert not holds(info, ECDSA, bytes(algos.DSASignature({"r": r, "s": s}).dump()))
    if min(r, s) >= 0 and max(r, s) < 2**256:
        plain = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        assert not holds(info, SignatureAlgorithm("plain-ecdsa", "sha256"), plain)
        assert not holds(info, ECDSA, plain)


def test_ecdsa_value_above_the_order_is_no_second_signature() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(MESSAGE, ec.ECDSA(hashes.SHA256())))
    assert holds(info_of(key), ECDSA, encode_dss_signature(r, s))
    assert not holds(info_of(key), ECDSA, encode_dss_signature(r + ORDER, s))
    assert not holds(info_of(key), ECDSA, encode_dss_signature(r, s + ORDER))


@pytest.mark.parametrize(
    "curve", ["1.3.132.0.10", "1.3.132.0.34", "1.2.156.10197.1.301", "1.3.36.3.3.2.8.1.1.7"]
)
def test_point_of_another_curve_than_is_stated(curve: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    info = keys.PublicKeyInfo.load(info_of(key))
    info["algorithm"]["parameters"] = keys.ECDomainParameters("named", keys.NamedCurve(curve))
    signature = key.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    assert not holds(bytes(info.dump(force=True)), ECDSA, signature)


def test_sm2_key_is_no_key_for_ecdsa_and_the_other_way_round() -> None:
    info = info_of(ec.generate_private_key(ec.SECP256R1()))
    assert not holds(info, SignatureAlgorithm("sm2", "sm3"), encode_dss_signature(1, 1))


def test_sm2_with_another_id() -> None:
    library = find_backend()
    scalar, point = library.generate()
    key = library.load_key(scalar, point)
    info = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200") + point
    signature = key.sign(MESSAGE, b"an id that was agreed")
    sm2 = SignatureAlgorithm("sm2", "sm3")
    assert not check_signature(info, sm2, MESSAGE, signature)
    assert not check_signature(info, sm2, MESSAGE, signature, sm2_ids=("", "1234567812345678"))
    assert check_signature(info, sm2, MESSAGE, signature, sm2_ids=("an id that was agreed",))


def test_ed25519_value_above_the_order_is_no_second_signature() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    good = key.sign(MESSAGE)
    number = int.from_bytes(good[32:], "little") + EDWARDS_ORDER
    assert holds(info_of(key), ED25519, good)
    assert not holds(info_of(key), ED25519, good[:32] + number.to_bytes(32, "little"))


SMALL = [
    "00" * 32,
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "ed" + "ff" * 30 + "7f",
    "01" + "00" * 30 + "80",
]
SMALL += ["26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"]
SMALL += ["c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"]


@pytest.mark.parametrize("point", SMALL)
def test_ed25519_keys_under_which_anybody_signs(point: str) -> None:
    """R is the neutral point and S is 0: right for every eighth message, or for all, without any secret."""
    info = bytes.fromhex("302a300506032b6570032100") + bytes.fromhex(point)
    signature = b"\x01" + b"\x00" * 63
    assert not any(holds(info, ED25519, signature, b"message %d" % number) for number in range(64))
    assert is_weak_edwards_point(bytes.fromhex(point))


def test_edwards_keys_go_under_their_own_name() -> None:
    small, large = ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate()
    large_info = large.public_key().public_bytes(serialization.Encoding.DER, KeyInfo)
    assert holds(large_info, ED448, large.sign(MESSAGE))
    assert not holds(large_info, ED25519, large.sign(MESSAGE))
    assert not holds(info_of(small), ED448, small.sign(MESSAGE))
    assert is_weak_edwards_point(b"\x01" + b"\x00" * 56)


def test_explicit_curve_parameters_are_no_named_curve() -> None:
    """CVE-2020-0601: a curve of one's own whose generator makes a foreign public key one's own."""
    key = ec.generate_private_key(ec.SECP256R1())
    info = keys.PublicKeyInfo.load(info_of(key))
    domain = keys.SpecifiedECDomain(
        {
            "version": "ecdpVer1",
            "field_id": {"field_type": "prime_field", "parameters": 2**256 - 2**224 + 2**192 + 2**96 - 1},
            "curve": {"a": b"\xff" * 32, "b": b"\x01" * 32},
            "base": info["public_key"].native,
            "order": ORDER,
        }
    )
    info["algorithm"]["parameters"] = keys.ECDomainParameters("specified", domain)
    signature = key.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    assert not holds(bytes(info.dump(force=True)), ECDSA, signature)
