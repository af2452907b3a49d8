"""Loading whatever kind of compiled form lies beside a template."""

from __future__ import annotations

from agreegen.conversion.compiled import DESCRIPTION_NAME, load_compiled
from agreegen.conversion.compiled.engine import refuse_stale
from agreegen.conversion.flowing.description import FlowingDescription
from agreegen.conversion.flowing.loading import load_flowing
from agreegen.conversion.interface import CompiledPages, StaleCompiledForm
from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.model.form import Form


def load_compiled_form(form: Form) -> CompiledPages | None:
    """Load the compiled form that lies beside a form's template; None where there is none.

    Raises:
        StaleCompiledForm: It was made from another template, `form.yaml` or font.
        ConversionError: Its files are damaged.
    """
    path = form.directory / DESCRIPTION_NAME
    if not path.is_file():
        return None
    hint = message("conversion.run-agreegen-forms-compile", id=form.id)
    try:
        description = FlowingDescription.from_yaml(path.read_bytes())
        if description is None:
            return load_compiled(form)
        refuse_stale(form, description)
        return load_flowing(form, description)
    except StaleCompiledForm:
        raise
    except OSError as exc:
        raise ConversionError(
            message("model.place-and-problem", place=exc.filename, problem=exc.strerror or exc), hint=hint
        ) from exc
