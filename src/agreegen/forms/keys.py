"""Keys of `form.yaml`: every mistake is kept with its line and its remedy, and reading goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import yaml

from agreegen.errors import InputError
from agreegen.messages import Message, message
from agreegen.model.complaint import Complaint, ComplaintsError, Location
from agreegen.yaml_text import YamlText, compose

_MANUAL = message("forms.docs-forms-md-explains-every-key")

T = TypeVar("T")


_MOST_TOLD = 200


class Mistakes:
    """The mistakes of one description.

    Args:
        file: The file.
        data: Its bytes, for the lines.

    Attributes:
        broken: Kinds and names of parts that could not be read, such as `field unit`.
        places: Kind and name of every other part → its key.
    """

    def __init__(self, file: Path, data: bytes) -> None:
        self.file = file
        self.broken: set[str] = set()
        self.places: dict[str, str] = {}
        self._lines = dict(_find_lines(compose(data), ""))
        self._found: list[Complaint] = []

    def report(self, place: str, problem: Message, remedy: Message = _MANUAL) -> None:
        """Keep a mistake.

        Args:
            place: Its key, such as `fields[2].type`.
            problem: What is wrong.
            remedy: What would be right.
        """
        if len(self._found) >= _MOST_TOLD:
            return  # whoever mends two hundred runs the check again
        line = self._line(place)
        where = message("forms.line", file=self.file, line=line) if line else str(self.file)
        self._found.append(Complaint(Location(file=where, field=place or None), problem, remedy))

    def has_broken(self, field: str) -> bool:
        """Tell whether a field could not be read: what refers to it is not wrong, too."""
        return f"field {field}" in self.broken

    def refuse(self) -> None:
        """Refuse a description with mistakes.

        Raises:
            InputError: There is one.
            ComplaintsError: There are several; carries all.
        """
        if len(self._found) == 1:
            (only,) = self._found
            mistake = message(
                "forms.mistake", file=only.location.file, field=only.location.field, problem=only.problem
            )
            raise InputError(mistake, hint=only.remedy or _MANUAL)
        if self._found:
            raise ComplaintsError(
                message("forms.has-mistakes", file=self.file, count=len(self._found)),
                self._found,
                hint=message("forms.mend-all-them-any-order"),
            )

    def _line(self, place: str) -> int | None:
        """Return the line of a key, of what holds it where it is missing."""
        while place and place not in self._lines:
            place = max(place.rpartition(".")[0], place.rpartition("[")[0], key=len)
        return self._lines.get(place)


def _find_lines(node: yaml.Node | None, place: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value, start=1):
            yield f"{place}[{number}]", item.start_mark.line + 1
            yield from _find_lines(item, f"{place}[{number}]")
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{place}.{key.value}" if place else str(key.value)
            yield name, key.start_mark.line + 1
            yield from _find_lines(value, name)


class Keys:
    """One mapping of the description; a getter that finds a mistake keeps it and gives something harmless.

    Args:
        mistakes: Where mistakes go.
        where: The mapping's own key.
        node: The mapping.
        known: The keys that may stand in it.
    """

    def __init__(self, mistakes: Mistakes, where: str, node: YamlText, known: set[str]) -> None:
        self.mistakes, self.where = mistakes, where
        self.node: dict[str, YamlText] = node if isinstance(node, dict) else {}
        self.count = 0
        if not isinstance(node, dict):
            self.error("", message("forms.must-keys-values"))
        for key in self.node:
            if key not in known:
                self.error(
                    key, message("forms.unknown-key"), message("forms.known", value=tuple(sorted(known)))
                )

    @property
    def failed(self) -> bool:
        """Whether this mapping itself has a mistake."""
        return self.count > 0

    def error(self, key: str, problem: Message, remedy: Message = _MANUAL) -> None:
        """Keep a mistake at a key."""
        self.count += 1
        self.mistakes.report(self.place(key), problem, remedy)

    def place(self, key: str) -> str:
        """Return the whole name of a key."""
        return ".".join(part for part in (self.where, key) if part)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text."""
        node = self.node.get(key, default)
        if node is None:
            self.error(key, message("forms.missing"), message("forms.add", key=key))
        elif not isinstance(node, str):
            self.error(key, message("forms.must-single-text"))
        elif not node.strip() and default is None:
            self.error(key, message("forms.must-not-empty"))
        else:
            return node
        return default or ""

    def maybe(self, key: str) -> str | None:
        """Return a text, or None where it is not given."""
        return self.text(key) or None if key in self.node else None

    def choice(self, key: str, known: list[str]) -> str:
        """Return one of several words."""
        count, text = self.count, self.text(key)
        if self.count == count and text not in known:
            self.error(
                key,
                message("forms.must-one-found", known=tuple(known), text=text),
                message("forms.write-one", known=tuple(known)),
            )
        return text if text in known else known[0]

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        count, text = self.count, self.text(key, None if default is None else str(default).lower())
        if self.count == count and text not in {"true", "false"}:
            self.error(
                key,
                message("forms.must-true-or-false-found", text=text),
                message("forms.write-true-or-false", key=key),
            )
        return text == "true"

    def number(self, key: str, default: float | None = None) -> float:
        """Return millimetres."""
        count, text = self.count, self.text(key, None if default is None else str(default))
        if self.count > count:
            return 1.0
        try:
            value = float(text)
        except ValueError:
            self.error(
                key,
                message("forms.must-number-found", text=text),
                message("forms.write-millimetres-such-40-or-13"),
            )
            return 1.0
        if not -1000 <= value <= 1000:  # larger than any page, in millimetres; also refuses nan
            self.error(
                key,
                message("forms.must-lie-between-1000-1000-found", text=text),
                message("forms.write-millimetres"),
            )
            return 1.0
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """Return a whole number."""
        count, text = self.count, self.text(key, None if default is None else str(default))
        if self.count > count:
            return 1
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000):
            self.error(
                key,
                message("forms.must-whole-number-from-1-100000", text=text),
                message("forms.write-1-say", key=key),
            )
            return 1
        return int(text)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        node = self.node.get(key, [])
        if not isinstance(node, list) or not all(isinstance(item, str) and item.strip() for item in node):
            self.error(key, message("forms.must-list-texts"), message("forms.write-one-two", key=key))
            return ()
        return tuple(str(item) for item in node)

    def labels(self, key: str) -> tuple[str, str]:
        """Return the Chinese and the English label."""
        if key not in self.node:
            self.error(key, message("forms.missing"), message("forms.write-zh-en-name", key=key))
            return "", ""
        inner = Keys(self.mistakes, self.place(key), self.node[key], {"zh", "en"})
        labels = inner.text("zh"), inner.text("en")
        self.count += inner.count
        return labels

    def each(self, key: str, read: Callable[[Item], T | None], *, optional: bool = False) -> tuple[T, ...]:
        """Return what a reader makes of each item of a list; what it cannot read is left out."""
        node = self.node.get(key, [] if optional else None)
        if node is None:
            self.error(key, message("forms.missing"), message("forms.add-list", key=key))
        elif not isinstance(node, list) or not (node or optional):
            self.error(
                key, message("forms.must-list") if optional else message("forms.must-list-least-one-entry")
            )
        else:
            items = (read((self.mistakes, f"{key}[{n}]", item)) for n, item in enumerate(node, start=1))
            return tuple(item for item in items if item is not None)
        return ()


Item = tuple[Mistakes, str, YamlText]
