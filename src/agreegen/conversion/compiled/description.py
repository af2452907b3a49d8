"""`compiled.yaml`: what a compiled form was made from, and where its values stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

import yaml

from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.yaml_text import load_typed

ENGINE = "compiled/1"
"""Name and version of the engine in `agreegen.json`; another one when the same values give another page."""

DESCRIPTION_NAME = "compiled.yaml"

FLOWING = "flowing"
"""The kind that `compiled.yaml` names where text flows; it names none where values stand in their lines."""


class Align(StrEnum):
    """Which side of a line stays where it is."""

    LEFT = "left"
    RIGHT = "right"
    CENTRE = "centre"


class MadeFrom(Protocol):
    """What a compiled form of either kind says it was made from."""

    @property
    def template_sha256(self) -> str:
        """The template."""
        ...

    @property
    def description_sha256(self) -> str:
        """The `form.yaml`."""
        ...

    @property
    def fonts(self) -> Mapping[str, str]:
        """Font name in the template → SHA-256 of its font file."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a paragraph: fixed text, or the value of a field."""

    text: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a paragraph on the page.

    Attributes:
        y: Baseline as the page's content says it, in points.
        anchor: Twips of the side that stays (left, right; twice the middle), with the page's offset.
    """

    y: str
    anchor: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A paragraph that holds values.

    Attributes:
        parts: Its text.
        tag: Its tag in the page's content.
        mark: Its marked-content identifier.
        colour: Operator that sets its colour.
        font: Font name in the template.
        size: Font size in points.
        align: Which side stays.
        lines: Its lines.
        fits: Widest line in twips that is known to fit.
        breaks: Narrowest width in twips that is known not to.
    """

    parts: tuple[Part, ...]
    tag: str
    mark: int
    colour: str
    font: str
    size: float
    align: Align
    lines: tuple[Line, ...]
    fits: int
    breaks: int


@dataclass(frozen=True, slots=True)
class Base:
    """One base PDF: a combination of conditional clauses and of line counts.

    Attributes:
        file: File name beside the template.
        sha256: Of the file.
        conditions: Conditional clauses, true where printed.
        page: Number of the page that holds the slots, starting at 0.
        sequence: What the middle content stream holds: slots by number, other text as it stands.
        slots: The paragraphs with values.
    """

    file: str
    sha256: str
    conditions: Mapping[str, bool]
    page: int
    sequence: tuple[int | str, ...]
    slots: tuple[Slot, ...]

    @property
    def line_counts(self) -> tuple[int, ...]:
        """How many lines each slot has."""
        return tuple(len(slot.lines) for slot in self.slots)


@dataclass(frozen=True, slots=True)
class Description:
    """A compiled form.

    Attributes:
        template_sha256: The template that it was made from.
        description_sha256: The `form.yaml` that it was made from.
        fonts: Font name in the template → SHA-256 of the font file that the bases are set in.
        bases: In the order of making.
    """

    template_sha256: str
    description_sha256: str
    fonts: Mapping[str, str]
    bases: tuple[Base, ...]

    def to_yaml(self) -> bytes:
        """Write the description."""
        raw = {
            "format": 1,
            "engine": ENGINE,
            "template_sha256": self.template_sha256,
            "description_sha256": self.description_sha256,
            "fonts": dict(self.fonts),
            "bases": [_base_to_raw(base) for base in self.bases],
        }
        return write_description(raw)

    @classmethod
    def from_raw(cls, raw: Mapping[str, Any]) -> Description:
        """Take a description from what `read_description` returns.

        Raises:
            ConversionError: It is no such description.
        """
        try:
            return cls(
                template_sha256=str(raw["template_sha256"]),
                description_sha256=str(raw["description_sha256"]),
                fonts={str(name): str(value) for name, value in raw["fonts"].items()},
                bases=tuple(_base_from_raw(base) for base in raw["bases"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ConversionError(message("conversion.not-description-compiled-form", exc=exc)) from exc


def write_description(raw: Mapping[str, Any]) -> bytes:
    """Return `compiled.yaml`, of whatever kind of compiled form it is."""
    head = "# Made by `agreegen forms compile`; do not edit. Stale when the template or form.yaml changes.\n"
    return (head + yaml.safe_dump(dict(raw), allow_unicode=True, sort_keys=False, width=110)).encode()


def read_description(data: bytes) -> Mapping[str, Any]:
    """Read `compiled.yaml`, of whatever kind of compiled form it is.

    Raises:
        ConversionError: It is none, or another engine's.
    """
    try:
        raw = load_typed(data)
        if raw["format"] != 1 or raw["engine"] != ENGINE:
            raise ConversionError(message("conversion.made-another-engine", raw=raw["engine"]))
        return dict(raw)
    except (KeyError, TypeError, ValueError, AttributeError, yaml.YAMLError) as exc:
        raise ConversionError(message("conversion.not-description-compiled-form", exc=exc)) from exc


def _base_to_raw(base: Base) -> dict[str, Any]:
    raw = asdict(base)
    raw["sequence"] = list(base.sequence)
    raw["conditions"] = dict(base.conditions)
    for slot in raw["slots"]:
        slot["align"] = str(slot["align"])
        slot["parts"] = [{k: v for k, v in part.items() if v} for part in slot["parts"]]
        slot["lines"] = list(slot["lines"])
    raw["slots"] = list(raw["slots"])
    return raw


def _base_from_raw(raw: dict[str, Any]) -> Base:
    slots = tuple(
        Slot(
            parts=tuple(Part(**part) for part in slot["parts"]),
            tag=str(slot["tag"]),
            mark=int(slot["mark"]),
            colour=str(slot["colour"]),
            font=str(slot["font"]),
            size=float(slot["size"]),
            align=Align(slot["align"]),
            lines=tuple(Line(str(line["y"]), int(line["anchor"])) for line in slot["lines"]),
            fits=int(slot["fits"]),
            breaks=int(slot["breaks"]),
        )
        for slot in raw["slots"]
    )
    return Base(
        file=str(raw["file"]),
        sha256=str(raw["sha256"]),
        conditions={str(name): bool(value) for name, value in raw["conditions"].items()},
        page=int(raw["page"]),
        sequence=tuple(item if isinstance(item, int) else str(item) for item in raw["sequence"]),
        slots=slots,
    )
