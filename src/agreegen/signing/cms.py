"""CMS SignedData (RFC 5652) encoded once for a certificate; per signature only digest and signature are new.

The signed attributes are those of PAdES baseline (EN 319 142-1, table 1): content type, message digest and
ESS signing certificate v2 (RFC 5035); CAdES signatures add the signing time (EN 319 122-1, table 1). The
signature timestamp is an unsigned attribute (EN 319 122-1, 5.3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509

from agreegen.errors import CredentialError
from agreegen.messages import message
from agreegen.pki.encoding import tlv
from agreegen.signing.interface import Credential, Mechanism

_OID_DATA = bytes.fromhex("06092a864886f70d010701")
_OID_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_OID_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_OID_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_OID_SIGNING_TIME = bytes.fromhex("06092a864886f70d010905")
_OID_SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")
_OID_SIGNATURE_TIMESTAMP = bytes.fromhex("060b2a864886f70d010910020e")

_SHA256 = bytes.fromhex("300b0609608648016503040201")
_SHA384 = bytes.fromhex("300b0609608648016503040202")
_SHA512 = bytes.fromhex("300b0609608648016503040203")
_SM3 = bytes.fromhex("300a06082a811ccf55018311")

_DIGESTS = {
    Mechanism.RSA_SHA256: ("sha256", _SHA256),
    Mechanism.ECDSA_SHA256: ("sha256", _SHA256),
    Mechanism.ECDSA_SHA384: ("sha384", _SHA384),
    Mechanism.ED25519: ("sha512", _SHA512),  # RFC 8419, section 3.1
    Mechanism.SM2_SM3: ("sm3", _SM3),
}
_SIGNATURES = {
    Mechanism.RSA_SHA256: bytes.fromhex("300d06092a864886f70d01010b0500"),
    Mechanism.ECDSA_SHA256: bytes.fromhex("300a06082a8648ce3d040302"),
    Mechanism.ECDSA_SHA384: bytes.fromhex("300a06082a8648ce3d040303"),
    Mechanism.ED25519: bytes.fromhex("300506032b6570"),
    Mechanism.SM2_SM3: bytes.fromhex("300a06082a811ccf55018375"),
}
_GREATEST_SIGNATURE = {
    Mechanism.ECDSA_SHA256: 72,
    Mechanism.ECDSA_SHA384: 104,
    Mechanism.ED25519: 64,
    Mechanism.SM2_SM3: 72,
}


def signature_algorithm(mechanism: Mechanism) -> bytes:
    """Return the AlgorithmIdentifier with which a mechanism signs, DER."""
    return _SIGNATURES[mechanism]


class CmsTemplate:
    """The CMS of one certificate, ready for any number of signatures.

    Args:
        certificate_der: The signing certificate.
        chain_der: Further certificates to include.
        mechanism: How the key signs.
        signing_time: For CAdES only: the claimed time, a signed attribute; PAdES has it in `/M` instead.
        attributes: Further signed attributes, DER.
    """

    def __init__(
        self,
        certificate_der: bytes,
        chain_der: Sequence[bytes],
        mechanism: Mechanism,
        *,
        signing_time: datetime | None = None,
        attributes: Sequence[bytes] = (),
    ) -> None:
        self.mechanism = mechanism
        self.digest_name, self._digest_algorithm = _DIGESTS[mechanism]
        self._certificate = asn1_x509.Certificate.load(certificate_der)
        self._greatest_signature = _GREATEST_SIGNATURE.get(mechanism) or _rsa_bytes(certificate_der)
        certificates = dict.fromkeys((certificate_der, *chain_der))
        # Certificates are a SET: DER wants them in the order of their encodings (X.690, section 11.6).
        self._certificates = tlv(0xA0, *sorted(certificates))
        self._fixed = (*self._fixed_attributes(certificate_der, signing_time), *attributes)
        self._signer_id = tlv(0x02, b"\x01") + self._issuer_and_serial()

    @classmethod
    def for_credential(cls, credential: Credential, *, signing_time: datetime | None = None) -> CmsTemplate:
        """Build the template of a credential."""
        return cls(
            credential.certificate_der,
            credential.chain_der,
            credential.signer.mechanism,
            signing_time=signing_time,
        )

    def digest(self, *parts: bytes | bytearray | memoryview) -> bytes:
        """Digest the signed bytes with the algorithm that the signature names."""
        state = hashlib.new(self.digest_name)
        for part in parts:
            state.update(part)
        return state.digest()

    def signed_attributes(self, digest: bytes) -> bytes:
        """Return the DER of the signed attributes: the message that the key signs (RFC 5652, 5.4)."""
        attribute = tlv(0x30, _OID_MESSAGE_DIGEST, tlv(0x31, tlv(0x04, digest)))
        return tlv(0x31, *sorted((*self._fixed, attribute)))

    def assemble(self, attributes: bytes, signature: bytes, *, timestamp_token: bytes | None = None) -> bytes:
        """Return the DER of the whole CMS.

        Args:
            attributes: The signed attributes, as `signed_attributes` gave them.
            signature: The raw signature over them.
            timestamp_token: RFC 3161 token over the signature, DER.
        """
        unsigned = b""
        if timestamp_token is not None:
            unsigned = tlv(0xA1, tlv(0x30, _OID_SIGNATURE_TIMESTAMP, tlv(0x31, timestamp_token)))
        signer_info = tlv(
            0x30,
            self._signer_id,
            self._digest_algorithm,
            b"\xa0" + attributes[1:],
            _SIGNATURES[self.mechanism],
            tlv(0x04, signature),
            unsigned,
        )
        signed_data = tlv(
            0x30,
            tlv(0x02, b"\x01"),
            tlv(0x31, self._digest_algorithm),
            tlv(0x30, _OID_DATA),
            self._certificates,
            tlv(0x31, signer_info),
        )
        return tlv(0x30, _OID_SIGNED_DATA, tlv(0xA0, signed_data))

    def greatest_size(self, *, token_bytes: int = 0) -> int:
        """Return the size in bytes of the largest CMS this template can make.

        Args:
            token_bytes: Room for a signature timestamp; 0 for none.
        """
        attributes = self.signed_attributes(self.digest(b""))
        token = bytes(token_bytes) if token_bytes else None
        return len(self.assemble(attributes, bytes(self._greatest_signature), timestamp_token=token))

    def _issuer_and_serial(self) -> bytes:
        tbs = self._certificate["tbs_certificate"]
        return tlv(0x30, tbs["issuer"].dump(), tbs["serial_number"].dump())

    def _fixed_attributes(self, certificate_der: bytes, signing_time: datetime | None) -> tuple[bytes, ...]:
        tbs = self._certificate["tbs_certificate"]
        directory_name = tlv(0xA4, tbs["issuer"].dump())
        issuer_serial = tlv(0x30, tlv(0x30, directory_name), tbs["serial_number"].dump())
        # SHA-256 is the default of ESSCertIDv2, and DER leaves defaults out (RFC 5035, section 4).
        algorithm = b"" if self._digest_algorithm == _SHA256 else self._digest_algorithm
        certificate_id = tlv(0x30, algorithm, tlv(0x04, self.digest(certificate_der)), issuer_serial)
        reference = tlv(0x30, tlv(0x30, certificate_id))
        attributes = [
            tlv(0x30, _OID_CONTENT_TYPE, tlv(0x31, _OID_DATA)),
            tlv(0x30, _OID_SIGNING_CERTIFICATE_V2, tlv(0x31, reference)),
        ]
        if signing_time is not None:
            attributes.append(tlv(0x30, _OID_SIGNING_TIME, tlv(0x31, _der_time(signing_time))))
        return tuple(attributes)


def _der_time(moment: datetime) -> bytes:
    utc = moment.astimezone(UTC)
    if 1950 <= utc.year < 2050:  # RFC 5652, section 11.3
        return tlv(0x17, f"{utc:%y%m%d%H%M%S}Z".encode())
    return tlv(0x18, f"{utc:%Y%m%d%H%M%S}Z".encode())


def _rsa_bytes(certificate_der: bytes) -> int:
    size = getattr(x509.load_der_x509_certificate(certificate_der).public_key(), "key_size", None)
    if not isinstance(size, int):
        raise CredentialError(message("signing.certificate-key-not-kind-key-signs"))
    return (size + 7) // 8
