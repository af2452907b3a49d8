"""The home folder of an office that keeps bags: a seal, a timestamp service, a recipient's key with a PIN."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import yaml

from agreegen.example_pki.responder import Responder

SEAL = "archive-seal.yaml"
RECIPIENT = "archive-recipient.yaml"
_SIGNED = {"signatures": [{"role": "unit", "credential": "credentials/unit-seal.yaml", "level": "B-B"}]}


def furnish(home: Path, responder: Responder, pin: str) -> None:
    """Fill a home folder.

    Args:
        home: The folder, not there yet.
        responder: Answers requests for timestamps; its example PKI has the credentials.
        pin: What the recipient's credential asks for.
    """
    for name in ("credentials", "trust"):
        shutil.copytree(responder.pki.folder / name, home / name)
    for path in responder.pki.recipients.glob("archive-recipient.*"):
        shutil.copy(path, home / "credentials")
    plain = responder.pki.recipients / "archive-recipient.key"
    locked = home / "credentials" / plain.name
    files = ["-in", str(plain), "-out", str(locked)]
    subprocess.run(["openssl", "pkcs8", "-topk8", *files, "-passout", f"pass:{pin}"], check=True)
    text = "kind: pem\nkey: archive-recipient.key\ncertificate: archive-recipient.pem\n"
    (home / "credentials" / "archive-recipient.yaml").write_text(f"{text}passphrase: {{prompt: true}}\n")
    (home / "tsa.yaml").write_text(f"url: {responder.tsa_url}\n")
    settings = {
        "tsa": "tsa.yaml",
        "archive_credential": f"credentials/{SEAL}",
        "register_credential": f"credentials/{SEAL}",
        "forms": {"personal-pledge": {**_SIGNED, "defaults": {"pledge_date": "2018-05-10"}}},
    }
    (home / "office.yaml").write_text(yaml.safe_dump(settings))
