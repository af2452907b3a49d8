"""What a destruction would do: every file with its hash, the register's originals, who answers for it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agreegen.archive.interface import TAG_MANIFEST, BagLimits
from agreegen.archive.retention.periods import BagAge, DueState, age_of
from agreegen.archive.retention.records import DestroyedFile, DestructionOrder
from agreegen.archive.structure import check_structure
from agreegen.errors import UsageError
from agreegen.files import sha256_of, sha256_of_file
from agreegen.ledger.names import may_be
from agreegen.messages import message
from agreegen.model.retention import Retention
from agreegen.register.store import Register

_DOCUMENTS = "data/documents/"
_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants destroyed, and who answers for it.

    Attributes:
        bag: The bag's folder.
        approved_by: Who approved it (审批人).
        witness: Who watches (监销人).
        by: Who does it (清点人).
        reason: Why.
        today: The office's day.
        tells: Where it is to be recorded: `register`, `ledger`.
        retention: How long the bag is kept; None for what it says itself.
        before_due: Whether it may be destroyed before its period is over.
    """

    bag: Path
    approved_by: str
    witness: str
    by: str
    reason: str
    today: date
    tells: tuple[str, ...] = ()
    retention: Retention | None = None
    before_due: bool = False


def require_two_people(wish: Wish) -> None:
    """Refuse what one person alone wants, or for no reason.

    Raises:
        UsageError: A name or the reason is missing, or both names may be one person's.
    """
    for name in ("approved_by", "witness", "reason"):
        if not getattr(wish, name).strip():
            raise UsageError(message(f"archive.destroy-needs-{name.replace('_', '-')}"))
    if may_be(wish.approved_by, wish.witness):
        raise UsageError(
            message("archive.destroy-one-person", name=wish.witness),
            hint=message("archive.destroy-one-person.hint"),
        )


def require_over(wish: Wish, age: BagAge) -> None:
    """Refuse a bag whose period of retention is not over, or not known, unless that was asked for.

    Raises:
        UsageError: It is kept longer, or nobody says how long.
    """
    if wish.before_due or age.state is DueState.DUE:
        return
    if age.state is DueState.UNKNOWN:
        raise UsageError(
            message("archive.destroy-period-unknown", bag=wish.bag),
            hint=message("archive.destroy-period-unknown.hint"),
        )
    until = message("archive.permanent") if age.ends is None else age.ends
    raise UsageError(
        message("archive.destroy-too-early", bag=wish.bag, until=until),
        hint=message("archive.destroy-too-early.hint"),
    )


def plan_destruction(wish: Wish, register: Register | None) -> DestructionOrder:
    """Say what would be destroyed. Nothing is written.

    1. Every file below the bag, whatever it is, with size and hash; a link by where it leads.
    2. Of the register's documents, those that this bag holds as they are now: their files and scans.

    Raises:
        UsageError: There is no bag, or its period of retention is not over, or not known.
        OSError: A file cannot be read.
        RegisterError: The register cannot be read.
    """
    bag = wish.bag
    if bag.is_symlink() or not (bag / "bagit.txt").is_file():
        raise UsageError(
            message("archive.no-bag", bag=bag),
            hint=message("archive.name-folder-agreegen-archive-create-wrote"),
        )
    age = age_of(bag, wish.today, wish.retention)
    require_over(wish, age)
    contents = check_structure(bag, BagLimits())
    tags = bag / TAG_MANIFEST
    return DestructionOrder(
        bag=bag.name,
        tag_manifest_sha256=sha256_of_file(tags) if tags.is_file() else "",
        approved_by=wish.approved_by.strip(),
        witness=wish.witness.strip(),
        by=wish.by,
        reason=wish.reason.strip(),
        files=tuple(sorted(_files(bag), key=lambda file: file.path)),
        originals=() if register is None else tuple(_originals(bag, contents.payload, register)),
        tells=wish.tells,
        problems=tuple(problem.in_language("en") for problem in contents.problems[:_MOST_PROBLEMS]),
        retention_ends="" if age.ends is None else age.ends.isoformat(),
    )


def _files(bag: Path) -> Iterator[DestroyedFile]:
    for current, folders, names in os.walk(bag):
        linked = (name for name in folders if Path(current, name).is_symlink())
        for name in (*names, *linked):
            path = Path(current, name)
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                digest = sha256_of_file(path)
            else:
                digest = sha256_of(os.fsencode(path.readlink()) if path.is_symlink() else b"")
            yield DestroyedFile(path.relative_to(bag).as_posix(), status.st_size, digest)


def _originals(bag: Path, payload: dict[str, str], register: Register) -> Iterator[DestroyedFile]:
    """Yield the register's own files of documents that the bag holds as they are now."""
    for path, sha256 in sorted(payload.items()):
        if not path.startswith(_DOCUMENTS):
            continue
        row = register.document_by_path(f"documents/{path.removeprefix(_DOCUMENTS)}")
        if row is None or row.bag != bag.name or row.sha256 != sha256:
            continue
        kept = [(row.registration.path, row.sha256), *((scan.path, scan.sha256) for scan in row.scans)]
        for name, digest in kept:
            file = register.path.parent / name
            size = file.stat().st_size if file.is_file() else 0
            yield DestroyedFile(name, size, digest, row.registration.id)
