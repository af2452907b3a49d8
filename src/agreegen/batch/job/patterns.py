"""Patterns with fields in them, such as `people/{staff_no}.yaml`, as job files hold them."""

from __future__ import annotations

import string
from collections.abc import Iterator

from agreegen.messages import Message, message
from agreegen.model.form import Form


def is_personal(pattern: str) -> bool:
    """Whether each row has a text of its own by a pattern that was checked."""
    return any(name is not None for _, name, _, _ in string.Formatter().parse(pattern))


def pattern_problems(pattern: str, form: Form) -> Iterator[tuple[Message, Message]]:
    """Give what is wrong with a pattern, and what would be right.

    Args:
        pattern: The pattern.
        form: Whose fields it may name; not those that identify a person, for names of files are seen.
    """
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError:
        yield message("batch.not-pattern", pattern=pattern), message("batch.write-staff-no-field")
        return
    known = tuple(field.name for field in form.fields)
    for _, name, spec, conversion in parts:
        if name is not None and (name not in known or spec or conversion):
            yield message("batch.not-field", name=name), message("batch.fields", known=known)
        elif name is not None and form.field(name).identifying:
            yield message("batch.would-show-id-numbers-file-names", name=name), message("batch.use")
