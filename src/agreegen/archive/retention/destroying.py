"""Destroying a bag: ordered and signed first, then done, then told to register and ledger, then confirmed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agreegen.archive.retention.planning import Wish, plan_destruction, require_two_people
from agreegen.archive.retention.records import (
    COMPLETION_NAME,
    ORDER_NAME,
    RECORD_SIGNATURE,
    DestructionOrder,
    destruction_folder,
    read_order,
)
from agreegen.archive.retention.tombstone_check import judge_order
from agreegen.archive.retention.tombstones import (
    enter_in_ledger,
    record_in_register,
    require_ledger_takes_it,
)
from agreegen.errors import ArchiveError, UsageError
from agreegen.files import sha256_of, sha256_of_file, sync_folder, write_atomically
from agreegen.messages import message
from agreegen.model.document import canonical_json
from agreegen.recording.ledger.writer import LedgerWriter
from agreegen.recording.recorder import Recorder
from agreegen.register.store import Register
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.detached import sign_detached
from agreegen.signing.interface import Credential, TimestampServer, Trust
from agreegen.temporary import OwnFolder
from agreegen.verification.detached import SealState
from agreegen.verification.interface import Options

_MOVED = "bag"


@dataclass(frozen=True, slots=True)
class Destroyer:
    """Who signs what a destruction leaves, and where it is told.

    Attributes:
        credential: Who signs order and completion; None for a dry run alone.
        now: Aware UTC time.
        trust: Anchors for the check before signing.
        tsa: Timestamp services for both signatures.
        register: The register whose documents the bag holds; None where there is none.
        open_recorder: Opens it to write; given together with it.
        open_ledger: Opens the ledger to write; None where it is not told.
    """

    credential: Credential | None
    now: datetime
    trust: Trust
    tsa: tuple[TimestampServer, ...] = ()
    register: Path | None = None
    open_recorder: Callable[[], AbstractContextManager[Recorder]] | None = None
    open_ledger: Callable[[], AbstractContextManager[LedgerWriter]] | None = None


@dataclass(frozen=True, slots=True)
class Destruction:
    """What was, or would be, destroyed.

    Attributes:
        order: The order.
        done: Whether it was carried out; else this was a dry run.
        resumed: Whether an order was there already, of a destruction that was interrupted.
        documents: Documents that the register was told of.
        entries: Entries that the ledger was given.
        left: Originals that were not the file any more that the order names, and stay.
    """

    order: DestructionOrder
    done: bool = False
    resumed: bool = False
    documents: int = 0
    entries: int = 0
    left: tuple[str, ...] = ()


def destroy_bag(wish: Wish, destroyer: Destroyer, *, confirm: str | None = None) -> Destruction:
    """Destroy a bag, or say what that would do. Killed at any moment, the same call takes it up again.

    1. The plan: every file with its hash. Without `confirm` that is all (a dry run).
    2. Register and ledger are opened for a moment: what would refuse the tombstone refuses it before.
    3. The order, signed, stands durably in `BAG.destroyed/`; the bag moves in there and is a bag no more.
    4. The register's own files of these documents are removed, where they are still what the order says.
    5. The bag is removed.
    6. The register records each document as destroyed; the ledger enters the bag's destruction.
    7. The completion, signed. Until it stands, the same call goes on from where it was.

    Removing files is no cleansing of the medium: what overwrites or shreds that is another act.

    Raises:
        UsageError: Both people are one, the code is another one, the bag is kept longer, or is gone already.
        ComplaintsError: The ledger refuses the entry; nothing was destroyed.
        ArchiveError: A file cannot be read or removed.
        RegisterError: Register or ledger cannot be written.
        SigningError: The order or the completion could not be signed.
    """
    require_two_people(wish)
    folder = destruction_folder(wish.bag)
    try:
        begun = read_order(folder)
        if begun is None:
            order = _plan(wish, destroyer)
            if confirm is None:
                return Destruction(order)
            _require_code(order, confirm)
        else:
            order = _require_same(begun, wish)
            _require_ours(folder, wish, destroyer)
            if wish.bag.exists() and not (folder / _MOVED).exists():
                _require_unchanged(order, _plan(wish, destroyer))
            if confirm is None:
                return Destruction(order, resumed=True)
            _require_code(order, confirm)
        _require_tombstones(order, destroyer)
        if begun is None:
            _give_order(folder, order, destroyer)
        done = _carry_out(wish.bag, folder, order, destroyer)
        return replace(done, resumed=begun is not None)
    except OSError as exc:
        raise ArchiveError(
            message("archive.cannot-destroyed", bag=wish.bag, exc=exc),
            hint=message("archive.cannot-destroyed.hint"),
        ) from exc


def _plan(wish: Wish, destroyer: Destroyer) -> DestructionOrder:
    if destroyer.register is None:
        return plan_destruction(wish, None)
    with Register.open(destroyer.register, read_only=True) as register:
        return plan_destruction(wish, register)


def _require_code(order: DestructionOrder, confirm: str) -> None:
    if confirm.strip().lower() != order.code:
        raise UsageError(
            message("archive.destroy-other-code", bag=order.bag),
            hint=message("archive.destroy-other-code.hint"),
        )


def _require_same(begun: DestructionOrder, wish: Wish) -> DestructionOrder:
    """Return an order that was interrupted; another wish does not take it up."""
    if begun.completed:
        raise UsageError(
            message("archive.destroyed-already", bag=wish.bag), hint=message("archive.destroyed-already.hint")
        )
    asked = (wish.approved_by.strip(), wish.witness.strip(), wish.reason.strip())
    if (begun.approved_by, begun.witness, begun.reason) != asked:
        raise UsageError(
            message("archive.destroy-begun-otherwise", bag=wish.bag),
            hint=message(
                "archive.destroy-begun-otherwise.hint",
                approved_by=begun.approved_by,
                witness=begun.witness,
                reason=begun.reason,
            ),
        )
    return begun


def _require_ours(folder: Path, wish: Wish, destroyer: Destroyer) -> None:
    """Refuse an order that somebody else put there: it would name what else is to be removed."""
    if destroyer.credential is None:
        raise UsageError(message("archive.destroy-needs-credential"))
    anchors = (*destroyer.trust.anchors_der, destroyer.credential.certificate_der)
    seal = judge_order(
        folder, Options(now=destroyer.now, anchors_der=anchors, crls_der=destroyer.trust.crls_der)
    )
    if seal.state is not SealState.VALID:
        raise ArchiveError(
            message("archive.destroy-order-not-ours", bag=wish.bag, folder=folder),
            hint=message("archive.destroy-order-not-ours.hint"),
        )


def _require_unchanged(order: DestructionOrder, now: DestructionOrder) -> None:
    """Refuse a bag that took the place of the one that the order names."""
    if (order.files, order.tag_manifest_sha256) != (now.files, now.tag_manifest_sha256):
        raise UsageError(
            message("archive.destroy-other-bag", bag=order.bag),
            hint=message("archive.destroy-other-code.hint"),
        )


def _require_tombstones(order: DestructionOrder, destroyer: Destroyer) -> None:
    """Refuse before anything is gone what could not be recorded afterwards."""
    if destroyer.credential is None:
        raise UsageError(message("archive.destroy-needs-credential"))
    check_credential(destroyer.credential, destroyer.trust, destroyer.now)
    there = {"register": destroyer.open_recorder, "ledger": destroyer.open_ledger}
    for name in order.tells:
        if there[name] is None:
            raise UsageError(message(f"archive.destroy-needs-{name}"))
    if destroyer.open_recorder is not None:
        with destroyer.open_recorder():
            pass
    if destroyer.open_ledger is not None:
        with destroyer.open_ledger() as writer:
            require_ledger_takes_it(writer, order)


def _give_order(folder: Path, order: DestructionOrder, destroyer: Destroyer) -> None:
    data = order.to_json()
    with OwnFolder(folder.parent, folder.name) as draft:
        write_atomically(draft / f"{ORDER_NAME}{RECORD_SIGNATURE}", _sign(data, destroyer))
        write_atomically(draft / ORDER_NAME, data, mode=0o600)
        draft.rename(folder)
        sync_folder(folder.parent)


def _carry_out(bag: Path, folder: Path, order: DestructionOrder, destroyer: Destroyer) -> Destruction:
    moved = folder / _MOVED
    if bag.exists() and not moved.exists():
        bag.rename(moved)
        sync_folder(bag.parent)
    left = () if destroyer.register is None else _remove_originals(destroyer.register.parent, order)
    if moved.exists():
        _remove_bag(moved)
    documents = entries = 0
    if destroyer.open_recorder is not None:
        with destroyer.open_recorder() as recorder:
            documents = record_in_register(recorder, order, destroyer.now)
    if destroyer.open_ledger is not None:
        with destroyer.open_ledger() as writer:
            entries = enter_in_ledger(writer, order)
    _complete(folder, order, destroyer, left)
    return Destruction(order, done=True, documents=documents, entries=entries, left=left)


def _remove_originals(root: Path, order: DestructionOrder) -> tuple[str, ...]:
    """Remove the register's own files, as long as each is what the order names; return what stays."""
    left, folders = [], set()
    for file in order.originals:
        path = root / file.path
        if path.is_symlink() or not path.resolve().is_relative_to(root.resolve()):
            left.append(file.path)
        elif path.is_file():
            if sha256_of_file(path) == file.sha256:
                path.unlink()
                folders.add(path.parent)
            else:
                left.append(file.path)
    for folder in folders:
        sync_folder(folder)
    return tuple(left)


def _remove_bag(moved: Path) -> None:
    shutil.rmtree(moved)
    sync_folder(moved.parent)


def _complete(folder: Path, order: DestructionOrder, destroyer: Destroyer, left: tuple[str, ...]) -> None:
    facts = {
        "schema": "agreegen/destruction-completed/1",
        "bag": order.bag,
        "order_sha256": sha256_of(order.to_json()),
        "completed_at": destroyer.now.isoformat().replace("+00:00", "Z"),
        "register": destroyer.open_recorder is not None,
        "ledger": destroyer.open_ledger is not None,
        "left": list(left),
    }
    data = canonical_json(facts) + b"\n"
    write_atomically(folder / f"{COMPLETION_NAME}{RECORD_SIGNATURE}", _sign(data, destroyer))
    write_atomically(folder / COMPLETION_NAME, data)
    with contextlib.suppress(OSError):  # so far it was its owner's only
        folder.chmod(0o755)


def _sign(data: bytes, destroyer: Destroyer) -> bytes:
    assert destroyer.credential is not None  # asked for before
    return sign_detached(data, destroyer.credential, destroyer.now, destroyer.tsa, trust=destroyer.trust)
