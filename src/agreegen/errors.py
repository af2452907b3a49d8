"""The exception tree: every failure that a user can mend carries its exit code and a hint."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from agreegen.messages import Message, translate


class ExitCode(IntEnum):
    """The exit codes of the command line, as the interface fixes them."""

    DONE = 0
    NEGATIVE = 1
    USAGE = 2
    BAD_INPUT = 3
    MISSING = 4
    CONVERSION = 5
    SIGNING = 6
    ARCHIVE = 7
    FAILED_ROWS = 8
    BUG = 70
    INTERRUPTED = 130


def is_breakdown(exc: BaseException) -> bool:
    """Tell whether an exception is the panic of a library written in Rust, which is no `Exception`."""
    return type(exc).__name__ == "PanicException"


class SpokenError(Exception):
    """An error that says its sentence in a reader's language.

    Args:
        sentence: What failed.
    """

    def __init__(self, sentence: Message) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def in_language(self, language: str) -> str:
        """Return the sentence in a reader's language."""
        return translate(self.sentence, language)


class SpokenValueError(SpokenError, ValueError):
    """A value that is not what it must be, from code that its caller may ask with any value."""


class AgreegenError(Exception):
    """The root of all errors that are not bugs.

    `message` and `hint` are English, for JSON and logs; people are shown `translate(error)` and
    `translate(error.advice)`. An error that names its cause takes it as a value: `message(…, cause=exc)`.

    Args:
        sentence: What failed, and where (file, sheet, row, column, field).
        hint: What to do next; shown after the message.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, sentence: Message, *, hint: Message | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.advice = hint

    @property
    def message(self) -> str:
        """What failed, and where, in English."""
        return str(self.sentence)

    @property
    def hint(self) -> str | None:
        """What to do next, in English."""
        return None if self.advice is None else str(self.advice)

    def in_language(self, language: str) -> str:
        """Return what failed, and where, in a reader's language."""
        return translate(self.sentence, language)


class UsageError(AgreegenError):
    """The command was called in a way that cannot be carried out, e.g. an output that is already there."""

    exit_code = ExitCode.USAGE


class InputError(AgreegenError):
    """Parameters, a roster, a form or a job file cannot be used as they are."""

    exit_code = ExitCode.BAD_INPUT


class MissingProgramError(AgreegenError):
    """A program, font or optional package that the work needs is not installed."""

    exit_code = ExitCode.MISSING


class RenderingError(AgreegenError):
    """A template could not be filled, or the filled document is not complete."""

    exit_code = ExitCode.CONVERSION


class ConversionError(AgreegenError):
    """A DOCX could not be turned into a PDF/A, or the PDF is not complete."""

    exit_code = ExitCode.CONVERSION


class SigningError(AgreegenError):
    """A document could not be signed, timestamped or extended; no output was written."""

    exit_code = ExitCode.SIGNING


class CredentialError(SigningError):
    """A credential cannot be used: wrong passphrase, expired, wrong key usage, no chain, no token."""


class TimestampError(SigningError):
    """No timestamp service gave an acceptable timestamp."""


class RegisterError(AgreegenError):
    """The register cannot be read or written."""

    exit_code = ExitCode.ARCHIVE


class ArchiveError(AgreegenError):
    """A bag cannot be written or read."""

    exit_code = ExitCode.ARCHIVE
