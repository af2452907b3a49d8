"""The job's key `seam`: whose seals are printed over the edges of all pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agreegen.errors import AgreegenError
from agreegen.messages import Message, message
from agreegen.model.form import Form
from agreegen.pipeline.seams import NO_SEAMS, Seams, read_seams
from agreegen.yaml_text import YamlText

Complain = Callable[[str, Message, Message | None], None]
"""Takes key, problem and remedy."""


def read_job_seams(raw: YamlText, form: Form, folder: Path, complain: Complain) -> Seams:
    """Read the pictures that a job names; where one cannot be used, that is a complaint.

    Args:
        raw: Role → credential file or picture, as the job file has it.
        form: The job's form.
        folder: What paths are relative to.
        complain: Takes what is wrong.
    """
    if not isinstance(raw, dict) or not all(isinstance(name, str) and name for name in raw.values()):
        complain("seam", message("batch.mapping-expected"), message("batch.seam-write-role-file"))
        return NO_SEAMS
    try:
        return read_seams(form, {role: folder / str(name) for role, name in raw.items()})
    except AgreegenError as exc:
        complain("seam", exc.sentence, exc.advice)
        return NO_SEAMS
