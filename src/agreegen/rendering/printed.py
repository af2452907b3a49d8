"""How values will look beside the form's own words: glyphs that are missing, words that stand twice."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from agreegen.forms.template import read_template
from agreegen.messages import message
from agreegen.model.complaint import Complaint, Location, Severity
from agreegen.model.document import Value
from agreegen.model.form import Form, template_path
from agreegen.rendering.fonts import check_value_glyphs

_SHORTEST = 2
"""A single character that stands on both sides, such as 的, is seldom a slip."""


def check_printed(
    form: Form, values: Mapping[str, Value], locate: Callable[[str], Location]
) -> list[Complaint]:
    """Return what would spoil the page: an error for missing glyphs, a warning for doubled words.

    Args:
        form: The form.
        values: The values by field name; some may be missing.
        locate: Gives the place of a field's value.

    Raises:
        MissingProgramError: A font chain has no font that is there.
    """
    return [*check_value_glyphs(form, values, locate), *check_doubling(form, values, locate)]


def check_doubling(
    form: Form, values: Mapping[str, Value], locate: Callable[[str], Location]
) -> list[Complaint]:
    """Warn of values that end with the words that the form prints behind them, or begin with those before.

    Who enters 数据处理工作组 where the form goes on with 工作组 gets 数据处理工作组工作组 on the page.
    """
    complaints = []
    for field in form.fields:
        value = values.get(field.name)
        if not field.printed or not isinstance(value, str):
            continue
        doubled = _doubled(value, _neighbours(str(form.directory), form.template_sha256, field.name))
        if doubled:
            text = message("rendering.form-itself-prints-beside-so-stands", doubled=doubled)
            complaints.append(
                Complaint(
                    locate(field.name),
                    text,
                    message("rendering.leave-out", doubled=doubled),
                    Severity.WARNING,
                )
            )
    return complaints


def _doubled(value: str, neighbours: tuple[tuple[str, str], ...]) -> str | None:
    for before, after in neighbours:
        for length in range(min(len(value), max(len(before), len(after))), _SHORTEST - 1, -1):
            if length <= len(after) and value.endswith(after[:length]):
                return after[:length]
            if length <= len(before) and value.startswith(before[-length:]):
                return before[-length:]
    return None


@functools.lru_cache(maxsize=64)
def _neighbours(directory: str, sha256: str, name: str) -> tuple[tuple[str, str], ...]:
    """Return the fixed text before and behind each place where a variable is printed."""
    content = read_template(template_path(Path(directory)), sha256)
    tag = re.compile(rf"([^{{}}]*)\{{\{{\s*{re.escape(name)}\s*\}}\}}([^{{}}]*)")
    return tuple((found[1], found[2]) for p in content.paragraphs for found in tag.finditer(p.source))
