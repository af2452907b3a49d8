"""What was signed is read back as a recipient reads it, by the code that reads and none that writes."""

from __future__ import annotations

from dataclasses import dataclass

from agreegen.conversion.text import check_text
from agreegen.errors import SigningError
from agreegen.foreign.confinement import ConfinedError
from agreegen.messages import join_sentences, message
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.model.report import FileReport
from agreegen.rendering.expected import expected_text, require_values
from agreegen.verification.confined import command_process
from agreegen.verification.interface import Options


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file that was made here must say.

    Attributes:
        form: The document's form.
        document: What the page must say.
    """

    form: Form
    document: Document


def read_back(
    data: bytes, options: Options, expected: Expected | None = None, *, made_here: bool
) -> FileReport:
    """Read a finished file: unaltered, and of this document, with exactly the form's text and these values.

    Args:
        data: The file.
        options: How it is judged.
        expected: What it must say, for a file of which that is known; None for any other.
        made_here: Whether every byte of it was written by this program; what may hold bytes of others is
            read in the process for such files.

    Raises:
        SigningError: Something differs, or there is no answer.
        ConversionError: The page does not say what it must say.
    """
    label = "the document" if expected is None else expected.document.id
    # Not by rebuilding: the code that wrote the file must not be its own judge.
    judge = _examine if made_here else examine_confined
    report = judge(label, data, options, rebuild=False)
    if report.unaltered is False or (report.signatures and report.unaltered is not True):
        raise _altered(report, expected)
    if expected is not None:
        _require_document(report, data, expected)
    return report


def _examine(label: str, data: bytes, options: Options, *, rebuild: bool) -> FileReport:
    from agreegen.verification.examination import examine  # noqa: PLC0415 - takes long to load

    return examine(label, data, options, rebuild=rebuild)


def examine_confined(label: str, data: bytes, options: Options, *, rebuild: bool = True) -> FileReport:
    """Examine a file in the command's process for files that may be strangers'.

    Args:
        label: What the report calls it.
        data: The file.
        options: How it is judged.
        rebuild: See `verification.examination.examine`.

    Raises:
        SigningError: There is no answer: a library died over it, or it takes more than a file may.
    """
    try:
        return command_process().examine(label, data, options, rebuild=rebuild)
    except ConfinedError as exc:
        raise SigningError(
            message("verification.cannot-be-judged", why=exc),
            hint=message("pipeline.ask-original-file-agreegen-verify-says"),
        ) from exc


def _altered(report: FileReport, expected: Expected | None) -> SigningError:
    found = [*(alarm.message for alarm in report.alarms), *(r for s in report.signatures for r in s.reasons)]
    reasons = join_sentences(dict.fromkeys(found)) or message("pipeline.reads-differently")
    if expected is not None:
        return SigningError(
            message("pipeline.document-reading-back-finds-altered-2", path=report.path, reasons=reasons)
        )
    return SigningError(
        message("pipeline.file-built-so-addition-would-change", reasons=reasons),
        hint=message("pipeline.ask-original-file-agreegen-verify-says"),
    )


def _require_document(report: FileReport, data: bytes, expected: Expected) -> None:
    form, document = expected.form, expected.document
    if report.document is None or report.document.id != document.id:
        raise SigningError(message("pipeline.document-reading-back-finds-another-document", id=document.id))
    text = expected_text(form, document)
    require_values(form, document, text)
    check_text(text, data)
