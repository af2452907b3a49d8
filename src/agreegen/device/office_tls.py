"""HTTPS by the office's own word: a root that is good for this network only, and a certificate of the server.

A device that takes the root trusts it for every site. So the root is critical in its name constraints
(RFC 5280, 4.2.1.10): private addresses and the names that the office has for this server, nothing else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from agreegen.files import write_atomically
from agreegen.messages import Message, message, translate

ROOT, ROOT_KEY = "tls-root.pem", "tls-root.key"
CERTIFICATE, KEY = "tls.pem", "tls.key"
_ROOT_LIFETIME = timedelta(days=3650)
_LIFETIME = timedelta(days=397)
"""What browsers take at most."""
_RENEWED_BEFORE = timedelta(days=30)
_SKEW = timedelta(hours=1)
_OWNER_ONLY = 0o600
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "::1/128",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
"""Addresses of private networks (RFC 1918, 3927, 4193, 4291)."""
_LOCAL_NAMES = ("localhost", "lan", "local", "internal", "home.arpa")
"""Names that nobody owns on the internet (RFC 6761, 6762, 8375)."""

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class OfficeTls:
    """The files with which a server speaks HTTPS.

    Attributes:
        certificate: Its certificate and the root, PEM.
        key: Its private key, PEM.
        root: The root that devices take, PEM.
        fingerprint: SHA-256 of the root's certificate, upper-case hex in pairs.
    """

    certificate: Path
    key: Path
    root: Path
    fingerprint: str


def office_tls(folder: Path, office: str, hosts: Collection[str], *, now: datetime) -> OfficeTls:
    """Return the office's own TLS files; what is missing, ends soon or lacks a host is made anew.

    The root is made anew only where its constraints do not permit a host: devices must take it again then.

    Args:
        folder: Of the office's authority.
        office: The office's name, as certificates show it.
        hosts: Names and addresses under which the server is reached.
        now: Aware UTC time.

    Raises:
        OSError: The folder cannot be written.
        ValueError: A file in it is no certificate or key.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = [_general_name(host) for host in sorted(set(hosts))]
    root, root_key = _root(folder, office, names, now)
    if not _is_good(folder / CERTIFICATE, folder / KEY, root, names, now):
        key = ec.generate_private_key(ec.SECP256R1())
        made = _server(root, root_key, key, names, now)
        write_atomically(folder / KEY, _key_pem(key), mode=_OWNER_ONLY)
        write_atomically(folder / CERTIFICATE, _pem(made) + _pem(root), mode=_OWNER_ONLY)
    return OfficeTls(folder / CERTIFICATE, folder / KEY, folder / ROOT, shown_fingerprint(root))


def shown_fingerprint(certificate: x509.Certificate) -> str:
    """Return SHA-256 of a certificate as devices show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def read_tls_root(folder: Path) -> tuple[bytes, str] | None:
    """Return the root's certificate (DER) and its fingerprint; None where there is none."""
    path = folder / ROOT
    if not path.is_file():
        return None
    root = x509.load_pem_x509_certificate(path.read_bytes())
    return root.public_bytes(Encoding.DER), shown_fingerprint(root)


def _root(
    folder: Path, office: str, names: list[x509.GeneralName], now: datetime
) -> tuple[x509.Certificate, Key]:
    path, key_path = folder / ROOT, folder / ROOT_KEY
    if path.is_file() and key_path.is_file():
        root = x509.load_pem_x509_certificate(path.read_bytes())
        key = load_pem_private_key(key_path.read_bytes(), None)
        permitted = root.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
        covered = all(_permits(permitted or [], name) for name in names)
        if isinstance(key, Key) and covered and now + _LIFETIME < root.not_valid_after_utc:
            return root, key
    key = ec.generate_private_key(ec.SECP256R1())
    root = _make_root(office, key, names, now)
    write_atomically(key_path, _key_pem(key), mode=_OWNER_ONLY)
    write_atomically(path, _pem(root), mode=_OWNER_ONLY)
    return root, key


def _make_root(office: str, key: Key, names: list[x509.GeneralName], now: datetime) -> x509.Certificate:
    subject = _name(office, message("device.name-tls-root"))
    permitted: list[x509.GeneralName] = [x509.IPAddress(each) for each in _PRIVATE]
    permitted += [x509.DNSName(each) for each in _LOCAL_NAMES]
    permitted += [_as_subtree(name) for name in names if not _permits(permitted, name)]
    usage = _usage(certificates=True)
    return (
        _builder(subject, subject, key, now, _ROOT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    root: x509.Certificate, root_key: Key, key: Key, names: list[x509.GeneralName], now: datetime
) -> x509.Certificate:
    # Without a common name: it would be held against the constraints, too.
    subject = x509.Name(
        [attribute for attribute in root.subject if attribute.oid == NameOID.ORGANIZATION_NAME]
    )
    return (
        _builder(subject, root.subject, key, now, _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _SKEW).not_valid_after(now - _SKEW + lifetime)


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _is_good(
    path: Path, key: Path, root: x509.Certificate, names: list[x509.GeneralName], now: datetime
) -> bool:
    """Say whether the server's certificate has the hosts, the root and some time left."""
    if not (path.is_file() and key.is_file()):
        return False
    found = x509.load_pem_x509_certificate(path.read_bytes())
    held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    below = found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    above = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    return set(names) == set(held) and below == above and now + _RENEWED_BEFORE < found.not_valid_after_utc


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host.lower())


def _as_subtree(name: x509.GeneralName) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_network(name.value)) if isinstance(name, x509.IPAddress) else name


def _permits(permitted: Collection[x509.GeneralName], name: x509.GeneralName) -> bool:
    if isinstance(name, x509.IPAddress):
        address = ipaddress.ip_address(str(name.value))
        networks = (ipaddress.ip_network(str(n.value)) for n in permitted if isinstance(n, x509.IPAddress))
        return any(address in network for network in networks)
    names = [str(each.value) for each in permitted if isinstance(each, x509.DNSName)]
    return any(name.value == each or str(name.value).endswith(f".{each}") for each in names)


def _name(office: str, what: Message) -> x509.Name:
    what_zh = translate(what, "zh")  # certificates are read in China, whatever their maker's language
    attributes = ((NameOID.ORGANIZATION_NAME, office), (NameOID.COMMON_NAME, f"{office}{what_zh}"))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in attributes])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
