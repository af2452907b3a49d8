"""The cryptography of signatures: ways in which a container may be wrong, and the kinds judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from asn1crypto import cms, core
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from agreegen.model.report import Changes, Coverage, Integrity, SignatureKind
from agreegen.pki.algorithms import SignatureAlgorithm, compute_digest, digest_name
from agreegen.pki.cms.container_check import check_container
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.cms.structure import find_signer, parse_cms
from agreegen.pki.signature_values import check_signature
from agreegen.verification.interface import FoundSignature
from agreegen.verification.signatures.integrity import judge_integrity
from tests.unit.verification.authority import NOW, Holder, signer_of, stamper_of
from tests.unit.verification.conftest import Pki

DATA = b"what was signed"
CADES = "ETSI.CAdES.detached"


def digest_of(data: bytes) -> Callable[[str], bytes]:
    return lambda name: hashlib.new(name, data).digest()


def container(holder: Holder, data: bytes = DATA, **options: object) -> cms.ContentInfo:
    """Sign bytes with stock pyHanko, as a PAdES container."""
    import asyncio  # noqa: PLC0415 - only here

    digest = hashlib.sha256(data).digest()
    work = signer_of(holder).async_sign(digest, "sha256", use_pades=True, **options)  # type: ignore[arg-type]
    return asyncio.run(work)


def check(data: bytes, **options: object) -> SignatureFacts:
    chosen: dict[str, object] = {"subfilter": CADES, "max_cms_bytes": 1 << 20, **options}
    return check_container(data, digest_of(DATA), **chosen)  # type: ignore[arg-type]


def test_right_container(pki: Pki) -> None:
    facts = check(container(pki.alice).dump() + bytes(100))
    assert facts.integrity is Integrity.INTACT
    assert facts.cades
    assert facts.certificate.dump() == pki.alice.der  # type: ignore[union-attr]


def test_ber_container(pki: Pki) -> None:
    der = container(pki.alice).dump()
    # ContentInfo rewrapped with an indefinite length (X.690, 8.1.3.6).
    inner = cms.ContentInfo.load(der).contents
    facts = check(b"\x30\x80" + inner + b"\x00\x00" + bytes(10))
    assert facts.integrity is Integrity.INTACT


def broken_digest(info: cms.ContentInfo) -> None:
    for attribute in info["content"]["signer_infos"][0]["signed_attrs"]:
        if attribute["type"].native == "message_digest":
            attribute["values"][0] = cms.OctetString(bytes(32))


def broken_value(info: cms.ContentInfo) -> None:
    signer = info["content"]["signer_infos"][0]
    value = signer["signature"].native
    signer["signature"] = value[:-1] + bytes([value[-1] ^ 1])


def encapsulated(info: cms.ContentInfo) -> None:
    info["content"]["encap_content_info"]["content"] = core.OctetString(b"")


def doubled_attribute(info: cms.ContentInfo) -> None:
    attributes = info["content"]["signer_infos"][0]["signed_attrs"]
    attributes.append(attributes[0].copy())


def doubled_signer(info: cms.ContentInfo) -> None:
    signers = info["content"]["signer_infos"]
    signers.append(signers[0].copy())


def without_attributes(info: cms.ContentInfo) -> None:
    info["content"]["signer_infos"][0]["signed_attrs"] = None


def other_content_type(info: cms.ContentInfo) -> None:
    info["content"]["encap_content_info"]["content_type"] = "signed_data"


@pytest.mark.parametrize(
    ("damage", "subindication"),
    [
        (broken_digest, "HASH_FAILURE"),
        (broken_value, "SIG_CRYPTO_FAILURE"),
        (encapsulated, "FORMAT_FAILURE"),
        (doubled_attribute, "FORMAT_FAILURE"),
        (doubled_signer, "FORMAT_FAILURE"),
        (without_attributes, "FORMAT_FAILURE"),
        (other_content_type, "FORMAT_FAILURE"),
    ],
)
def test_damaged_container(pki: Pki, damage: Callable[[cms.ContentInfo], None], subindication: str) -> None:
    info = cms.ContentInfo.load(container(pki.alice).dump())
    damage(info)
    facts = check(info.dump(force=True))
    assert facts.integrity in {Integrity.BROKEN, Integrity.UNREADABLE}
    assert facts.subindication == subindication


def unsorted(holder: Holder, *without: str) -> bytes:
    """Return a container whose attributes were signed in another order than that of DER."""
    info = cms.ContentInfo.load(container(holder).dump())
    signer = info["content"]["signer_infos"][0]
    kept = [a for a in signer["signed_attrs"] if a["type"].native not in without]
    signer["signed_attrs"] = cms.CMSAttributes(kept)
    attributes = sorted((a.dump() for a in kept), reverse=True)
    written = core.Asn1Value(contents=b"".join(attributes), method=1, tag=17, class_=0).dump()
    assert isinstance(holder.key, ec.EllipticCurvePrivateKey)
    signer["signature"] = holder.key.sign(written, ec.ECDSA(hashes.SHA256()))
    whole = info.dump(force=True).replace(b"".join(sorted(attributes)), b"".join(attributes))
    assert b"".join(attributes) in whole
    return bytes(whole)


@pytest.mark.parametrize("subfilter", [CADES, "adbe.pkcs7.detached"])
def test_attributes_in_another_order_than_der(pki: Pki, subfilter: str) -> None:
    """Who writes the signing-certificate attribute promises CAdES, which keeps to RFC 5652."""
    facts = check(unsorted(pki.alice), subfilter=subfilter)
    assert (facts.integrity, facts.subindication) == (Integrity.BROKEN, "SIG_CRYPTO_FAILURE")


def test_plain_attributes_may_be_signed_as_written(pki: Pki) -> None:
    data = unsorted(pki.alice, "signing_certificate_v2", "signing_certificate")
    facts = check(data, subfilter="adbe.pkcs7.detached")
    assert facts.integrity is Integrity.INTACT
    assert any("as written" in str(note) for note in facts.notes)
    assert check(data).subindication == "SIG_CRYPTO_FAILURE"
    value = cms.ContentInfo.load(data)["content"]["signer_infos"][0]["signature"].native
    broken = data.replace(value, value[:-1] + bytes([value[-1] ^ 1]))
    assert check(broken, subfilter="adbe.pkcs7.detached").integrity is Integrity.BROKEN


@pytest.mark.parametrize("oid", ["2.16.840.1.101.3.4.2.12", "2.16.840.1.101.3.4.2.18"])
def test_digest_of_ed448(oid: str) -> None:
    assert compute_digest(digest_name(oid), DATA) == hashlib.shake_256(DATA).digest(64)


def test_changed_data(pki: Pki) -> None:
    facts = check_container(
        container(pki.alice).dump(), digest_of(b"something else"), subfilter=CADES, max_cms_bytes=1 << 20
    )
    assert (facts.integrity, facts.subindication) == (Integrity.BROKEN, "HASH_FAILURE")


def test_padding_must_be_zero(pki: Pki) -> None:
    facts = check(container(pki.alice).dump() + bytes(10) + b"\x01" + bytes(10))
    assert (facts.integrity, facts.padding_clean) == (Integrity.BROKEN, False)


def test_another_certificate_with_the_same_key_is_not_the_signer(pki: Pki) -> None:
    twin = pki.ca.issue("Somebody else", key=pki.alice.key)
    info = cms.ContentInfo.load(container(pki.alice).dump())
    from asn1crypto import x509  # noqa: PLC0415 - only here

    certificate = x509.Certificate.load(twin.der)
    info["content"]["certificates"] = [certificate]
    sid = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    info["content"]["signer_infos"][0]["sid"] = cms.SignerIdentifier(
        "issuer_and_serial_number", cms.IssuerAndSerialNumber(sid)
    )
    facts = check(info.dump(force=True))
    assert (facts.integrity, facts.subindication) == (Integrity.BROKEN, "NO_SIGNING_CERTIFICATE_FOUND")


def test_missing_certificate_cannot_be_judged_but_a_changed_file_is_told(pki: Pki) -> None:
    info = cms.ContentInfo.load(container(pki.alice).dump())
    info["content"]["certificates"] = []
    data = info.dump(force=True)
    assert check(data).integrity is Integrity.UNSUPPORTED
    changed = check_container(data, digest_of(b"other"), subfilter=CADES, max_cms_bytes=1 << 20)
    assert changed.subindication == "HASH_FAILURE"


def test_timestamp_over_another_signature_is_broken(pki: Pki) -> None:
    stamper = stamper_of(pki.tsa, NOW, pki.ca.holder)
    one = cms.ContentInfo.load(container(pki.alice, timestamper=stamper).dump())
    right = check(one.dump())
    assert [stamp.integrity for stamp in right.timestamps] == [Integrity.INTACT]
    other = cms.ContentInfo.load(container(pki.alice, b"other").dump())
    other["content"]["signer_infos"][0]["unsigned_attrs"] = one["content"]["signer_infos"][0][
        "unsigned_attrs"
    ]
    facts = check_container(
        other.dump(force=True), digest_of(b"other"), subfilter=CADES, max_cms_bytes=1 << 20
    )
    assert facts.integrity is Integrity.INTACT
    assert [stamp.subindication for stamp in facts.timestamps] == ["HASH_FAILURE"]


@pytest.mark.parametrize("data", [b"", b"\x00" * 64, b"junk", b"\x30\x82\xff\xff", b"\x30\x80" * 3000])
def test_junk_is_unreadable(data: bytes) -> None:
    assert check(data).integrity is Integrity.UNREADABLE


def test_limit_on_size(pki: Pki) -> None:
    assert check(container(pki.alice).dump(), max_cms_bytes=100).integrity is Integrity.UNREADABLE


def found(contents: bytes, subfilter: str | None, size: int, *certificates: bytes) -> FoundSignature:
    return FoundSignature(
        field="S",
        kind=SignatureKind.SIGNATURE,
        subfilter=subfilter,
        byte_range=(0, size, size, 0),
        contents=contents,
        revision=0,
        coverage=Coverage.WHOLE_FILE,
        changes=Changes.NONE,
        certificates=certificates,
    )


def test_pkcs1_signature_of_old_files(pki: Pki) -> None:
    key = rsa.generate_private_key(65537, 2048)
    holder = pki.ca.issue("Old", key=key)
    value = core.OctetString(key.sign(DATA, padding.PKCS1v15(), hashes.SHA1())).dump()
    right = found(value + bytes(20), "adbe.x509.rsa_sha1", len(DATA), holder.der)
    assert judge_integrity(DATA, right, max_cms_bytes=1 << 20).integrity is Integrity.INTACT
    wrong = judge_integrity(DATA.upper(), right, max_cms_bytes=1 << 20)
    assert (wrong.integrity, wrong.subindication) == (Integrity.BROKEN, "SIG_CRYPTO_FAILURE")
    alone = found(value, "adbe.x509.rsa_sha1", len(DATA))
    assert judge_integrity(DATA, alone, max_cms_bytes=1 << 20).integrity is Integrity.UNSUPPORTED


def test_digest_inside_the_container(pki: Pki) -> None:
    import asyncio  # noqa: PLC0415 - only here

    content = cms.ContentInfo(
        {"content_type": "data", "content": core.OctetString(hashlib.sha1(DATA).digest())}
    )
    work = signer_of(pki.alice).async_sign_general_data(content, "sha256", detached=False)
    data = asyncio.run(work).dump()
    right = found(data, "adbe.pkcs7.sha1", len(DATA))
    assert judge_integrity(DATA, right, max_cms_bytes=1 << 20).integrity is Integrity.INTACT
    wrong = judge_integrity(DATA.upper(), right, max_cms_bytes=1 << 20)
    assert (wrong.integrity, wrong.subindication) == (Integrity.BROKEN, "HASH_FAILURE")


def test_unknown_kind_is_unsupported() -> None:
    facts = judge_integrity(DATA, found(b"x", "Vendor.Own", len(DATA)), max_cms_bytes=1 << 20)
    assert facts.integrity is Integrity.UNSUPPORTED


@pytest.mark.parametrize("bounds", [(0, 5, -1, 2), (0, 1 << 40, 0, 0), (0, 0, 3, 1 << 40)])
def test_ranges_outside_the_file(bounds: tuple[int, int, int, int]) -> None:
    signature = replace(found(b"x", CADES, 0), byte_range=bounds)
    assert judge_integrity(DATA, signature, max_cms_bytes=1 << 20).subindication == "FORMAT_FAILURE"


def test_rsa_value_without_its_leading_zero() -> None:
    key = rsa.generate_private_key(65537, 1024)
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    messages = (str(number).encode() for number in range(9999))
    signed = ((m, key.sign(m, padding.PKCS1v15(), hashes.SHA256())) for m in messages)
    message, value = next((m, v) for m, v in signed if v[0] == 0)
    algorithm = SignatureAlgorithm("rsa", "sha256")
    assert check_signature(der, algorithm, message, value[1:])
    assert not check_signature(der, algorithm, message + b"x", value[1:])
    assert not check_signature(der, algorithm, message, b"")


def test_ripemd_of_old_files() -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415 - only here

    key = rsa.generate_private_key(65537, 1024)
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    numbers = key.private_numbers()
    modulus, info = numbers.public_numbers.n, bytes.fromhex("3021300906052b2403020105000414")
    block = info + hashlib.new("ripemd160", DATA).digest()
    padded = b"\x00\x01" + b"\xff" * (125 - len(block)) + b"\x00" + block
    value = pow(int.from_bytes(padded, "big"), numbers.d, modulus).to_bytes(128, "big")
    algorithm = SignatureAlgorithm("rsa", "ripemd160")
    assert check_signature(der, algorithm, DATA, value)
    assert not check_signature(der, algorithm, DATA + b"x", value)
    other = key.sign(hashlib.new("ripemd160", DATA).digest(), padding.PKCS1v15(), Prehashed(hashes.SHA1()))
    assert not check_signature(der, algorithm, DATA, other)


def test_signing_time_that_is_none_breaks_nothing(pki: Pki) -> None:
    key = pki.alice.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    info = cms.ContentInfo.load(container(pki.alice).dump())
    signer = info["content"]["signer_infos"][0]
    kept = [
        a.dump() for a in signer["signed_attrs"] if a["type"].native in ("content_type", "message_digest")
    ]
    right = bytes.fromhex("301c06092a864886f70d010905310f170d3231303130313030303030305a")
    odd = right.replace(b"210101", b"211301")  # a thirteenth month
    written = [
        core.Asn1Value(contents=b"".join(sorted([*kept, time])), method=1, tag=17, class_=0).dump()
        for time in (right, odd)
    ]
    signer["signed_attrs"] = cms.CMSAttributes.load(written[0])
    signer["signature"] = key.sign(written[1], ec.ECDSA(hashes.SHA256()))
    facts = check(info.dump(force=True).replace(right, odd), subfilter="adbe.pkcs7.detached")
    assert (facts.integrity, facts.claimed_time) == (Integrity.INTACT, None)


def test_unreadable_certificate_is_nobodys(pki: Pki) -> None:
    """A key identifier is looked for in all certificates; one of them has extensions that are no ASN.1."""
    other = pki.ca.issue("Somebody else").der
    at = other.index(bytes.fromhex("0603551d0f")) + 5  # the key usage extension
    strange = Certificate.load(other[:at] + b"\x30" + other[at + 1 :])
    with pytest.raises(ValueError, match=r"."):
        _ = strange.key_identifier
    identifier = cms.SignerIdentifier("subject_key_identifier", core.OctetString(b"0" * 20))
    parsed = replace(parse_cms(container(pki.alice).dump(), max_bytes=1 << 20), signer={"sid": identifier})
    assert find_signer(parsed, [strange]) == (None, False)


def test_unreadable_revocation_data_breaks_nothing(pki: Pki) -> None:
    whole = container(pki.alice).dump()
    info = cms.ContentInfo.load(whole)
    signers = info["content"]["signer_infos"].dump()
    junk = bytes.fromhex("a1041e020041")  # [1] with a string where a list should be
    at = whole.index(signers)
    body = whole[:at] + junk + whole[at:]
    for start in (0, 4 + 11, 4 + 11 + 4):  # ContentInfo, [0], SignedData: each is longer now
        assert body[start + 1] == 0x82
        length = int.from_bytes(body[start + 2 : start + 4], "big") + len(junk)
        body = body[: start + 2] + length.to_bytes(2, "big") + body[start + 4 :]
    facts = check(body)
    assert facts.integrity is Integrity.INTACT
    assert any("revocation data" in str(note) for note in facts.notes)
