"""Trust anchors and revocation lists from files and folders that the user names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from agreegen.errors import CredentialError
from agreegen.files import read_limited
from agreegen.foreign import breakdown_as
from agreegen.messages import message
from agreegen.signing.credentials.certificate_files import parse_certificates
from agreegen.signing.interface import Trust
from agreegen.signing.names import UNREADABLE_X509

_ANCHOR_SUFFIXES = frozenset({".pem", ".crt", ".cer"})
_MAX_FILE_BYTES = 128 << 20
"""The revocation lists of large authorities have tens of megabytes."""

_CRL_SUFFIX = ".crl"
_EXAMPLE = "EXAMPLE"
_PEM_CRL = b"-----BEGIN X509 CRL-----"
_END_CRL = b"-----END X509 CRL-----"


def load_trust(paths: Sequence[Path]) -> Trust:
    """Load trust anchors and revocation lists.

    Args:
        paths: Files (PEM or DER, certificates or CRLs), or folders of `*.pem`, `*.crt`, `*.cer` and `*.crl`.

    Returns:
        The anchors and lists; its `example` says whether an example certificate is among the anchors.

    Raises:
        CredentialError: A path is missing, or a file holds neither a certificate nor a CRL.
    """
    anchors: list[x509.Certificate] = []
    crls: list[bytes] = []
    for path in paths:
        for file in _files_of(path):
            found, lists = _read(file)
            anchors.extend(found)
            crls.extend(lists)
    example = any(_EXAMPLE in anchor.subject.rfc4514_string().upper() for anchor in anchors)
    ders = [anchor.public_bytes(Encoding.DER) for anchor in anchors]
    return Trust(tuple(dict.fromkeys(ders)), tuple(dict.fromkeys(crls)), example)


def _files_of(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return [path]
    suffixes = _ANCHOR_SUFFIXES | {_CRL_SUFFIX}
    found = sorted(f for f in path.iterdir() if f.suffix.lower() in suffixes and f.is_file())
    if not found:
        raise CredentialError(
            message("signing.trust-folder-holds-no-pem-crt", path=path), hint=message("signing.check-folder")
        )
    return found


def _read(path: Path) -> tuple[list[x509.Certificate], list[bytes]]:
    try:
        data = read_limited(path, _MAX_FILE_BYTES)
    except OSError as exc:
        raise CredentialError(
            message("signing.trust-file-cannot-read", path=path, exc=exc), hint=message("signing.check-path")
        ) from None
    with breakdown_as(
        lambda: CredentialError(
            message("signing.trust-file-breaks-library-reads", path=path), hint=message("signing.get-anew")
        )
    ):
        certificates, crls = parse_certificates(data), parse_crls(data)
    if not certificates and not crls:
        raise CredentialError(
            message("signing.trust-file-holds-neither-certificate-nor", path=path),
            hint=message("signing.pem-or-der-expected"),
        )
    return certificates, crls


def parse_crls(data: bytes) -> list[bytes]:
    """Return the revocation lists of a PEM or DER file as DER; an empty list where there is none.

    A list whose issuer and dates cannot be read counts as none.
    """
    try:
        if _PEM_CRL not in data:
            found = [x509.load_der_x509_crl(data)]
        else:
            blocks = [_PEM_CRL + part.split(_END_CRL)[0] + _END_CRL for part in data.split(_PEM_CRL)[1:]]
            found = [x509.load_pem_x509_crl(block) for block in blocks]
        # Parsing is lazy: what is damaged shows only when it is asked for.
        readable = [crl for crl in found if crl.issuer and crl.last_update_utc]
        return [crl.public_bytes(Encoding.DER) for crl in readable if _has_readable_end(crl)]
    except UNREADABLE_X509:
        return []


def _has_readable_end(crl: x509.CertificateRevocationList) -> bool:
    try:
        return crl.next_update_utc is None or crl.next_update_utc >= crl.last_update_utc
    except UNREADABLE_X509:
        return False
