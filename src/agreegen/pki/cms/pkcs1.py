"""Bare PKCS#1 signature values: `adbe.x509.rsa_sha1`, with its certificates in the signature dictionary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from asn1crypto import core, x509

from agreegen.messages import Message, message
from agreegen.model.report import Integrity
from agreegen.pki.algorithms import AlgorithmUse, SignatureAlgorithm, UnsupportedError, key_facts
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.cms.structure import MalformedError, guarded
from agreegen.pki.signature_values import check_signature

_FORMAT_FAILURE, _CRYPTO_FAILURE = "FORMAT_FAILURE", "SIG_CRYPTO_FAILURE"
_NO_CERTIFICATE = "NO_SIGNING_CERTIFICATE_FOUND"


def check_pkcs1(
    contents: bytes, certificates_der: Sequence[bytes], digest: Callable[[str], bytes]
) -> SignatureFacts:
    """Check a PKCS#1 signature with its certificates in `/Cert` (ISO 32000-1, 12.8.3.2).

    Args:
        contents: The signature value and the padding behind it.
        certificates_der: The certificates, the signer's first, DER.
        digest: Gives the digest of the signed bytes by digest name.
    """

    def read() -> tuple[bytes, list[Any], bool]:
        length = len(contents) - len(contents.lstrip(b"\x00")) if not any(contents) else 0
        value = core.OctetString.load(contents[length:])
        whole = len(value.dump())
        loaded = [x509.Certificate.load(item) for item in certificates_der]
        for item in loaded:
            _ = item.subject, item.public_key
        return bytes(value), loaded, not any(contents[whole:])

    try:
        signature, certificates, clean = guarded(message("pki.signature-value"), read)
    except MalformedError as exc:
        return SignatureFacts(Integrity.UNREADABLE, _FORMAT_FAILURE, reasons=(exc.sentence,))
    if not certificates:
        return SignatureFacts(
            Integrity.UNSUPPORTED, _NO_CERTIFICATE, reasons=(message("pki.file-holds-no-certificate"),)
        )
    if not clean:
        return replace(
            _broken(_FORMAT_FAILURE, message("pki.bytes-other-than-zero-stand-behind-2")),
            padding_clean=False,
        )
    signer = certificates[0]
    key = signer.public_key.dump()
    try:
        for name in ("sha1", "sha256", "sha384", "sha512", "md5"):
            if check_signature(key, SignatureAlgorithm("rsa", name), b"", signature, digest=digest(name)):
                use = AlgorithmUse(message("pki.signature"), "rsa", name, key_facts(signer.public_key))
                return SignatureFacts(
                    Integrity.INTACT, certificate=signer, certificates=tuple(certificates), algorithms=(use,)
                )
    except UnsupportedError as exc:
        return SignatureFacts(Integrity.UNSUPPORTED, "GENERIC", reasons=(exc.sentence,))
    return replace(
        _broken(_CRYPTO_FAILURE, message("pki.signature-value-wrong-for-these-bytes")), certificate=signer
    )


def _broken(subindication: str, reason: Message) -> SignatureFacts:
    return SignatureFacts(Integrity.BROKEN, subindication, reasons=(reason,))
