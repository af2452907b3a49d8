"""Recipients of an envelope: their certificates, and the content key encrypted for each (RFC 5652, 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import algos, cms, core, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agreegen.archive.envelopes.key_agreement import AES_256_WRAP, STANDARD_DH_SHA256, wrapping_key
from agreegen.errors import CredentialError, InputError
from agreegen.files import read_limited
from agreegen.messages import Message, message
from agreegen.pki.algorithms import key_facts
from agreegen.pki.sm2.backend import find_backend
from agreegen.signing.certificate_checks import check_crls, check_dates, strength_problem
from agreegen.signing.certificate_paths import find_path
from agreegen.signing.credentials.certificate_files import is_authority, parse_certificates
from agreegen.signing.interface import Trust
from agreegen.signing.names import UNREADABLE_X509, subject_label

SM2_ENCRYPTION = "1.2.156.10197.1.301.3"
"""Public key encryption with SM2 (GM/T 0006)."""
_MOST_FILE_BYTES = 1 << 20
_CURVES = (ec.SECP256R1, ec.SECP384R1)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who can open an envelope.

    Attributes:
        certificate_der: The certificate, DER.
        name: Whom it names.
    """

    certificate_der: bytes
    name: str


def read_recipients(paths: Sequence[Path], trust: Trust, now: datetime) -> tuple[Recipient, ...]:
    """Read certificates and refuse those that nothing should be encrypted for.

    Of a file with several the one that is no authority's is taken; the others help to find its chain.

    Raises:
        InputError: A file holds no certificate of a recipient, or more than one.
        CredentialError: A certificate has expired, is weak, is not for encryption, has no chain to the
            anchors that are given, or is revoked.
    """
    return tuple(_read(path, trust, now) for path in paths)


def _read(path: Path, trust: Trust, now: datetime) -> Recipient:
    try:
        found = parse_certificates(read_limited(path, _MOST_FILE_BYTES))
    except OSError as exc:
        raise InputError(message("archive.no-recipient", path=path, exc=exc)) from exc
    own = [certificate for certificate in found if not is_authority(certificate)]
    ciphering = [certificate for certificate in own if encryption_problem(certificate) is None]
    if len(ciphering or own) != 1:
        told = message("archive.recipient-count", count=len(ciphering or own))
        raise InputError(
            message("archive.no-recipient", path=path, exc=told), hint=message("archive.no-recipient.hint")
        )
    (certificate,) = ciphering or own
    check_dates(certificate, path.name, now)
    for problem in (strength_problem(certificate), encryption_problem(certificate), key_problem(certificate)):
        if problem:
            raise CredentialError(
                message("archive.recipient-refused", path=path, problem=problem),
                hint=message("archive.recipient-refused.hint"),
            )
    der = certificate.public_bytes(Encoding.DER)
    if trust.anchors_der:
        others = [each.public_bytes(Encoding.DER) for each in found if each is not certificate]
        check_crls(find_path(der, others, trust, now, path.name), trust, now, path.name)
    return Recipient(der, subject_label(der))


def encryption_problem(certificate: x509.Certificate) -> Message | None:
    """Say why a certificate is not for encryption (RFC 5280, 4.2.1.3); None if it is."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    except UNREADABLE_X509:
        return message("archive.recipient-unreadable")
    if usage.key_encipherment or usage.key_agreement or usage.data_encipherment:
        return None
    return message("archive.recipient-signs-only")


def key_problem(certificate: x509.Certificate) -> Message | None:
    """Say why nothing can be encrypted for a certificate's key; None if something can."""
    if _sm2_point(certificate.public_bytes(Encoding.DER)) is not None:
        return None
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, *UNREADABLE_X509):
        return message("archive.recipient-unreadable")
    if isinstance(key, rsa.RSAPublicKey):
        return None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return None
    return message("archive.recipient-key")


def encrypt_key(key: bytes, recipient: Recipient) -> bytes:
    """Encrypt a content key for a recipient; return the DER of its RecipientInfo.

    RSA: RSAES-OAEP with SHA-256 (RFC 4055). P-256 and P-384: ephemeral ECDH with AES-256 key wrap (RFC 5753).
    SM2: GM/T 0009.

    Raises:
        MissingProgramError: No library does SM2 here.
    """
    certificate = asn1_x509.Certificate.load(recipient.certificate_der)
    identifier = cms.IssuerAndSerialNumber(
        {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    )
    point = _sm2_point(recipient.certificate_der)
    if point is not None:
        encrypted = find_backend().encrypt(point, key)
        return _transported(identifier, cms.KeyEncryptionAlgorithm({"algorithm": SM2_ENCRYPTION}), encrypted)
    public = x509.load_der_x509_certificate(recipient.certificate_der).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        digest = hashes.SHA256()
        encrypted = public.encrypt(key, padding.OAEP(padding.MGF1(digest), digest, None))
        return _transported(identifier, _oaep_sha256(), encrypted)
    assert isinstance(public, ec.EllipticCurvePublicKey)  # `key_problem` refuses all others
    return _agreed(identifier, public, key)


def _transported(
    identifier: cms.IssuerAndSerialNumber, algorithm: cms.KeyEncryptionAlgorithm, encrypted: bytes
) -> bytes:
    info = cms.KeyTransRecipientInfo(
        {
            "version": "v0",
            "rid": cms.RecipientIdentifier({"issuer_and_serial_number": identifier}),
            "key_encryption_algorithm": algorithm,
            "encrypted_key": encrypted,
        }
    )
    return bytes(cms.RecipientInfo({"ktri": info}).dump())


def _oaep_sha256() -> cms.KeyEncryptionAlgorithm:
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256", "parameters": core.Null()})
    parameters = algos.RSAESOAEPParams(
        {"hash_algorithm": sha256, "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": sha256}}
    )
    return cms.KeyEncryptionAlgorithm({"algorithm": "rsaes_oaep", "parameters": parameters})


def _agreed(identifier: cms.IssuerAndSerialNumber, public: ec.EllipticCurvePublicKey, key: bytes) -> bytes:
    ephemeral = ec.generate_private_key(public.curve)
    wrapping = wrapping_key(ephemeral.exchange(ec.ECDH(), public))
    own = ephemeral.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    originator = cms.OriginatorIdentifierOrKey({"originator_key": keys.PublicKeyInfo.load(own)})
    wrap = cms.KeyEncryptionAlgorithm({"algorithm": AES_256_WRAP})
    encrypted = cms.RecipientEncryptedKey(
        {
            "rid": cms.KeyAgreementRecipientIdentifier({"issuer_and_serial_number": identifier}),
            "encrypted_key": aes_key_wrap(wrapping, key),
        }
    )
    info = cms.KeyAgreeRecipientInfo(
        {
            "version": "v3",
            "originator": originator,
            "key_encryption_algorithm": {"algorithm": STANDARD_DH_SHA256, "parameters": wrap},
            "recipient_encrypted_keys": [encrypted],
        }
    )
    return bytes(cms.RecipientInfo({"kari": info}).dump())


def _sm2_point(certificate_der: bytes) -> bytes | None:
    """Return the uncompressed point of an SM2 certificate; None where its key is no such one."""
    info = asn1_x509.Certificate.load(certificate_der).public_key
    return bytes(info["public_key"].native) if key_facts(info).kind == "sm2" else None
