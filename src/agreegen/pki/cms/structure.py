"""Reading CMS signatures (RFC 5652): one signer, nothing behind it but zeros."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from asn1crypto import cms, core, parser, tsp, x509
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp

from agreegen.errors import SpokenError
from agreegen.messages import ErrorKind, Message, message
from agreegen.pki.algorithms import compute_digest, digest_name, signer_digest_name
from agreegen.pki.certificates import same_name
from agreegen.pki.encoding import der_of

T = TypeVar("T")

CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (
    "1.2.840.113549.1.9.3",
    "1.2.840.113549.1.9.4",
    "1.2.840.113549.1.9.5",
)
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
SIGNATURE_TIMESTAMP, CONTENT_TIMESTAMP = "1.2.840.113549.1.9.16.2.14", "1.2.840.113549.1.9.16.2.20"
REVOCATION_ARCHIVAL = "1.2.840.113583.1.1.8"
ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52"
_ONCE = frozenset(
    {
        CONTENT_TYPE,
        MESSAGE_DIGEST,
        SIGNING_TIME,
        SIGNING_CERTIFICATE,
        SIGNING_CERTIFICATE_V2,
        REVOCATION_ARCHIVAL,
        ALGORITHM_PROTECTION,
        "1.2.840.113549.1.9.16.2.15",  # signature-policy-identifier
        "1.2.840.113549.1.9.16.2.17",  # signer-location
        "1.2.840.113549.1.9.16.2.4",  # content-hints
        "0.4.0.1733.2.1",  # mime-type
    }
)
"""Signed attributes that stand there once at most (RFC 5652, 11; RFC 5035, 5; EN 319 122-1, 5)."""
ARCHIVE_TIMESTAMPS = {"0.4.0.1733.2.4", "1.2.840.113549.1.9.16.2.48", "1.2.840.113549.1.9.16.2.27"}
TST_INFO = "1.2.840.113549.1.9.16.1.4"
DATA = "1.2.840.113549.1.7.1"


class MalformedError(SpokenError):
    """The structure is not what the standard asks for; the message says where."""


class ForeignContainerError(MalformedError):
    """A container of another standard, which is whole perhaps, but not for this verifier to judge."""


_GMT_0010 = "1.2.156.10197.6.1.4.2."
"""Arc of the content types of GM/T 0010."""
_SES_HEADER = re.compile(rb"\x30[\x00-\x84].{0,4}\x16\x02ES", re.DOTALL)
"""The header of an electronic seal (GB/T 38540: identifier `ES`), near the start of a signature with it."""
_SES_WITHIN = 64


@dataclass(frozen=True, slots=True)
class ParsedCms:
    """A CMS SignedData with exactly one signer.

    Attributes:
        signer: The SignerInfo.
        certificates: All X.509 certificates it carries.
        crls_der: Revocation lists in `crls` and in adbe-revocationInfoArchival.
        ocsps_der: OCSP responses from the same places.
        content_type: Object identifier of the encapsulated content type.
        content: The encapsulated content; None where the signature is detached.
        signed: Signed attributes by object identifier: their values.
        unsigned: Unsigned attributes by object identifier: their values.
        attributes_der: The signed attributes as signed (SET OF, DER); empty without any.
        padding_clean: Whether only zeros follow the structure.
        notes: What is unusual, but not wrong.
    """

    signer: Any
    certificates: tuple[Any, ...]
    crls_der: tuple[bytes, ...]
    ocsps_der: tuple[bytes, ...]
    content_type: str
    content: bytes | None
    signed: dict[str, list[Any]]
    unsigned: dict[str, list[Any]]
    attributes_der: bytes
    padding_clean: bool
    notes: tuple[Message, ...] = field(default=())

    @property
    def digest(self) -> str:
        """Name of the signer's digest algorithm.

        Raises:
            UnsupportedError: It is not known.
        """
        return signer_digest_name(self.signer["digest_algorithm"]["algorithm"].dotted)

    @property
    def attributes_written(self) -> bytes:
        """The signed attributes in the order in which they stand there, which proves nothing."""
        return _encode_attributes(self.signer["signed_attrs"], in_order=False)

    @property
    def signature(self) -> bytes:
        """The signature value."""
        return bytes(self.signer["signature"].native)


def guarded(where: Message, read: Callable[[], T]) -> T:
    """Run a reader of foreign ASN.1 and turn every way in which it can fail into `MalformedError`."""
    try:
        return read()
    except MalformedError:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as exc:
        raise MalformedError(message("pki.cannot-read", where=where, kind=ErrorKind.of(exc))) from exc


def parse_cms(data: bytes, *, max_bytes: int) -> ParsedCms:
    """Read a CMS SignedData, DER or BER, with what follows it.

    Args:
        data: The structure and the padding behind it.
        max_bytes: Greatest size.

    Raises:
        MalformedError: It is not a SignedData with exactly one signer, or named attributes stand there twice.
    """
    if len(data) > max_bytes:
        raise MalformedError(message("pki.signature-container-larger-than-bytes", max_bytes=max_bytes))
    return guarded(message("pki.signature-container"), lambda: _parse(data))


def _parse(data: bytes) -> ParsedCms:
    if not any(data):
        raise MalformedError(message("pki.signature-container-empty"))
    length = parser.peek(data)
    if _SES_HEADER.search(data, 0, _SES_WITHIN):
        raise ForeignContainerError(message("pki.signature-electronic-seal-gbt-38540-not"))
    info = cms.ContentInfo.load(data[:length])
    if info["content_type"].dotted.startswith(_GMT_0010):
        raise ForeignContainerError(message("pki.content-types-gmt-0010-not-supported"))
    if info["content_type"].native != "signed_data":
        raise MalformedError(message("pki.signature-container-not-cms-signeddata"))
    signed_data = info["content"]
    signers = signed_data["signer_infos"]
    if len(signers) != 1:
        raise MalformedError(message("pki.signature-container-signers-one-required", count=len(signers)))
    signer = signers[0]
    encapsulated = signed_data["encap_content_info"]
    signed = _attributes(signer["signed_attrs"])
    unsigned = _attributes(signer["unsigned_attrs"], repeat=True)
    certificates, notes = _certificates(signed_data["certificates"])
    try:
        crls, ocsps = _revocation(signed_data["crls"], signed)
    except (ValueError, TypeError, KeyError, AttributeError):
        # Nobody signed it; what it might have said has to come from elsewhere.
        crls, ocsps, notes = (), (), (*notes, message("pki.revocation-data-signature-container-cannot-read"))
    return ParsedCms(
        signer=signer,
        certificates=certificates,
        crls_der=crls,
        ocsps_der=ocsps,
        content_type=encapsulated["content_type"].dotted,
        content=_content(encapsulated["content"]),
        signed=signed,
        unsigned=unsigned,
        attributes_der=_encode_attributes(signer["signed_attrs"], in_order=True),
        padding_clean=not any(data[length:]),
        notes=notes,
    )


def _content(content: Any) -> bytes | None:
    if content is None or isinstance(content, core.Void):
        return None
    if isinstance(content, core.ParsableOctetString | core.OctetString):
        return bytes(content)
    native = content.native
    return native if isinstance(native, bytes) else bytes(content.contents)


def _attributes(attributes: Any, *, repeat: bool = False) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    if isinstance(attributes, core.Void):
        return found
    for attribute in attributes:
        oid = attribute["type"].dotted
        if oid in found and not repeat and oid in _ONCE:
            raise MalformedError(message("pki.signed-attribute-stands-there-twice", oid=oid))
        found.setdefault(oid, []).extend(list(attribute["values"]))
    return found


def _encode_attributes(attributes: Any, *, in_order: bool) -> bytes:
    """Return the signed attributes as they enter the digest: DER, so in the order of their encodings.

    RFC 5652, 5.4 asks for this encoding whatever was written; X.690, 11.6 gives the order.
    """
    if isinstance(attributes, core.Void):
        return b""
    items = [bytes(attribute.dump()) for attribute in attributes]
    if in_order:
        items.sort()
    content = b"".join(items)
    return (
        bytes(core.Asn1Value(contents=content, method=1, tag=17, class_=0).dump()) if content else b"\x31\x00"
    )


def _certificates(field_value: Any) -> tuple[tuple[Any, ...], tuple[Message, ...]]:
    found: list[Any] = []
    unreadable = 0
    if isinstance(field_value, core.Void):
        return (), ()
    for choice in field_value:
        if choice.name != "certificate":
            continue
        try:
            found.append(_certificate(choice.chosen.dump()))
        except (ValueError, TypeError, KeyError, RecursionError):
            unreadable += 1
    notes = (
        (message("pki.certificate-s-signature-container-cannot-read", unreadable=unreadable),)
        if unreadable
        else ()
    )
    return tuple(found), notes


@functools.lru_cache(maxsize=512)
def _certificate(der: bytes) -> Any:
    certificate = x509.Certificate.load(der)
    _ = certificate.subject, certificate.issuer, certificate.serial_number, certificate.public_key
    return certificate


def _revocation(
    field_value: Any, signed: dict[str, list[Any]]
) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    if not isinstance(field_value, core.Void):
        for choice in field_value:
            if choice.name == "crl":
                crls.append(choice.chosen.dump())
            elif choice.name == "other":
                # RFC 5940, 2: OCSP responses in RevocationInfoChoices.
                other = choice.chosen
                if other["other_rev_info_format"].dotted in {"1.3.6.1.5.5.7.16.2", "1.3.6.1.5.5.7.48.1.1"}:
                    ocsps.append(other["other_rev_info"].dump())
    for value in signed.get(REVOCATION_ARCHIVAL, []):
        archival = asn1_pdf_archival(value)
        crls.extend(archival[0])
        ocsps.extend(archival[1])
    return tuple(crls), tuple(ocsps)


def asn1_pdf_archival(value: Any) -> tuple[list[bytes], list[bytes]]:
    """Read adbe-revocationInfoArchival (ISO 32000-2, 12.8.3.3.2): CRLs and OCSP responses, DER."""
    try:
        parsed = _RevocationInfoArchival.load(value.dump())
        crls = [item.dump() for item in parsed["crl"] or []]
        ocsps = [item.dump() for item in parsed["ocsp"] or []]
    except (ValueError, TypeError, KeyError):
        return [], []
    return crls, ocsps


class _Crls(core.SequenceOf):  # type: ignore[misc]
    _child_spec = asn1_crl.CertificateList


class _Ocsps(core.SequenceOf):  # type: ignore[misc]
    _child_spec = asn1_ocsp.OCSPResponse


class _Others(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.Any


class _RevocationInfoArchival(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 - the schema of an ASN.1 type, as its base class reads it
        ("crl", _Crls, {"explicit": 0, "optional": True}),
        ("ocsp", _Ocsps, {"explicit": 1, "optional": True}),
        ("other", _Others, {"explicit": 2, "optional": True}),
    ]


def find_signer(parsed: ParsedCms, candidates: list[Any]) -> tuple[Any | None, bool]:
    """Find the signing certificate among the candidates (RFC 5652, 5.3; RFC 5035).

    Returns:
        The certificate, or None, and whether it agrees with the signing-certificate attribute
        (true where there is no such attribute).
    """
    sid = parsed.signer["sid"]
    matching = [c for c in candidates if _names(sid, c)]
    for certificate in matching:
        if agrees_with_attribute(parsed, certificate):
            return certificate, True
    return (matching[0], False) if matching else (None, False)


def _names(sid: Any, certificate: Any) -> bool:
    try:
        if sid.name == "subject_key_identifier":
            return bool(certificate.key_identifier == sid.chosen.native)
        pair = sid.chosen
        if certificate.serial_number != pair["serial_number"].native:
            return False
        return same_name(certificate.issuer, pair["issuer"])
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        # A certificate that stands there, too, and cannot be read, is not the signer's.
        return False


def agrees_with_attribute(parsed: ParsedCms, certificate: Any) -> bool:
    """Say whether a certificate is the one that the signing-certificate attribute hashes (RFC 5035, 5.4)."""
    v2 = parsed.signed.get(SIGNING_CERTIFICATE_V2)
    v1 = parsed.signed.get(SIGNING_CERTIFICATE)
    if v2:
        first = _only(v2)["certs"][0]
        name = digest_name(first["hash_algorithm"]["algorithm"].dotted)
        if compute_digest(name, der_of(certificate)) != first["cert_hash"].native:
            return False
    if v1:
        first = _only(v1)["certs"][0]
        if compute_digest("sha1", der_of(certificate)) != first["cert_hash"].native:
            return False
    return True


def _only(values: list[Any]) -> Any:
    """Return the only value of an attribute; with several, anybody could choose the one that suits."""
    if len(values) != 1:
        raise MalformedError(
            message("pki.signing-certificate-attribute-values-one-require", count=len(values))
        )
    return values[0]


def protects_algorithms(parsed: ParsedCms) -> bool:
    """Say whether CMSAlgorithmProtection, if it is there, names the algorithms used (RFC 6211, 3)."""
    for value in parsed.signed.get(ALGORITHM_PROTECTION, []):
        pairs = ((value[key], parsed.signer[key]) for key in ("digest_algorithm", "signature_algorithm"))
        for protected, used in pairs:
            if isinstance(protected, core.Void) or protected["algorithm"].dotted != used["algorithm"].dotted:
                return False
    return True


def parse_tst_info(content: bytes) -> Any:
    """Read a TSTInfo (RFC 3161, 2.4.2).

    Raises:
        MalformedError: It is none.
    """

    def read() -> Any:
        info = tsp.TSTInfo.load(content, strict=True)
        _ = info["gen_time"].native, info["message_imprint"]["hashed_message"].native
        return info

    return guarded(message("pki.timestamp-token"), read)
