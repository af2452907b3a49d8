"""Timing: samples of one thing, their spread, and ratios between two things of the same run."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MILLISECONDS = "ms"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity with its spread.

    Attributes:
        name: What was measured.
        unit: `ms`, `documents/s`, `MB`, …
        samples: At least one measured value.
        note: How it was measured, where the name does not say.
    """

    name: str
    unit: str
    samples: tuple[float, ...]
    note: str = ""

    def __post_init__(self) -> None:
        if not self.samples:
            raise ValueError(f"{self.name}: nothing was measured")

    @property
    def median(self) -> float:
        """The median of the samples."""
        return statistics.median(self.samples)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this figure."""
        return {
            "name": self.name,
            "unit": self.unit,
            "min": round(min(self.samples), 4),
            "median": round(self.median, 4),
            "max": round(max(self.samples), 4),
            "samples": len(self.samples),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times better one thing is than another, from medians of the same run.

    Attributes:
        name: What is compared with what.
        value: The factor.
        goal: The factor it should reach (`at_most`: must not exceed); None for no goal.
        at_most: Whether the goal is an upper bound.
    """

    name: str
    value: float
    goal: float | None = None
    at_most: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this ratio."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "goal": self.goal,
            "goal_is": None if self.goal is None else "at most" if self.at_most else "at least",
            "reached": self.reached,
        }


@dataclass(slots=True)
class Result:
    """What one suite found.

    Attributes:
        suite: Its name, as `--only` takes it.
        title: Its heading.
        figures: What was measured.
        ratios: What follows from it.
        notes: Conditions, and what could not be measured and why.
        busy_before: Share of the processors that other programs used just before, 0 to 1.
        seconds: How long the suite took.
    """

    suite: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    busy_before: float = 0.0
    seconds: float = 0.0

    def add(self, name: str, unit: str, samples: Sequence[float], note: str = "") -> Figure:
        """Add a figure and return it."""
        figure = Figure(name, unit, tuple(samples), note)
        self.figures.append(figure)
        return figure

    def add_all(self, samples: Mapping[str, Sequence[float]], unit: str = MILLISECONDS) -> None:
        """Add a figure for each entry of a table of samples."""
        for name, values in samples.items():
            self.add(name, unit, values)

    def compare(
        self, name: str, ours: float, other: float, goal: float | None = None, *, at_most: bool = False
    ) -> None:
        """Add the ratio `other / ours` of two times (swap them for two rates)."""
        self.ratios.append(Ratio(name, other / ours, goal, at_most))

    def missing(self, what: str, reason: object) -> None:
        """Note that something could not be measured."""
        self.notes.append(f"not available: {what} ({reason})")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this suite."""
        return {
            "suite": self.suite,
            "title": self.title,
            "seconds": round(self.seconds, 1),
            "busy_before": round(self.busy_before, 3),
            "figures": [figure.to_dict() for figure in self.figures],
            "ratios": [ratio.to_dict() for ratio in self.ratios],
            "notes": self.notes,
        }


def processor_seconds() -> float:
    """Return the processor time of this process and of all its children that ended, with theirs."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def time_ms(action: Callable[[], object]) -> float:
    """Run something once and return the milliseconds it took."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def alternate(
    actions: Mapping[str, Callable[[int], object]],
    rounds: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time several things in turn, round after round, so that a noisy moment touches all of them.

    Args:
        actions: Name → what to do in round `number`; one warm-up round with number 0 is not counted.
        rounds: Rounds that count, numbered from 1.
        clock: Gives seconds: of wall time, or of this process's processor time (`time.process_time`).

    Returns:
        Milliseconds of each round, by name.
    """
    for action in actions.values():
        action(0)
    samples: dict[str, list[float]] = {name: [] for name in actions}
    gc.collect()
    for number in range(1, rounds + 1):
        for name, action in actions.items():
            started = clock()
            action(number)
            samples[name].append((clock() - started) * 1000)
    return samples
