"""Algorithms that a container states and uses, attributes that stand twice: what is odd and what is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest
from asn1crypto import algos, cms, core
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from agreegen.messages import Message, foreign_text
from agreegen.model.report import Integrity
from agreegen.pki.algorithms import AlgorithmUse
from agreegen.pki.cms.container_check import CADES, check_container
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.trust.policy import BUILT_IN
from tests.unit.pki.cms.test_container_check import DATA, container, digest_of
from tests.unit.verification.authority import NOW, Authority, Holder
from tests.unit.verification.conftest import Pki

Sign = Callable[[bytes], bytes]
DIGESTS = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512(), "sha3_256": hashes.SHA3_256()}


def rewritten(holder: Holder, change: Callable[[cms.SignerInfo], None], value: Sign) -> bytes:
    """Change what a container states, and sign its attributes again."""
    info = cms.ContentInfo.load(container(holder).dump())
    signer = info["content"]["signer_infos"][0]
    change(signer)
    attributes = sorted(a.dump() for a in signer["signed_attrs"])
    signed = core.Asn1Value(contents=b"".join(attributes), method=1, tag=17, class_=0).dump()
    signer["signature"] = value(signed)
    return bytes(info.dump(force=True))


def ecdsa(holder: Holder, digest: str = "sha256") -> Sign:
    assert isinstance(holder.key, ec.EllipticCurvePrivateKey)
    key = holder.key
    return lambda data: key.sign(data, ec.ECDSA(DIGESTS[digest]))


def state(signer: cms.SignerInfo, digest: str, algorithm: dict[str, object]) -> None:
    """State these algorithms; the attribute that protects others goes."""
    signer["digest_algorithm"] = {"algorithm": digest}
    signer["signature_algorithm"] = algos.SignedDigestAlgorithm(algorithm)
    kept = [a for a in signer["signed_attrs"] if a["type"].native != "cms_algorithm_protection"]
    for attribute in kept:
        if attribute["type"].native == "message_digest":
            attribute["values"] = [core.OctetString(_digest(digest))]
    signer["signed_attrs"] = cms.CMSAttributes(kept)


def _digest(name: str) -> bytes:
    name = {"shake256_len": "shake256"}.get(name, name)
    return hashlib.shake_256(DATA).digest(64) if name == "shake256" else hashlib.new(name, DATA).digest()


def check(data: bytes) -> SignatureFacts:
    return check_container(data, _shaking, subfilter=CADES, max_cms_bytes=1 << 20)


def _shaking(name: str) -> bytes:
    return hashlib.shake_256(DATA).digest(64) if name == "shake_256" else digest_of(DATA)(name)


def objection(facts: SignatureFacts) -> str | None:
    """Say what the policy objects to, after the cryptography was found right."""
    assert facts.integrity is Integrity.INTACT, facts.reasons
    found: Iterator[Message | None] = (BUILT_IN.weakness(use, NOW) for use in facts.algorithms)
    return next((str(text) for text in found if text), None)


@pytest.mark.parametrize(
    ("digest", "algorithm", "conflict"),
    [
        ("sha256", "sha256", False),
        ("sha512", "sha512", False),
        ("sha512", "sha256", True),
        ("sha256", "sha512", True),
        ("sha3_256", "sha3_256", False),
        ("sha3_256", "sha256", True),
        ("sha256", "sha3_256", True),
    ],
)
def test_digest_and_signature_algorithm(pki: Pki, digest: str, algorithm: str, conflict: bool) -> None:
    def change(signer: cms.SignerInfo) -> None:
        state(signer, digest, {"algorithm": f"{algorithm}_ecdsa"})

    facts = check(rewritten(pki.alice, change, ecdsa(pki.alice, algorithm)))
    assert bool(objection(facts)) is conflict
    assert any("goes with" in str(note) for note in facts.notes) is conflict


@pytest.mark.parametrize(
    ("digest", "mask", "conflict"), [("sha256", "sha256", False), ("sha256", "sha1", True)]
)
def test_digest_and_mask_of_pss(digest: str, mask: str, conflict: bool) -> None:
    key = rsa.generate_private_key(65537, 3072)
    holder = Authority.root().issue("Alice", key=key)

    def change(signer: cms.SignerInfo) -> None:
        parameters = {
            "hash_algorithm": {"algorithm": "sha256"},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mask}},
            "salt_length": 32,
        }
        state(signer, "sha256", {"algorithm": "rsassa_pss", "parameters": parameters})

    masked = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1()}[mask]
    form = padding.PSS(padding.MGF1(masked), 32)
    facts = check(rewritten(holder, change, lambda data: key.sign(data, form, hashes.SHA256())))
    assert bool(objection(facts)) is conflict


@pytest.mark.parametrize(
    ("curve", "digest", "conflict"),
    [
        ("ed25519", "sha512", False),
        ("ed25519", "sha256", True),
        ("ed448", "shake256", False),
        ("ed448", "sha512", True),
    ],
)
def test_edwards_curves_have_their_digest(curve: str, digest: str, conflict: bool) -> None:
    """RFC 8419, 3.1: SHA-512 goes with Ed25519, SHAKE256 with Ed448."""
    key = ed25519.Ed25519PrivateKey.generate() if curve == "ed25519" else ed448.Ed448PrivateKey.generate()
    signed_with_ec = Authority.root().issue("Alice")
    holder = Authority.root().issue("Alice", key=key)  # type: ignore[arg-type]

    def change(signer: cms.SignerInfo) -> None:
        state(signer, digest, {"algorithm": curve})

    data = rewritten(signed_with_ec, change, key.sign)
    info = cms.ContentInfo.load(data)
    signer = info["content"]["signer_infos"][0]
    certificate = cms.CertificateChoices.load(holder.der).chosen
    info["content"]["certificates"] = [certificate]
    signer["sid"] = cms.SignerIdentifier(
        {
            "issuer_and_serial_number": {
                "issuer": certificate.issuer,
                "serial_number": certificate.serial_number,
            }
        }
    )
    names = {"signing_certificate", "signing_certificate_v2"}
    signer["signed_attrs"] = cms.CMSAttributes(
        [a for a in signer["signed_attrs"] if a["type"].native not in names]
    )
    attributes = sorted(a.dump() for a in signer["signed_attrs"])
    signer["signature"] = key.sign(
        core.Asn1Value(contents=b"".join(attributes), method=1, tag=17, class_=0).dump()
    )
    assert bool(objection(check(bytes(info.dump(force=True))))) is conflict


def test_digest_algorithm_written_as_a_signature_algorithm() -> None:
    """Some signers write sha256WithRSAEncryption where SHA-256 is due."""
    key = rsa.generate_private_key(65537, 3072)
    holder = Authority.root().issue("Alice", key=key)

    def change(signer: cms.SignerInfo) -> None:
        state(signer, "sha256", {"algorithm": "sha256_rsa"})
        signer["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": "1.2.840.113549.1.1.11"})

    facts = check(rewritten(holder, change, lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256())))
    assert objection(facts) is None


def _attribute(oid: str, value: bytes) -> cms.CMSAttribute:
    return cms.CMSAttribute.load(
        cms.CMSAttribute({"type": oid, "values": [core.OctetString(value)]}).dump(force=True)
    )


def test_attributes_of_unknown_type_may_stand_twice(pki: Pki) -> None:
    """RFC 5652, 5.3 and 11 limit only the attributes that they name."""

    def change(signer: cms.SignerInfo) -> None:
        for text in (b"one", b"two"):
            signer["signed_attrs"].append(_attribute("1.2.3.4.5.6", text))

    facts = check(rewritten(pki.alice, change, ecdsa(pki.alice)))
    assert objection(facts) is None


@pytest.mark.parametrize("name", ["signing_certificate_v2", "message_digest", "content_type"])
def test_named_attributes_stand_once(pki: Pki, name: str) -> None:
    def change(signer: cms.SignerInfo) -> None:
        attributes = signer["signed_attrs"]
        attributes.append(next(a for a in attributes if a["type"].native == name).copy())

    facts = check(rewritten(pki.alice, change, ecdsa(pki.alice)))
    assert facts.integrity in {Integrity.BROKEN, Integrity.UNREADABLE}


def test_two_values_of_the_signing_certificate(pki: Pki) -> None:
    """One attribute, two values: the first names the signer, the second somebody else."""
    other = cms.ContentInfo.load(container(pki.ca.issue("Mallory")).dump())
    theirs = other["content"]["signer_infos"][0]["signed_attrs"]

    def change(signer: cms.SignerInfo) -> None:
        for attribute in signer["signed_attrs"]:
            if attribute["type"].native == "signing_certificate_v2":
                more = next(a for a in theirs if a["type"].native == "signing_certificate_v2")["values"][0]
                attribute["values"].append(more.copy())

    facts = check(rewritten(pki.alice, change, ecdsa(pki.alice)))
    assert facts.integrity is not Integrity.INTACT


def test_hash_of_another_certificate_with_the_same_key(pki: Pki) -> None:
    """The certificate is exchanged for one of the same key, issuer and serial number: only the hash tells."""
    twin = pki.ca.issue("Somebody else", key=pki.alice.key)
    info = cms.ContentInfo.load(container(pki.alice).dump())
    from asn1crypto import x509  # noqa: PLC0415 - only here

    certificate = x509.Certificate.load(twin.der)
    info["content"]["certificates"] = [certificate]
    info["content"]["signer_infos"][0]["sid"] = cms.SignerIdentifier(
        {
            "issuer_and_serial_number": {
                "issuer": certificate.issuer,
                "serial_number": certificate.serial_number,
            }
        }
    )
    facts = check(bytes(info.dump(force=True)))
    assert (facts.integrity, facts.subindication) == (Integrity.BROKEN, "NO_SIGNING_CERTIFICATE_FOUND")


def test_protected_algorithms_are_the_ones_used(pki: Pki) -> None:
    def change(signer: cms.SignerInfo) -> None:
        stated = {
            "digest_algorithm": {"algorithm": "sha512"},
            "signature_algorithm": signer["signature_algorithm"],
        }
        value = cms.CMSAlgorithmProtection(stated)
        attribute = cms.CMSAttribute({"type": "cms_algorithm_protection", "values": [value]})
        kept = [a for a in signer["signed_attrs"] if a["type"].native != "cms_algorithm_protection"]
        signer["signed_attrs"] = cms.CMSAttributes([*kept, attribute])

    facts = check(rewritten(pki.alice, change, ecdsa(pki.alice)))
    assert "protect other algorithms" in (objection(facts) or "")


def test_conflicts_are_never_passed_over() -> None:
    conflict = foreign_text("RSA goes with SHA256, not SHA512")
    use = AlgorithmUse(foreign_text("signature"), "rsa", "sha256", None, conflict)
    assert str(BUILT_IN.weakness(use, NOW)) == "signature: RSA goes with SHA256, not SHA512"
