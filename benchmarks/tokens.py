"""Keys on a SoftHSM2 token, measured in a process of their own, since a module is loaded once a process."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from agreegen.errors import MissingProgramError
from agreegen.messages import foreign_text
from agreegen.model.report import PadesLevel
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import SigningRequest
from agreegen.signing.pades import BatchSigner
from agreegen.signing.prepared import SigningIdentity
from benchmarks.measure import alternate
from benchmarks.samples import UNIT_ROLE
from benchmarks.stock import CachedSigner

_MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm2.so"),
)
_TOKEN, _PIN = "bench", "73915"
_NAMES = {"rsa": "RSA-3072", "p256": "P-256"}


def measure_token(
    folder: Path, label: str, pdfs: Sequence[bytes], rounds: int, now: datetime
) -> dict[str, list[float]]:
    """Make a token with one key and time raw signatures, our signatures and pyHanko's `PKCS11Signer`.

    Raises:
        MissingProgramError: SoftHSM2 or OpenSC is not installed.
    """
    module = next((path for path in _MODULES if path.is_file()), None)
    if module is None or not shutil.which("softhsm2-util") or not shutil.which("pkcs11-tool"):
        raise MissingProgramError(foreign_text("softhsm2 or opensc is not installed"))
    credential = _make_token(folder, module, label, now)
    ours = _in_process(_measure_ours, credential, label, list(pdfs), rounds, now)
    return ours | _in_process(_measure_stock, module, label, list(pdfs), max(3, rounds // 5))


def _in_process(measure: Callable[..., dict[str, list[float]]], *arguments: object) -> dict[str, list[float]]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, *arguments).result(timeout=300)


def _make_token(folder: Path, module: Path, label: str, now: datetime) -> Path:
    (folder / "tokens").mkdir(parents=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)  # inherited by the programs and the measuring process
    key = rsa.generate_private_key(65537, 3072) if label == "rsa" else ec.generate_private_key(ec.SECP256R1())
    pem = folder / "key.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate = folder / "certificate.der"
    certificate.write_bytes(_certificate(key, now))
    _run("softhsm2-util", "--init-token", "--free", "--label", _TOKEN, "--pin", _PIN, "--so-pin", _PIN * 2)
    names = ["--label", label, "--id", "a1"]
    _run("softhsm2-util", "--import", pem, "--token", _TOKEN, *names, "--pin", _PIN)
    tool: list[str | Path] = [
        "pkcs11-tool",
        "--module",
        module,
        "--token-label",
        _TOKEN,
        "--login",
        "--pin",
        _PIN,
    ]
    _run(*tool, "--write-object", certificate, "--type", "cert", *names)
    pin = folder / "pin"
    pin.write_text(_PIN)
    pin.chmod(0o600)
    credential = folder / "token.yaml"
    credential.write_text(
        f"kind: pkcs11\nmodule: {module}\ntoken: {_TOKEN}\nlabel: {label}\npin: {{file: pin}}\n", "utf-8"
    )
    return credential


def _certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, now: datetime) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "EXAMPLE token")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.KeyUsage(True, True, *[False] * 7), critical=True)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _run(*arguments: str | Path) -> None:
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{arguments[0]}: {done.stderr or done.stdout}")


def _measure_ours(
    credential_file: Path, label: str, pdfs: list[bytes], rounds: int, now: datetime
) -> dict[str, list[float]]:
    name = _NAMES[label]
    credential = load_credential(credential_file)
    signer = BatchSigner(SigningIdentity.of(credential), SigningRequest(UNIT_ROLE, PadesLevel.B_B, now))
    message = signer.prepare(pdfs[0]).attributes

    def sign(number: int) -> bytes:
        prepared = signer.prepare(pdfs[number % len(pdfs)])
        return signer.finish(prepared, credential.signer.sign(prepared.attributes)).data

    times = alternate(
        {
            f"PKCS#11 {name}, raw signature of the token": lambda _: credential.signer.sign(message),
            f"PKCS#11 {name}": sign,
        },
        rounds,
    )
    credential.close()
    return times


def _measure_stock(module: Path, label: str, pdfs: list[bytes], rounds: int) -> dict[str, list[float]]:
    # Imported here, as the extra `pkcs11` is optional.
    from pyhanko.config.pkcs11 import TokenCriteria  # noqa: PLC0415
    from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session  # noqa: PLC0415

    def sign(number: int) -> bytes:
        # As documented: a session and a signer, then `sign_pdf`, which signs once more to find the size.
        with open_pkcs11_session(
            str(module), token_criteria=TokenCriteria(label=_TOKEN), user_pin=_PIN
        ) as session:
            raw = label == "p256"
            signer = PKCS11Signer(session, key_label=label, cert_label=label, use_raw_mechanism=raw)
            one = CachedSigner(signer, UNIT_ROLE)
            try:
                return one.sign_anew(pdfs[number % len(pdfs)])
            finally:
                one.close()

    return alternate({f"PKCS#11 {_NAMES[label]}, stock pyHanko": sign}, rounds)
