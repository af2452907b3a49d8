"""The job's key `seam`: whose seals are printed over the edges of all pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agreegen.batch.interface import JobSignature
from agreegen.batch.job.patterns import is_personal
from agreegen.batch.planning.document_paths import fill_pattern
from agreegen.errors import AgreegenError
from agreegen.messages import Message, message
from agreegen.model.form import Form
from agreegen.pipeline.seams import NO_SEAMS, Seams, read_seams, require_seals, shows_other_seal
from agreegen.yaml_text import YamlText

Complain = Callable[[str, Message, Message | None], None]
"""Takes key, problem and remedy."""


def seam_patterns(raw: YamlText, folder: Path, complain: Complain) -> dict[str, str]:
    """Return role → path of its credential file or picture, with `{field}` where each row has its own.

    Args:
        raw: What the job file has under the key.
        folder: What paths are relative to.
        complain: Takes what is wrong.
    """
    if not isinstance(raw, dict) or not all(isinstance(name, str) and name for name in raw.values()):
        complain("seam", message("batch.mapping-expected"), message("batch.seam-write-role-file"))
        return {}
    base = str(folder).replace("{", "{{").replace("}", "}}")
    return {
        role: str(name) if Path(str(name)).is_absolute() else f"{base}/{name}" for role, name in raw.items()
    }


def read_job_seams(
    patterns: Mapping[str, str], form: Form, signatures: Sequence[JobSignature], complain: Complain
) -> Seams:
    """Read the pictures that all rows share; where one cannot be used, that is a complaint.

    So it is where the job signs in a role with another seal than the slices are of: `verify` would find
    every document wrong.

    Args:
        patterns: What `seam_patterns` found.
        form: The job's form.
        signatures: What the job signs.
        complain: Takes what is wrong.
    """
    shared = {role: Path(fill_pattern(name, {})) for role, name in patterns.items() if not is_personal(name)}
    try:
        require_seals(form, patterns)
        seams = read_seams(form, shared)
        wrong = [one for one in signatures if _signs_with_other_seal(form, seams, one)]
    except AgreegenError as exc:
        complain("seam", exc.sentence, exc.advice)
        return NO_SEAMS
    for one in wrong:
        told = message("batch.seam-other-seal", role=form.role(one.role))
        complain(f"seam.{one.role}", told, message("pipeline.seam-other-seal.hint"))
    return seams


def _signs_with_other_seal(form: Form, seams: Seams, signature: JobSignature) -> bool:
    seal = next((one for one in seams.seals if one.role == signature.role), None)
    if seal is None:
        return False
    # A file that is not there is told where credentials are checked.
    file = Path(fill_pattern(signature.credential, {}))
    return signature.personal or (file.is_file() and shows_other_seal(form, seal, file))
