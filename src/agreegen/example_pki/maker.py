"""Making an example PKI: root, government CA, signers, timestamp and OCSP services, all fresh."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from agreegen.errors import MissingProgramError, UsageError
from agreegen.example_pki.certificates import (
    Authority,
    Key,
    example_subject,
    generate_rsa_keys,
    issue_authority,
    issue_crl,
    issue_recipient,
    issue_root,
    issue_service,
    issue_signer,
)
from agreegen.example_pki.layout import MARKER, MARKER_TEXT, ExamplePki
from agreegen.example_pki.pictures import draw_seal, draw_signature
from agreegen.example_pki.sm2_chain import issue_sm2_crl, make_sm2_chain
from agreegen.example_pki.subjects import (
    EXAMPLE_ORGANISATION,
    NAMES,
    PARTY_A,
    PEOPLE,
    Holder,
    default_holders,
)
from agreegen.files import sync_folder
from agreegen.messages import message
from agreegen.pki.sm2.backend import Sm2Backend, find_backend
from agreegen.temporary import OwnFolder

DEFAULT_PORT = 9000
_PARTS = ("credentials", "recipients", "trust", "responder", MARKER)
_PKCS12_ROUNDS = 20_000


def make_example_pki(
    folder: Path,
    *,
    now: datetime,
    key_bits: int = 3072,
    people: Sequence[tuple[str, str]] = PEOPLE,
    port: int = DEFAULT_PORT,
    force: bool = False,
) -> ExamplePki:
    """Make a throw-away PKI in a folder, whole or not at all.

    Args:
        folder: Where; made when missing.
        now: Aware time at which it is made; certificates are valid from one day earlier.
        key_bits: RSA key size of authorities and signers.
        people: Staff number and name of each person who gets a certificate.
        port: Port of the loopback services that the certificates point to.
        force: Replace an example PKI that stands there.

    Raises:
        UsageError: The folder holds something else, or an example PKI and `force` is false.
        OSError: The folder cannot be written; nothing is left behind.
    """
    _refuse_foreign(folder, force=force)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with OwnFolder(folder.parent, folder.name) as draft:
            backend = _sm2_backend()
            pki = ExamplePki(draft, port, tuple(people), sm2=backend is not None)
            _fill(pki, now.replace(microsecond=0), key_bits)
            if backend is not None:
                _write_sm2(pki, backend, now.replace(microsecond=0))
            _take_place(draft, folder)
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, str(folder)) from exc  # not the draft's name
    return ExamplePki.from_folder(folder)


def _refuse_foreign(folder: Path, *, force: bool) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(
            message("example_pki.not-folder", folder=folder),
            hint=message("example_pki.choose-another-folder"),
        )
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / MARKER).is_file():
        raise UsageError(
            message("example_pki.not-empty", folder=folder),
            hint=message("example_pki.choose-new-or-empty-folder"),
        )
    if not force:
        raise UsageError(
            message("example_pki.holds-example-pki-already", folder=folder),
            hint=message("example_pki.choose-another-folder-or-add-force"),
        )


def _take_place(draft: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for part in _PARTS:
        old = folder / part
        if old.is_dir():
            shutil.rmtree(old)
        (draft / part).replace(old)
    sync_folder(folder)


def _fill(pki: ExamplePki, now: datetime, key_bits: int) -> None:
    holders = default_holders(pki.people)
    root_key, ca_key, *keys = generate_rsa_keys(2 + len(holders), key_bits)
    root = issue_root(root_key, now)
    authority = issue_authority(root, ca_key, now, pki.addresses)
    for part in (pki.trust, pki.credentials / "people", pki.recipients, pki.keys):
        part.mkdir(parents=True)
    pki.keys.chmod(0o700)
    (pki.folder / MARKER).write_text(MARKER_TEXT, encoding="utf-8")
    _write_authorities(pki, [root, authority], now)
    _write_services(pki, authority, now)
    for holder, key in zip(holders, keys, strict=True):
        _write_signer(pki, authority, holder, key, now)
    _write_recipient(pki, authority, now)
    _write_secret(pki.keys / "pki.json", pki.to_json())


def _write_authorities(pki: ExamplePki, authorities: Sequence[Authority], now: datetime) -> None:
    for authority in authorities:
        _write_secret(pki.keys / f"{authority.name}.key", _key_pem(authority.key))
        _write_certificate(pki.keys / f"{authority.name}.pem", authority.certificate)
        crl = issue_crl(authority, now).public_bytes(Encoding.DER)
        (pki.trust / f"{authority.name}.crl").write_bytes(crl)
    _write_certificate(pki.trust / "root.pem", authorities[0].certificate)


def _write_services(pki: ExamplePki, authority: Authority, now: datetime) -> None:
    services = {
        "tsa": (NAMES["tsa"], ExtendedKeyUsageOID.TIME_STAMPING),
        "ocsp": (NAMES["ocsp"], ExtendedKeyUsageOID.OCSP_SIGNING),
    }
    for name, (title, usage) in services.items():
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = issue_service(authority, example_subject(title), key, now, pki.addresses, usage)
        _write_secret(pki.keys / f"{name}.key", _key_pem(key))
        _write_certificate(pki.keys / f"{name}.pem", certificate)


def _write_signer(
    pki: ExamplePki, authority: Authority, holder: Holder, key: rsa.RSAPrivateKey, now: datetime
) -> None:
    name = example_subject(holder.name, holder.unit, holder.number)
    certificate = issue_signer(authority, name, key, now, pki.addresses)
    stem = pki.credentials / holder.path
    passphrase = secrets.token_hex(16)
    protection = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_PKCS12_ROUNDS)
        .hmac_hash(hashes.SHA256())
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .build(passphrase.encode())
    )
    bundle = pkcs12.serialize_key_and_certificates(
        stem.name.encode(), key, certificate, [authority.certificate], protection
    )
    picture = draw_seal(holder.name) if holder.seal else draw_signature(holder.name)
    _write_secret(stem.with_suffix(".p12"), bundle)
    _write_secret(stem.with_suffix(".pass"), f"{passphrase}\n".encode())
    stem.with_suffix(".png").write_bytes(picture)
    stem.with_suffix(".yaml").write_text(_credential_text(holder, stem.name), encoding="utf-8")


def _write_recipient(pki: ExamplePki, authority: Authority, now: datetime) -> None:
    """Write the certificate that bags are sealed for, and its credential (ECDH on P-256)."""
    stem, key = pki.recipients / "archive-recipient", ec.generate_private_key(ec.SECP256R1())
    name = example_subject("EXAMPLE Archive", number="RECIPIENT")
    certificate = issue_recipient(authority, name, key, now, pki.addresses)
    _write_secret(stem.with_suffix(".key"), _key_pem(key))
    both = b"".join(each.public_bytes(Encoding.PEM) for each in (certificate, authority.certificate))
    stem.with_suffix(".pem").write_bytes(both)
    stem.with_suffix(".yaml").write_text(_opening_text("pem", stem.name), encoding="utf-8")


def _opening_text(kind: str, stem: str) -> str:
    about = f"# {EXAMPLE_ORGANISATION}: opens sealed bags, signs nothing\n"
    return f"{about}kind: {kind}\nkey: {stem}.key\ncertificate: {stem}.pem\n"


def _sm2_backend() -> Sm2Backend | None:
    try:
        return find_backend()
    except MissingProgramError:
        return None  # the PKI is whole without it, and says so in `ExamplePki.sm2`


def _write_sm2(pki: ExamplePki, backend: Sm2Backend, now: datetime) -> None:
    chain = make_sm2_chain(backend, now, pki.addresses)
    for authority in (chain.root, chain.authority):
        _write_secret(pki.keys / f"{authority.name}.key", authority.key_pem)
        (pki.keys / f"{authority.name}.pem").write_bytes(authority.certificate_pem)
        (pki.trust / f"{authority.name}.crl").write_bytes(issue_sm2_crl(backend, authority, now))
    (pki.trust / "sm2-root.pem").write_bytes(chain.root.certificate_pem)
    stem = pki.credentials / "sm2-seal"
    _write_secret(stem.with_suffix(".key"), chain.signing.key_pem)
    pair = chain.encryption.certificate_pem + chain.signing.certificate_pem
    stem.with_suffix(".pem").write_bytes(pair + chain.authority.certificate_pem)
    recipient = pki.recipients / "sm2-recipient"
    _write_secret(recipient.with_suffix(".key"), chain.encryption.key_pem)
    own = chain.encryption.certificate_pem + chain.authority.certificate_pem
    recipient.with_suffix(".pem").write_bytes(own)
    recipient.with_suffix(".yaml").write_text(_opening_text("sm2", recipient.name), encoding="utf-8")
    stem.with_suffix(".png").write_bytes(draw_seal(PARTY_A))
    stem.with_suffix(".yaml").write_text(
        f"# {EXAMPLE_ORGANISATION}: {PARTY_A}, SM2\n"
        "kind: sm2\n"
        "key: sm2-seal.key\n"
        "certificate: sm2-seal.pem\n"
        "appearance: {seal: sm2-seal.png}\n",
        encoding="utf-8",
    )


def _credential_text(holder: Holder, stem: str) -> str:
    return (
        f"# {EXAMPLE_ORGANISATION}: {holder.name}\n"
        "kind: pkcs12\n"
        f"file: {stem}.p12\n"
        f"passphrase: {{file: {stem}.pass}}\n"
        f"appearance: {{seal: {stem}.png}}\n"
    )


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_certificate(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(Encoding.PEM))


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(data)
