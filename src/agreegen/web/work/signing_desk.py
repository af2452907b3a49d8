"""What an office needs so that people sign on devices: authority, clock, the archive's certificate."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreegen.api import load_credential, load_timestamp_servers, load_trust, open_register
from agreegen.api.credentials import Trust, secrets_asked
from agreegen.api.devices import (
    Authority,
    DeviceSigning,
    TimestampClient,
    WaitingDocument,
    find_waiting,
    has_authority,
    key_still_here,
    read_recipient,
    require_recipient,
    waiting_documents,
)
from agreegen.errors import AgreegenError, CredentialError
from agreegen.files import sha256_of
from agreegen.messages import message
from agreegen.web.office import Office
from agreegen.web.store.batches import Batch
from agreegen.web.store.signings import Subject
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.verifying import policy_of

_AGREEMENT, _AGREEING_ROLE = "device-signing-agreement", "signer"
"""The form that people sign on paper, once, before they sign on devices; and their role in it."""


@dataclass(frozen=True, slots=True)
class DeskState:
    """Whether people can sign on devices here.

    Attributes:
        problem: Why they cannot; empty where they can.
        key_here: Whether the root's key was not taken away yet.
        timestamped: Whether signatures get a timestamp.
    """

    problem: str
    key_here: bool = False
    timestamped: bool = False


def desk_state(office: Office) -> DeskState:
    """Say whether people can sign on devices here."""
    folder = office.home.authority
    if not has_authority(folder):
        return DeskState("no-authority")
    try:
        archive_certificate(office)
    except (AgreegenError, OSError):
        return DeskState("no-archive")
    try:
        with open_signing(office) as signing:
            return DeskState("", bool(key_still_here(folder)), signing.timestamped)
    except (AgreegenError, OSError):
        return DeskState("no-key")


def register_asks(office: Office, batch: Batch) -> bool:
    """Tell whether whoever signs a batch's register has to be asked for a PIN: at a desk nobody can be."""
    named = office.settings.register_credential
    own = BatchFolder.of(office.home, batch).register_signer
    signer = own if named is None else office.home.folder / named
    try:
        return signer is not None and bool(secrets_asked(signer))
    except AgreegenError:
        return False  # told as it is used


@contextlib.contextmanager
def open_signing(office: Office) -> Iterator[DeviceSigning]:
    """Open what signs, for one step.

    Raises:
        CredentialError: The authority cannot be used.
    """
    home, settings = office.home, office.settings
    anchors = [home.trust] if any(home.trust.iterdir()) else []
    trust = load_trust(anchors) if anchors else Trust()
    with contextlib.ExitStack() as stack:
        authority = stack.enter_context(Authority.load(home.authority))
        client = None
        if settings.tsa:
            servers = load_timestamp_servers(home.services(settings.tsa))
            client = stack.enter_context(TimestampClient(servers, trust=trust))
        yield DeviceSigning(authority, trust, client, policy_of(home, settings))


def archive_certificate(office: Office) -> bytes:
    """Return the certificate to which strokes are encrypted: the archive's.

    Raises:
        CredentialError: None is named, or it cannot be used for this.
    """
    if office.settings.archive_certificate is not None:
        return read_recipient(office.home.folder / office.settings.archive_certificate)
    named = office.settings.archive_credential
    if named is None:
        raise CredentialError(
            message("web.no-archive-credential-named"),
            hint=message("web.name-archive-credential-office-yaml"),
        )
    credential = load_credential(office.home.folder / named)
    credential.close()
    require_recipient(credential.certificate_der)
    return credential.certificate_der


def search_waiting(office: Office, batch: Batch, text: str, most: int) -> list[WaitingDocument]:
    """Return documents of a batch that wait for their person; of a name or number where one is given."""
    folder = BatchFolder.of(office.home, batch)
    if not folder.register.is_file():
        return []
    with open_register(folder.register) as register:
        found = (each for each in waiting_documents(register) if _fits(text, each))
        return list(itertools.islice(found, most))


def _fits(text: str, waiting: WaitingDocument) -> bool:
    known = waiting.row.registration
    return not text or any(text in (value or "") for value in (known.name, known.staff_no, known.unit))


def agreed_numbers(office: Office) -> frozenset[str]:
    """Return the staff numbers of whom an agreement on signing electronically is on record."""
    found: set[str] = set()
    for batch in office.batches.all():
        folder = BatchFolder.of(office.home, batch)
        if batch.form != _AGREEMENT or not folder.register.is_file():
            continue
        with open_register(folder.register) as register:
            signed = (row for row in register.documents() if row.in_force and row.fulfilment(_AGREEING_ROLE))
            found.update(row.registration.staff_no or "" for row in signed)
    return frozenset(found - {""})


def look_up(office: Office, batch_id: str, document_id: str) -> WaitingDocument | None:
    """Return a document of a batch if it waits for its person."""
    batch = office.batches.find(batch_id)
    folder = None if batch is None else BatchFolder.of(office.home, batch)
    if folder is None or not folder.register.is_file():
        return None
    with open_register(folder.register) as register:
        return find_waiting(register, document_id)


def file_of(office: Office, batch_id: str, waiting: WaitingDocument) -> Path:
    """Return the file of a document of a batch."""
    return office.home.batches / batch_id / "output" / waiting.row.registration.path


def subject_of(office: Office, batch_id: str, waiting: WaitingDocument) -> Subject | None:
    """Return what is to be signed; None where the file is not the one that the register knows."""
    path = file_of(office, batch_id, waiting)
    digest = sha256_of(path.read_bytes()) if path.is_file() else ""
    if digest != waiting.row.sha256:
        return None
    known = waiting.row.registration
    return Subject(batch_id, known.id, digest, waiting.role.id, known.name)
