"""Which bags are due: when each was made, how long it is kept, when that ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from agreegen.archive.interface import RETENTION_LABEL
from agreegen.archive.manifests import ManifestError, parse_info
from agreegen.archive.retention.records import destruction_folder, read_order
from agreegen.archive.retention.tombstone_check import is_genuine
from agreegen.files import TEMPORARY_PREFIX, read_limited
from agreegen.model.retention import Retention
from agreegen.pki.signer_pin import SignerPin
from agreegen.verification.interface import Options

_INFO = "bag-info.txt"
_MOST_INFO_BYTES = 1 << 20
_MOST_DEEP = 6


class DueState(StrEnum):
    """Where a bag is in its period of retention."""

    DUE = "due"
    KEPT = "kept"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    BEGUN = "destruction-begun"
    DESTROYED = "destroyed"
    UNPROVED = "destruction-unproved"


@dataclass(frozen=True, slots=True)
class BagAge:
    """How long a bag is kept.

    Attributes:
        bag: Its folder.
        state: Where it is.
        made: When it was made (Bagging-Date); None where it does not say.
        retention: How long it is kept; None where nobody says.
        ends: The first day on which that is over; None where it never is, or nobody knows.
    """

    bag: Path
    state: DueState
    made: date | None = None
    retention: Retention | None = None
    ends: date | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `archive due --json`."""
        return {
            "bag": str(self.bag),
            "state": self.state.value,
            "made": None if self.made is None else self.made.isoformat(),
            "retention": None if self.retention is None else str(self.retention),
            "ends": None if self.ends is None else self.ends.isoformat(),
        }


def ages_below(
    paths: Iterable[Path],
    today: date,
    options: Options,
    retention: Retention | None = None,
    signer: SignerPin | None = None,
) -> Iterator[BagAge]:
    """Yield every bag, and every bag that was destroyed, at some paths and below; each once.

    Args:
        paths: Bags, or folders that hold some.
        today: The office's day.
        options: Anchors for the records of destructions; without any, these must only hold together.
        retention: How long all of them are kept; None for what each bag says itself.
        signer: Who must have signed the records of destructions; None for any person whom the anchors trust.

    Raises:
        OSError: A folder cannot be read.
    """
    seen: set[Path] = set()
    for path in paths:
        for bag in sorted(_bags(path, _MOST_DEEP)):
            if bag.resolve() in seen:
                continue
            seen.add(bag.resolve())
            if _is_bag(bag):
                yield age_of(bag, today, retention)
            else:
                yield BagAge(bag, _what_became_of(bag, options, signer))


def age_of(bag: Path, today: date, retention: Retention | None = None) -> BagAge:
    """Say how long a bag is kept; see `ages_below`."""
    info = _info(bag)
    made, period = _made(info), retention or _period(info)
    if period is None or made is None:
        return BagAge(bag, DueState.UNKNOWN, made, period)
    ends = period.ends(made)
    if ends is None:
        return BagAge(bag, DueState.PERMANENT, made, period)
    return BagAge(bag, DueState.DUE if ends <= today else DueState.KEPT, made, period, ends)


def _is_bag(path: Path) -> bool:
    return (path / "bagit.txt").is_file()


def _what_became_of(bag: Path, options: Options, signer: SignerPin | None) -> DueState:
    """Say what the record beside a bag that is gone says, where it is genuine."""
    folder = destruction_folder(bag)
    order = read_order(folder)
    if order is None or not order.completed:
        return DueState.BEGUN
    return DueState.DESTROYED if is_genuine(folder, options, signer) else DueState.UNPROVED


def _bags(path: Path, deeper: int) -> Iterator[Path]:
    if _is_bag(path) or _was_destroyed(path):
        yield path
        return
    if deeper == 0 or not path.is_dir() or path.is_symlink():
        return
    for child in path.iterdir():
        if child.name.startswith(TEMPORARY_PREFIX):
            continue
        destroyed = child.with_name(child.name.removesuffix(destruction_folder(child).suffix))
        if destroyed != child and not _is_bag(child):
            if _was_destroyed(destroyed):
                yield destroyed
        else:
            yield from _bags(child, deeper - 1)


def _was_destroyed(bag: Path) -> bool:
    return not bag.exists() and read_order(destruction_folder(bag)) is not None


def _info(bag: Path) -> dict[str, str]:
    try:
        pairs = parse_info(read_limited(bag / _INFO, _MOST_INFO_BYTES))
    except (OSError, ManifestError):
        return {}
    return {label.lower(): value for label, value in pairs}


def _made(info: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(info.get("bagging-date", ""))
    except ValueError:
        return None


def _period(info: dict[str, str]) -> Retention | None:
    try:
        return Retention.parse(info.get(RETENTION_LABEL.lower(), ""))
    except ValueError:
        return None
