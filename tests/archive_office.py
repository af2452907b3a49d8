"""An office that keeps bags: a seal, a timestamp service, a recipient's key with a PIN, two officers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from agreegen.example_pki.responder import Responder
from agreegen.web.accounts import add_user
from agreegen.web.store.users import Role
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.commands.children import Child, ChildState
from tests.integration.batch_support import make_pki
from tests.integration.test_web_batches import folder_of, upload, wait
from tests.web_office import PASSWORD, Visit, WebOffice, serving

SEAL = "archive-seal.yaml"
RECIPIENT = "archive-recipient.yaml"
_SIGNED = {"signatures": [{"role": "unit", "credential": "credentials/unit-seal.yaml", "level": "B-B"}]}
PIN = "7391-correct-pin"


@dataclass(frozen=True, slots=True)
class ArchiveOffice:
    """An office that keeps bags, at work.

    Attributes:
        web: Its server; besides an account of every role it has the officer `second`, 李四.
        responder: Answers requests for timestamps; its example PKI has the credentials.
    """

    web: WebOffice
    responder: Responder

    def second(self) -> Visit:
        """Visit it as the other officer."""
        visit = self.web.stranger()
        assert visit.post("/login", {"name": "second", "password": PASSWORD}).status_code == 303
        return visit

    def recipient(self) -> bytes:
        """Return the certificate for which bags are encrypted."""
        return (self.responder.pki.recipients / "archive-recipient.pem").read_bytes()

    def make_batch(self, rows: int = 3) -> BatchFolder:
        """Make a batch of signed documents."""
        visit = self.web.visit(Role.OFFICER)
        path = upload(visit, rows)
        folder = folder_of(self.web.office.home.folder, path)
        assert ended(folder.check) == 0, folder.check.last_words("en")
        visit.post(f"{path}/run")
        assert ended(folder.run) == 0, folder.run.last_words("en")
        return folder


def ended(child: Child) -> int | None:
    """Wait for a command; return its exit code."""
    wait(lambda: child.state is ChildState.ENDED)
    return child.exit_code


@contextmanager
def archive_office(place: Path, *, seal: str = SEAL) -> Iterator[ArchiveOffice]:
    """Serve an office that keeps bags.

    Args:
        place: An empty folder, for its home and an example PKI.
        seal: The credential file that signs its bags.
    """
    make_pki(place / "pki")
    with Responder(place / "pki", port=0) as responder:
        _furnish(place / "home", responder, seal)
        with serving(place / "home") as web:
            add_user(web.office, "second", "李四", Role.OFFICER, PASSWORD)
            yield ArchiveOffice(web, responder)


def ask_for_pin(home: Path, name: str) -> str:
    """Let a credential of an office ask for its passphrase, which it kept in a file; return that."""
    credential = home / "credentials" / f"{name}.yaml"
    kept = credential.with_suffix(".pass")
    pin = kept.read_text().strip()
    kept.unlink()
    text = credential.read_text()
    credential.write_text(text.replace(f"{{file: {kept.name}}}", "{prompt: true}"))
    return pin


def lock_key(key: Path, target: Path, pin: str = PIN) -> None:
    """Write a copy of a key that asks for a PIN."""
    files = ["-in", str(key), "-out", str(target)]
    subprocess.run(["openssl", "pkcs8", "-topk8", *files, "-passout", f"pass:{pin}"], check=True)


def _furnish(home: Path, responder: Responder, seal: str) -> None:
    for name in ("credentials", "trust"):
        shutil.copytree(responder.pki.folder / name, home / name)
    for path in responder.pki.recipients.glob("archive-recipient.*"):
        shutil.copy(path, home / "credentials")
    plain = responder.pki.recipients / "archive-recipient.key"
    lock_key(plain, home / "credentials" / plain.name)
    text = "kind: pem\nkey: archive-recipient.key\ncertificate: archive-recipient.pem\n"
    (home / "credentials" / "archive-recipient.yaml").write_text(f"{text}passphrase: {{prompt: true}}\n")
    (home / "tsa.yaml").write_text(f"url: {responder.tsa_url}\n")
    settings = {
        "tsa": "tsa.yaml",
        "archive_credential": f"credentials/{seal}",
        "register_credential": f"credentials/{SEAL}",
        "forms": {"personal-pledge": {**_SIGNED, "defaults": {"pledge_date": "2018-05-10"}}},
    }
    (home / "office.yaml").write_text(yaml.safe_dump(settings))
