"""Making the office's signing authority: a root whose key is taken away, an issuing key, and its own clock.

The root signs the issuing certificate once and nothing else afterwards, so its key need not stay here. The
issuing key lies in a credential of any kind. The office's own timestamp service stands beside the authority:
whoever trusts the one need not trust the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import yaml
from asn1crypto import pem, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from agreegen.device.certificate_building import (
    CertificatePlan,
    authority_extensions,
    key_extensions,
    signer_extensions,
)
from agreegen.errors import InputError, UsageError
from agreegen.files import refuse_existing, write_atomically
from agreegen.messages import Message, message, translate
from agreegen.signing.cms import signature_algorithm
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Mechanism

SETTINGS, POLICY = "authority.yaml", "policy.yaml"
ROOT, ISSUING, OWN_CLOCK = "root.pem", "issuing.pem", "tsa.pem"
ISSUING_CREDENTIAL, OWN_CLOCK_KEY = "issuing.yaml", "tsa.key"
ROOT_KEY = "TAKE-AWAY-root.key"
_ISSUING_KEY = "issuing.key"
_OWNER_ONLY = 0o600
_ROOT_YEARS, _ISSUING_YEARS, _CLOCK_YEARS = 20, 10, 10
_YEAR = timedelta(days=365)
_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_MOST_NAME = 40
"""Names of organisations have 64 characters in a certificate (RFC 5280, A.1), and ours adds words to it."""


@dataclass(frozen=True, slots=True)
class AuthorityPlan:
    """What an office wants.

    Attributes:
        office: Its name, as certificates show it.
        root_key: Where the root's key is written, to be taken away.
        credential: Credential that holds the issuing key; None for a new key in a file.
        clock: Whether a timestamp service of its own is made, too.
        trust: Folder of anchors, into which the certificate of that service goes.
    """

    office: str
    root_key: Path
    credential: Path | None
    clock: bool
    trust: Path

    def __post_init__(self) -> None:
        if not 0 < len(self.office) <= _MOST_NAME or not self.office.isprintable():
            raise UsageError(
                message("device.office-name", most=_MOST_NAME),
                hint=message("device.office-name.hint"),
            )


def make_authority(folder: Path, plan: AuthorityPlan, *, now: datetime) -> list[Path]:
    """Make the authority of an office; an existing one is never replaced.

    Args:
        folder: Where its files go.
        plan: What the office wants.
        now: Aware UTC time.

    Returns:
        The files written, the root's key first.

    Raises:
        UsageError: There is one already, or the root's key would be overwritten.
        CredentialError: The credential cannot be used.
        InputError: Its key is not of a kind that certificates can name.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / SETTINGS).exists():
        raise UsageError(
            message("device.authority-exists", folder=folder), hint=message("device.authority-exists.hint")
        )
    refuse_existing(plan.root_key, force=False)
    root_key = ec.generate_private_key(ec.SECP384R1())
    root_name = _name(plan.office, message("device.name-root"))
    names = root_name, root_name
    root = _certify(root_key, names, _spki(root_key.public_key()), authority_extensions(1), now, _ROOT_YEARS)
    credential, issuing_key, made = _issuing_key(folder, plan.credential)
    names = root_name, _name(plan.office, message("device.name-issuing"))
    issuing = _certify(root_key, names, issuing_key, authority_extensions(0), now, _ISSUING_YEARS)
    files: dict[Path, bytes] = {plan.root_key: _key_pem(root_key), folder / ROOT: root, **made}
    files |= {folder / ISSUING: issuing, folder / POLICY: _policy(plan.office)}
    if plan.clock:
        files |= _own_clock(folder, plan, now)
    settings = {"office": plan.office, "credential": credential}
    files[folder / SETTINGS] = yaml.safe_dump(settings, allow_unicode=True).encode()
    for path, data in files.items():  # the settings come last: without them there is no authority
        write_atomically(path, data, mode=_OWNER_ONLY)
    return list(files)


def _issuing_key(folder: Path, credential_file: Path | None) -> tuple[str, bytes, dict[Path, bytes]]:
    """Return how the settings name the issuing credential, its public key, and the files of a new one."""
    if credential_file is not None:
        credential = load_credential(credential_file)
        try:
            certificate = x509.Certificate.load(credential.certificate_der)
            return str(credential_file.resolve()), certificate.public_key.dump(), {}
        except ValueError as exc:
            raise InputError(
                message("device.credential-unusable", file=credential_file),
                hint=message("device.credential-unusable.hint"),
            ) from exc
        finally:
            credential.close()
    key = ec.generate_private_key(ec.SECP256R1())
    text = yaml.safe_dump({"kind": "pem", "key": _ISSUING_KEY, "certificate": ISSUING})
    files = {folder / _ISSUING_KEY: _key_pem(key), folder / ISSUING_CREDENTIAL: text.encode()}
    return ISSUING_CREDENTIAL, _spki(key.public_key()), files


def _own_clock(folder: Path, plan: AuthorityPlan, now: datetime) -> dict[Path, bytes]:
    """Make a service that is its own anchor; its name says whose word it is."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(plan.office, message("device.name-clock"))
    # Critical and alone: RFC 3161, 2.3.
    stamping = signer_extensions(_TIME_STAMPING, "digital_signature", purpose_critical=True)
    made = _certify(key, (name, name), _spki(key.public_key()), stamping, now, _CLOCK_YEARS)
    trusted = plan.trust / f"office-{OWN_CLOCK}"
    return {folder / OWN_CLOCK_KEY: _key_pem(key), folder / OWN_CLOCK: made, trusted: made}


def _certify(
    key: ec.EllipticCurvePrivateKey,
    names: tuple[x509.Name, x509.Name],
    public_key: bytes,
    extensions: list[x509.Extension],
    now: datetime,
    years: int,
) -> bytes:
    """Return a certificate in PEM, signed with a key by issuer and subject."""
    identifiers = key_extensions(public_key, _spki(key.public_key()))
    plan = CertificatePlan(*names, public_key, now, now + years * _YEAR, [*extensions, *identifiers])
    wide = isinstance(key.curve, ec.SECP384R1)
    algorithm = signature_algorithm(Mechanism.ECDSA_SHA384 if wide else Mechanism.ECDSA_SHA256)
    digest = ec.ECDSA(hashes.SHA384() if wide else hashes.SHA256())
    certificate = plan.build(algorithm, lambda message: key.sign(message, digest))
    return bytes(pem.armor("CERTIFICATE", certificate))


def _name(office: str, what: Message) -> x509.Name:
    what_zh = translate(what, "zh")  # certificates are read in China, whatever their maker's language
    return x509.Name.build({"organization_name": office, "common_name": f"{office}{what_zh}"})


def _spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _policy(office: str) -> bytes:
    text = yaml.safe_dump({"name": office, "device_authorities": [ROOT]}, allow_unicode=True, sort_keys=False)
    return text.encode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def has_authority(folder: Path) -> bool:
    """Say whether a folder holds an authority."""
    return (folder / SETTINGS).is_file()


def key_still_here(folder: Path) -> Sequence[Path]:
    """Return root keys that nobody has taken away from the authority's folder yet."""
    return sorted(folder.glob(f"*{ROOT_KEY}"))
