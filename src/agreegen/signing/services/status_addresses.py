"""Where the revocation status of a certificate is to be had, and how it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asn1crypto import core, ocsp

from agreegen.pki.algorithms import compute_digest
from agreegen.pki.certificates import UNREADABLE


def ocsp_addresses(certificate: Any) -> Iterator[str]:
    """Give the addresses of the responders that a certificate names (RFC 5280, 4.2.2.1)."""
    yield from certificate.ocsp_urls or ()


def list_addresses(certificate: Any) -> Iterator[str]:
    """Give the addresses of the revocation lists that a certificate names (RFC 5280, 4.2.1.13)."""
    for point in certificate.crl_distribution_points or ():
        name = point["distribution_point"]
        for entry in name.chosen if name.name == "full_name" else ():
            if entry.name == "uniform_resource_identifier":
                yield entry.native


def ocsp_request(certificate: Any, issuer: Any, nonce: bytes | None = None) -> bytes:
    """Encode an OCSP request (RFC 6960, 4.1.1).

    SHA-1 only names the issuer here; many responders know no other digest.

    Args:
        certificate: The certificate in question (asn1crypto).
        issuer: The certificate of its authority.
        nonce: Ties the answer to the request (RFC 8954); None for none.
    """
    cert_id = ocsp.CertId(
        {
            "hash_algorithm": {"algorithm": "sha1"},
            "issuer_name_hash": compute_digest("sha1", certificate.issuer.dump()),
            "issuer_key_hash": compute_digest("sha1", bytes(issuer.public_key["public_key"].contents[1:])),
            "serial_number": certificate.serial_number,
        }
    )
    request: dict[str, object] = {"request_list": [{"req_cert": cert_id}]}
    if nonce is not None:
        request["request_extensions"] = [{"extn_id": "nonce", "extn_value": core.OctetString(nonce)}]
    return bytes(ocsp.OCSPRequest({"tbs_request": ocsp.TBSRequest(request)}).dump())


def answers_request(response_der: bytes, nonce: bytes) -> bool:
    """Tell whether an OCSP response is the answer to a request with this nonce.

    Many responders answer from a cache and leave the nonce out; the dates in it still bind.
    """
    try:
        response = ocsp.OCSPResponse.load(response_der)
        if response["response_status"].native != "successful":
            return False
        given = None if response.nonce_value is None else response.nonce_value.native
    except UNREADABLE:
        return False
    return given is None or given == nonce
