"""Certificates and revocation lists put beside a token before the next one covers them (RFC 4998, 3.2).

A list that nothing covers proves nothing once its issuer's certificate has ended: anybody who has the old key
by then could have made it. So the lists that show a service unrevoked go into its token's SignedData, where
no signature looks, just before the next token is put over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asn1crypto import cms, crl, parser, x509

from agreegen.messages import message
from agreegen.pki.encoding import tlv
from agreegen.pki.evidence_records.record import RecordError

_SEQUENCE, _CERTIFICATES, _CRLS = 0x30, 0xA0, 0xA1


def supplement_token(token: bytes, certificates_der: Iterable[bytes], crls_der: Iterable[bytes]) -> bytes:
    """Return a token with further certificates and revocation lists; what is signed stays byte for byte.

    Args:
        token: DER of the token. No later token may cover it yet.
        certificates_der: Certificates, DER.
        crls_der: Revocation lists, DER.

    Raises:
        RecordError: It is no token.
    """
    try:
        content_type, tagged = _elements(_content_of(token))
        (signed_data,) = _elements(_content_of(tagged))
        parts = _elements(_content_of(signed_data))
        version, digests, content, signers = *parts[:3], parts[-1]
        held = {part[0]: _elements(_content_of(part)) for part in parts[3:-1]}
    except (ValueError, TypeError) as exc:
        raise RecordError(message("pki.no-timestamp-token")) from exc
    certificates = _set_of(_CERTIFICATES, (*held.get(_CERTIFICATES, ()), *certificates_der))
    crls = _set_of(_CRLS, (*held.get(_CRLS, ()), *crls_der))
    signed = tlv(_SEQUENCE, version, digests, content, certificates, crls, signers)
    return tlv(_SEQUENCE, content_type, tlv(_CERTIFICATES, signed))


def supporting(
    token: bytes, certificates_der: Iterable[bytes], crls_der: Iterable[bytes]
) -> tuple[list[bytes], list[bytes]]:
    """Choose what bears out a token's service: its authorities' certificates, and their lists.

    Args:
        token: DER of the token.
        certificates_der: Certificates to choose from, DER.
        crls_der: Revocation lists to choose from, DER.

    Raises:
        RecordError: It is no token.
    """
    wanted = {certificate.issuer.hashable for certificate in _certificates_in(token)}
    pool = [x509.Certificate.load(der) for der in certificates_der]
    found: list[bytes] = []
    for _ in pool:
        fitting = [c for c in pool if c.subject.hashable in wanted and c.dump() not in found]
        found += [bytes(certificate.dump()) for certificate in fitting]
        wanted |= {certificate.issuer.hashable for certificate in fitting}
    lists = [der for der in crls_der if crl.CertificateList.load(der).issuer.hashable in wanted]
    return found, lists


def _certificates_in(token: bytes) -> list[x509.Certificate]:
    try:
        held = cms.ContentInfo.load(token, strict=True)["content"]["certificates"]
        return [choice.chosen for choice in held if choice.name == "certificate"]
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise RecordError(message("pki.no-timestamp-token")) from exc


def _set_of(tag: int, members: Iterable[bytes]) -> bytes:
    """Encode an implicit SET OF as DER has it: sorted, each member once; nothing where there is none."""
    found = sorted(set(members))
    return tlv(tag, *found) if found else b""


def _content_of(element: bytes) -> bytes:
    return bytes(parser.parse(element, strict=True)[4])


def _elements(content: bytes) -> list[bytes]:
    return list(_split(content))


def _split(content: bytes) -> Iterator[bytes]:
    while content:
        _, _, _, header, body, trailer = parser.parse(content)
        size = len(header) + len(body) + len(trailer)
        yield content[:size]
        content = content[size:]
