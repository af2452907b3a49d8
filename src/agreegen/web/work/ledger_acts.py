"""What can be entered in the ledger besides a workbook: each act is a command with its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agreegen.api import DrawOf, Grade, Kind, Label, Medium, word_of

_MOST_CHARACTERS = 400
TABLES, SCANS = (".xlsx", ".xls", ".ods", ".csv"), (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff")
"""How names of uploads end."""
CLOSING = "closing-"
"""How names of the bags of closed periods begin."""


class Entry(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    DAY = "date"
    NUMBER = "number"
    CHOICE = "choice"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a field can be chosen from.

    Attributes:
        words: Where people's words for them stand.
        codes: The codes.
    """

    words: str
    codes: tuple[str, ...]

    def in_language(self, language: str) -> list[tuple[str, str]]:
        """Return code and word of each."""
        return [(code, word_of(self.words, code, language)) for code in self.codes]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an act.

    Attributes:
        name: The command's option, which the page's word has, too.
        entry: How it is filled in.
        required: Whether it must be.
        choices: What it is chosen from.
        positional: Whether the command takes it without the name of an option.
    """

    name: str
    entry: Entry = Entry.TEXT
    required: bool = False
    choices: Choices | None = None
    positional: bool = False

    def arguments(self, text: str) -> Iterator[str]:
        """Yield what the command is given."""
        known = self.choices is None or text in self.choices.codes
        if not text or not known:
            return
        if self.entry is Entry.YES:
            yield f"--{self.name}"
        elif not self.positional:
            yield f"--{self.name}={text}"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that an act takes.

    Attributes:
        option: The command's option, which the page's word has, too.
        endings: How its name may end.
        required: Whether it must come.
        scan: Whether it is a scan, which the ledger keeps.
    """

    option: str
    endings: tuple[str, ...] = TABLES
    required: bool = True
    scan: bool = False

    def argument(self, name: str) -> str:
        """Return what the command is given for a file in the ledger's folder."""
        return f"--{self.option}={'scan:' if self.scan else ''}{name}"


@dataclass(frozen=True, slots=True)
class LedgerAct:
    """One act.

    Attributes:
        name: The command below `agreegen ledger`, which page and audit call it by.
        fields: What it takes.
        attached: The file that it takes.
        said: Whether it answers with people, by exit 1 where something stands against it.
        archives: The field with the day of the bag that it writes; empty where it writes none.
    """

    name: str
    fields: tuple[Field, ...]
    attached: Attached | None = None
    said: bool = False
    archives: str = ""

    def command(self, text: Callable[[str], str], file: str | None) -> list[str] | None:
        """Return the command for what was filled in; None where something is missing.

        Args:
            text: Gives what was filled in, by the field's name.
            file: The file that was uploaded, as the command finds it.
        """
        filled = {field: " ".join(text(field.name).split())[:_MOST_CHARACTERS] for field in self.fields}
        if self._misses(filled, file):
            return None
        command = ["ledger", self.name, "--ledger=ledger.db"]
        for field, each in filled.items():
            command += field.arguments(each)
        if self.attached is not None and file is not None:
            command.append(self.attached.argument(file))
        command += ["--json"] if self.said else []
        if self.archives:
            command.append(f"--output={CLOSING}{text(self.archives)}")
        return [*command, "--", *(each for field, each in filled.items() if field.positional)]

    def _misses(self, filled: Mapping[Field, str], file: str | None) -> bool:
        missing = any(field.required and not each for field, each in filled.items())
        return missing or (self.attached is not None and self.attached.required and file is None)


def _codes(words: str, members: Mapping[str, StrEnum]) -> Choices:
    return Choices(words, tuple(member.value for member in members.values()))


_DAY = Field("date", Entry.DAY)
_NOTE = Field("note")

ACTS = (
    LedgerAct(
        "add",
        (
            Field("kind", Entry.CHOICE, required=True, choices=_codes("kinds", Kind.__members__)),
            _DAY,
            Field("item"),
            Field("title"),
            Field("number"),
            Field("label", Entry.CHOICE, choices=_codes("labels", Label.__members__)),
            Field("medium", Entry.CHOICE, choices=_codes("media", Medium.__members__)),
            Field("copies", Entry.NUMBER),
            Field("copy-numbers"),
            Field("giver"),
            Field("receiver"),
            Field("custodian"),
            Field("due", Entry.DAY),
            Field("approved-by"),
            Field("handled-by"),
            Field("counted-by"),
            Field("witness"),
            Field("method"),
            _NOTE,
        ),
        Attached("signature", SCANS, required=False, scan=True),
    ),
    LedgerAct(
        "leaver",
        (
            Field("name", required=True, positional=True),
            Field("left", Entry.DAY),
            Field("grade", Entry.CHOICE, choices=_codes("grades", Grade.__members__)),
            Field("months", Entry.NUMBER),
            Field("post"),
            _NOTE,
            Field("close", Entry.YES),
        ),
        Attached("pledge", SCANS, required=False, scan=True),
        said=True,
    ),
    LedgerAct("training", (Field("topic", required=True), _DAY, Field("held-by")), Attached("roster")),
    LedgerAct("inspect", (_DAY, Field("held-by")), Attached("sheet")),
    LedgerAct(
        "draw",
        (
            Field("count", Entry.NUMBER),
            Field("of", Entry.CHOICE, choices=_codes("draws", DrawOf.__members__)),
            Field("public"),
        ),
    ),
    LedgerAct("close", (Field("through", Entry.DAY, required=True),), archives="through"),
)
BY_NAME = {act.name: act for act in ACTS}
