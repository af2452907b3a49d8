"""How bags stand: how long each is kept, what of its proof ends first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.api import Ending, list_ages, list_endings
from agreegen.errors import AgreegenError, ArchiveError
from agreegen.foreign.confinement import ConfinedError, shared
from agreegen.foreign.limits import Limits
from agreegen.messages import foreign_text
from agreegen.web.work.archive.bag_folders import Bag

if TYPE_CHECKING:
    from agreegen.api.archives.retention import BagAge

_LIMITS = Limits(memory_bytes=2 << 30, cpu_s=60, wall_s=90.0)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a bag stands.

    Attributes:
        bag: The bag.
        age: How long it is kept; None where its folder says nothing.
        endings: What its proof rests on, with whether it is missing or ends soon; that first.
        problem: Why that cannot be told.
    """

    bag: Bag
    age: BagAge | None
    endings: tuple[tuple[Ending, bool], ...] = ()
    problem: AgreegenError | None = None

    @property
    def due(self) -> int:
        """How many things are missing or end soon."""
        return sum(is_due for _, is_due in self.endings)

    @property
    def stamped(self) -> bool:
        """Whether it has evidence records."""
        return bool(self.endings) and all(ending.kind != "no-evidence" for ending, _ in self.endings)


def standing_of(bag: Bag, policy: Path | None, within: timedelta) -> Standing:
    """Say how a bag stands; it is read in a process of its own, since others may have made it.

    Args:
        bag: The bag.
        policy: Validation policy; it says when algorithms end.
        within: What ends so soon is due.
    """
    try:
        age, found, problem = shared(_LIMITS).call(_look, bag.path, bag.is_there, policy, within)
    except ConfinedError as exc:
        return Standing(bag, None, problem=ArchiveError(foreign_text(exc)))
    # What is missing has no end, and is due.
    return Standing(bag, age, tuple(sorted(found, key=lambda each: not each[1])), problem)


def _look(
    path: Path, whole: bool, policy: Path | None, within: timedelta
) -> tuple[BagAge | None, list[tuple[Ending, bool]], AgreegenError | None]:
    """Look in the confined process."""
    age = next(iter(list_ages([path])), None)
    try:
        return age, list_endings([path], within=within, policy=policy) if whole else [], None
    except AgreegenError as exc:
        return age, [], exc
