"""Certification paths of SM2 certificates (RFC 5280, section 6; algorithms by GM/T 0015)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from agreegen.errors import CredentialError
from agreegen.pki.sm2.backend import SM2_CURVE_OID, SM2_SIGNATURE_OIDS, verify_sm2
from agreegen.signing.names import UNREADABLE_X509, subject_label

_MAX_LENGTH = 8
_UNDERSTOOD = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage)


def find_sm2_path(
    certificate_der: bytes, chain_der: Sequence[bytes], anchors_der: Sequence[bytes], now: datetime
) -> list[bytes]:
    """Find the path from an SM2 certificate to a trust anchor, leaf first, anchor last.

    Each step is checked: names, key identifiers, signature (with the default signer id), dates at `now`, CA
    and path length constraints, key usage, and that no critical extension is left that is not understood.
    The anchor itself is taken as given. Revocation is the caller's to check, with `sm2_revoked`.

    Args:
        certificate_der: The certificate, DER.
        chain_der: Certificates that may lie on the path, DER.
        anchors_der: Trust anchors, DER; those with other keys are left out.
        now: The moment to judge for, aware.

    Raises:
        CredentialError: There is no valid path; the message says what is wrong with the nearest one.
        MissingProgramError: No library does SM2 here.
    """
    try:
        leaf = x509.load_der_x509_certificate(certificate_der)
        readable = is_readable(leaf) and bool(public_point(leaf))
    except UNREADABLE_X509:
        readable = False
    if not readable:
        raise CredentialError("the SM2 certificate cannot be read", hint="use another certificate")
    anchors = [c for c in _load_all(anchors_der) if _is_sm2(c)]
    pool = [c for c in _load_all(chain_der) if _is_sm2(c)]
    problems: list[str] = []
    for path in _paths([leaf], pool, anchors):
        problem = _path_problem(path, now)
        if problem is None:
            return [certificate.public_bytes(Encoding.DER) for certificate in path]
        problems.append(problem)
    reason = problems[0] if problems else "its issuer is not there"
    raise CredentialError(
        f"no valid chain from {subject_label(certificate_der)} to a trust anchor ({reason})",
        hint="give the right SM2 anchor with --trust, and the CA certificates under chain:",
    )


def sm2_revoked(path: Sequence[bytes], crls_der: Sequence[bytes]) -> bool:
    """Tell whether a certificate of a path, its anchor apart, stands on a list that its issuer signed.

    Args:
        path: Certificates, leaf first, anchor last, DER.
        crls_der: Revocation lists, DER; those of other issuers, or with wrong signatures, say nothing.
    """
    certificates = _load_all(path)
    crls = _load_crls(crls_der)
    for certificate, issuer in itertools.pairwise(certificates):
        for crl in crls:
            listed = crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
            if listed and crl.issuer == certificate.issuer and signed_by(crl, issuer):
                return True
    return False


def sm2_unlisted(path: Sequence[bytes], crls_der: Sequence[bytes], now: datetime) -> list[str]:
    """Name the subjects of a path, its anchor apart, of whom no current list of their issuer tells.

    Args:
        path: Certificates, leaf first, anchor last, DER.
        crls_der: Revocation lists, DER.
        now: The moment to judge for, aware.
    """
    crls = _load_crls(crls_der)
    return [
        subject_label(certificate.public_bytes(Encoding.DER))
        for certificate, issuer in itertools.pairwise(_load_all(path))
        if not any(
            crl.issuer == certificate.issuer
            and (crl.next_update_utc is None or crl.next_update_utc >= now)
            and signed_by(crl, issuer)
            for crl in crls
        )
    ]


def signed_by(what: x509.Certificate | x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Tell whether a certificate or a revocation list carries a right SM2 signature of an issuer."""
    if what.signature_algorithm_oid.dotted_string not in SM2_SIGNATURE_OIDS:
        return False
    signed = what.tbs_certificate_bytes if isinstance(what, x509.Certificate) else what.tbs_certlist_bytes
    try:
        return verify_sm2(public_point(issuer), signed, what.signature)
    except UNREADABLE_X509:
        return False


def public_point(certificate: x509.Certificate) -> bytes:
    """Return the uncompressed public point of an SM2 certificate.

    Raises:
        ValueError: Its key is not an SM2 key, or cannot be read.
    """
    try:
        info = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)).public_key
        if info["algorithm"]["algorithm"].native == "ec":
            parameters = info["algorithm"]["parameters"]
            if parameters.name == "named" and parameters.chosen.dotted == SM2_CURVE_OID:
                return bytes(info["public_key"].native)
    except (TypeError, KeyError, AttributeError) as exc:
        raise ValueError("the certificate's key cannot be read") from exc
    raise ValueError("the certificate's key is not an SM2 key")


def is_readable(certificate: x509.Certificate) -> bool:
    """Tell whether names, dates and extensions of a certificate can be read; parsing is lazy."""
    try:
        return all(
            part is not None
            for part in (
                certificate.subject,
                certificate.issuer,
                certificate.not_valid_before_utc,
                certificate.not_valid_after_utc,
                certificate.extensions,
            )
        )
    except UNREADABLE_X509:
        return False


def _paths(
    path: list[x509.Certificate], pool: list[x509.Certificate], anchors: list[x509.Certificate]
) -> Iterator[list[x509.Certificate]]:
    last = path[-1]
    if last in anchors:
        yield path
        return
    if len(path) >= _MAX_LENGTH:
        return
    for anchor in anchors:
        if _may_issue(anchor, last):
            yield [*path, anchor]
    for candidate in pool:
        if candidate not in path and candidate not in anchors and _may_issue(candidate, last):
            yield from _paths([*path, candidate], pool, anchors)


def _may_issue(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        wanted = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        given = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except (x509.ExtensionNotFound, *UNREADABLE_X509):
        return True
    return wanted.key_identifier is None or wanted.key_identifier == given.digest


def _path_problem(path: Sequence[x509.Certificate], now: datetime) -> str | None:
    for depth, certificate in enumerate(path[:-1]):
        name = subject_label(certificate.public_bytes(Encoding.DER))
        issuer = path[depth + 1]
        if not signed_by(certificate, issuer):
            return f"the signature on the certificate of {name} is wrong"
        if now > certificate.not_valid_after_utc:
            return f"the certificate of {name} expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
        if now < certificate.not_valid_before_utc:
            return (
                f"the certificate of {name} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}"
            )
        problem = _extension_problem(certificate, name)
        if problem:
            return problem
    for depth, certificate in enumerate(path[1:]):
        below = sum(c.subject != c.issuer for c in path[1 : depth + 1])
        anchor = depth + 2 == len(path)
        problem = _authority_problem(certificate, below, anchor=anchor)
        if problem:
            return problem
    return None


def _extension_problem(certificate: x509.Certificate, name: str) -> str | None:
    try:
        for extension in certificate.extensions:
            if extension.critical and not isinstance(extension.value, _UNDERSTOOD):
                oid = extension.oid.dotted_string
                return f"the certificate of {name} has a critical extension that is not understood ({oid})"
    except UNREADABLE_X509:
        return f"the extensions of the certificate of {name} cannot be read"
    return None


def _authority_problem(certificate: x509.Certificate, below: int, *, anchor: bool) -> str | None:
    name = subject_label(certificate.public_bytes(Encoding.DER))
    try:
        extensions = {type(extension.value): extension.value for extension in certificate.extensions}
    except UNREADABLE_X509:
        return f"the extensions of the certificate of {name} cannot be read"
    constraints, usage = extensions.get(x509.BasicConstraints), extensions.get(x509.KeyUsage)
    if not isinstance(constraints, x509.BasicConstraints):
        # An anchor is trusted as such; old roots of version 1 have no extensions at all.
        return None if anchor else f"{name} is no certificate authority"
    if not constraints.ca:
        return f"{name} is no certificate authority"
    if constraints.path_length is not None and below > constraints.path_length:
        return f"the path below {name} is longer than it allows"
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        return f"the key of {name} must not sign certificates"
    return None


def _load_all(certificates_der: Sequence[bytes]) -> list[x509.Certificate]:
    loaded = []
    for der in certificates_der:
        try:
            certificate = x509.load_der_x509_certificate(der)
        except UNREADABLE_X509:
            continue
        if is_readable(certificate):
            loaded.append(certificate)
    return loaded


def _load_crls(crls_der: Sequence[bytes]) -> list[x509.CertificateRevocationList]:
    loaded = []
    for der in crls_der:
        try:
            loaded.append(x509.load_der_x509_crl(der))
        except UNREADABLE_X509:
            continue
    return loaded


def _is_sm2(certificate: x509.Certificate) -> bool:
    try:
        public_point(certificate)
    except UNREADABLE_X509:
        return False
    return True
