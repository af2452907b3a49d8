"""The content key of an envelope, by the key of a credential."""

from __future__ import annotations

import os
from dataclasses import dataclass

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from agreegen.archive.envelopes.key_agreement import AES_256_WRAP, STANDARD_DH_SHA256, wrapping_key
from agreegen.archive.envelopes.recipients import SM2_ENCRYPTION
from agreegen.errors import CredentialError
from agreegen.messages import message
from agreegen.signing.interface import Credential, KeyOpener
from agreegen.signing.names import subject_label

_KEY_BYTES = 32
_OAEP_HASHES = frozenset({"sha1", "sha256", "sha384", "sha512"})


def content_key(recipients: bytes, credential: Credential) -> bytes:
    """Return the content key that was encrypted for a credential.

    A key that does not come out right is replaced by chance: the content then fails like any that was
    changed, and nobody learns from the answer which of both it was (RFC 3218).

    Args:
        recipients: The DER of the RecipientInfos.
        credential: Whose it may be.

    Raises:
        ValueError: The recipients cannot be read.
        CredentialError: The envelope is not for this certificate, or its key cannot open envelopes.
    """
    opener = credential.signer
    if not isinstance(opener, KeyOpener):
        raise CredentialError(
            message("archive.key-cannot-open", name=credential.name, kind=credential.kind),
            hint=message("archive.key-cannot-open.hint"),
        )
    info = _addressed(recipients, asn1_x509.Certificate.load(credential.certificate_der))
    if info is None:
        raise CredentialError(
            message("archive.not-for-you", name=subject_label(credential.certificate_der)),
            hint=message("archive.not-for-you.hint"),
        )
    try:
        return _agreed(info, opener) if isinstance(info, _Agreed) else _transported(info, opener)
    except (ValueError, InvalidUnwrap):
        return os.urandom(_KEY_BYTES)


@dataclass(frozen=True, slots=True)
class _Agreed:
    """A key that two keys agreed on, and what it wraps."""

    info: cms.KeyAgreeRecipientInfo
    encrypted: bytes


def _addressed(recipients: bytes, own: asn1_x509.Certificate) -> cms.KeyTransRecipientInfo | _Agreed | None:
    """Return what is addressed to a certificate, None where nothing is."""
    for each in cms.RecipientInfos.load(recipients, strict=True):
        info = each.chosen
        if each.name == "ktri" and _is(own, info["rid"]):
            return info
        if each.name == "kari":
            for key in info["recipient_encrypted_keys"]:
                if _is(own, key["rid"]):
                    return _Agreed(info, key["encrypted_key"].native)
    return None


def _is(own: asn1_x509.Certificate, identifier: core.Choice) -> bool:
    if identifier.name == "subject_key_identifier":
        return bool(identifier.native == own.key_identifier)
    if identifier.name != "issuer_and_serial_number":
        return False
    chosen = identifier.chosen
    same = bool(chosen["issuer"].dump() == own.issuer.dump())
    return same and bool(chosen["serial_number"].native == own.serial_number)


def _transported(info: cms.KeyTransRecipientInfo, opener: KeyOpener) -> bytes:
    algorithm, encrypted = info["key_encryption_algorithm"], info["encrypted_key"].native
    name = algorithm["algorithm"].native
    if name == "rsaes_oaep":
        parameters = algos.RSAESOAEPParams.load(algorithm["parameters"].dump(), strict=True)
        digest = str(parameters["hash_algorithm"]["algorithm"].native)
        masked = str(parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native)
        if digest not in _OAEP_HASHES or masked != digest:
            raise ValueError("OAEP with these hash functions is not opened")
        return opener.decrypt_key(encrypted, digest)
    if name not in {"rsaes_pkcs1v15", SM2_ENCRYPTION}:
        raise ValueError(f"a key that was encrypted with {name} is not opened")
    return opener.decrypt_key(encrypted, None)


def _agreed(agreed: _Agreed, opener: KeyOpener) -> bytes:
    info, algorithm = agreed.info, agreed.info["key_encryption_algorithm"]
    wrap = algorithm["parameters"].parse(cms.KeyEncryptionAlgorithm)["algorithm"].native
    if algorithm["algorithm"].native != STANDARD_DH_SHA256 or wrap != AES_256_WRAP:
        raise ValueError("only ECDH with SHA-256 and AES-256 key wrap is opened")
    point = bytes(info["originator"].chosen["public_key"].contents[1:])
    material = info["ukm"].native
    return aes_key_unwrap(wrapping_key(opener.agree(point), material), agreed.encrypted)
