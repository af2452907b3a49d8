"""Loading whatever kind of compiled form lies beside a template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.conversion.compiled.description import (
    DESCRIPTION_NAME,
    FLOWING,
    Description,
    read_description,
)
from agreegen.conversion.compiled.engine import load_compiled
from agreegen.conversion.interface import CompiledPages, StaleCompiledForm
from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.model.form import Form

if TYPE_CHECKING:
    from agreegen.conversion.flowing.description import FlowingDescription


def load_compiled_form(form: Form) -> CompiledPages | None:
    """Load the compiled form that lies beside a form's template; None where there is none.

    Raises:
        StaleCompiledForm: It was made from another template, `form.yaml` or font, or by another engine.
        ConversionError: Its files are damaged.
    """
    path = form.directory / DESCRIPTION_NAME
    if not path.is_file():
        return None
    try:
        return _load(form, path)
    except OSError as exc:
        raise ConversionError(
            message("model.place-and-problem", place=exc.filename, problem=exc),
            hint=message("conversion.run-agreegen-forms-compile", id=form.id),
        ) from exc


def _load(form: Form, path: Path) -> CompiledPages:
    try:
        description = _describe(path)
    except ConversionError as exc:
        raise StaleCompiledForm(
            message("model.place-and-problem", place=path, problem=exc.sentence),
            hint=message("conversion.run-agreegen-forms-compile", id=form.id),
        ) from exc
    if isinstance(description, Description):
        return load_compiled(form, description)
    from agreegen.conversion.flowing.loading import load_flowing  # noqa: PLC0415 - pledges need none of it

    return load_flowing(form, description)


def _describe(path: Path) -> Description | FlowingDescription:
    """Read the description once; which kind it is, it says itself."""
    raw = read_description(path.read_bytes())
    if raw.get("kind") != FLOWING:
        return Description.from_raw(raw)
    from agreegen.conversion.flowing.description import FlowingDescription  # noqa: PLC0415 - the same

    return FlowingDescription.from_raw(raw)
