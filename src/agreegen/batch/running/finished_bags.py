"""Bags that a killed run finished, but did not tell the register of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from agreegen.archive.interface import SIGNATURE_NAME, BagLimits
from agreegen.archive.structure import BagContents, check_structure
from agreegen.batch.interface import Job
from agreegen.chain.signed_heads import Head
from agreegen.errors import InputError
from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.pki.signer_pin import fingerprint
from agreegen.recording.head_signatures import signer_of_bytes
from agreegen.recording.known_heads import HEADS_IN_BAG, read_known
from agreegen.recording.recorder import Recorder
from agreegen.register.interface import EventDraft, EventKind
from agreegen.register.view import RegisterView
from agreegen.signing.interface import Credential

_DOCUMENTS = "data/documents/"


def adopt_bags(job: Job, recorder: Recorder, credential: Credential, now: datetime) -> Iterator[Path]:
    """Record the whole bags of this register that it does not know, and yield each one.

    A bag is this register's if it carries heads of it and is signed by the job's credential. Its documents
    are recorded as archived where they are, byte for byte, those of the register, and nothing was recorded of
    them after the bag was made.
    """
    archive = job.archive
    assert archive is not None
    for bag in sorted(archive.bags.glob(f"{job.form.id}-*")):
        if not (bag / HEADS_IN_BAG).is_file() or recorder.register.knows_bag(bag.name):
            continue
        heads = _heads(bag, recorder.register)
        contents = check_structure(bag, BagLimits()) if heads else None
        if contents is None or contents.problems or not _is_signed(bag, contents, credential):
            continue
        drafts = list(_archived(recorder.register, bag, contents, heads))
        if drafts:
            recorder.record(drafts, now=now)
            yield bag


def _heads(bag: Path, register: RegisterView) -> list[Head]:
    try:
        heads = read_known([str(bag)]).heads
    except InputError:
        return []
    return [head for head in heads if head.chain_id == register.id]


def _is_signed(bag: Path, contents: BagContents, credential: Credential) -> bool:
    path = bag / SIGNATURE_NAME
    if contents.tag_manifest is None or not path.is_file():
        return False
    signer = signer_of_bytes(path.read_bytes(), contents.tag_manifest, _sm2_ids(credential))
    return signer is not None and signer.certificate_sha256 == fingerprint(credential.certificate_der)


def _sm2_ids(credential: Credential) -> tuple[str, ...]:
    own = credential.sm2_signer_id
    return (SM2_DEFAULT_ID,) if own is None else (SM2_DEFAULT_ID, own)


def _archived(
    register: RegisterView, bag: Path, contents: BagContents, heads: list[Head]
) -> Iterator[EventDraft]:
    covered = max(head.count for head in heads) + 1
    for path, sha256 in contents.right_payload.items():
        if not path.startswith(_DOCUMENTS):
            continue
        row = register.document_by_path(f"documents/{path.removeprefix(_DOCUMENTS)}")
        if row is None or not row.in_force or row.bag is not None or row.sha256 != sha256:
            continue
        document_id = row.registration.id
        if next(register.events(document_id, after=covered), None) is None:
            facts = {"bag": bag.name, "adopted": True}
            yield EventDraft(EventKind.ARCHIVED, document_id, sha256=sha256, details=facts)
