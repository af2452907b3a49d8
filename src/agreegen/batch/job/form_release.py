"""Which release of its form a job fills: the one it names, else the one that its register holds."""

from __future__ import annotations

from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.errors import RegisterError
from agreegen.forms.catalog import find_form, find_release
from agreegen.messages import Message, message
from agreegen.model.form import Form
from agreegen.register.store import Register


def choose_release(named: str, folder: Path, register_file: Path) -> tuple[Form, Message | None]:
    """Return the form that a job fills, and what its user should know of that choice.

    A job never changes the release by itself: where the register holds documents of an older one and the job
    names none (`form: ID@VERSION`), the job goes on with that.

    Args:
        named: What the job file says.
        folder: The folder of forms in use.
        register_file: The job's register, which need not be there yet.

    Raises:
        InputError: There is no such form or release, or its description is wrong.
    """
    form = find_form(named, folder)
    if "@" in named or not register_file.is_file():
        return form, None
    try:
        with Register.open(register_file, read_only=True) as register:
            held = register.releases_in_force(form.id)
    except RegisterError:
        return form, None  # told by whatever opens the register to use it
    if not held or (form.version, form.template_sha256) in held:
        return form, None
    releases = [find_release(folder, form.id, template, version) for version, template in sorted(held)]
    found = [release for release in releases if release is not None]
    if not found:
        return form, None
    note = message(
        "batch.goes-on-with-release", form_id=form.id, version=found[-1].version, current=form.version
    )
    return found[-1], note


def fits_register(job: Job, register: Register) -> bool:
    """Say whether the job's release of its form is the register's, or one that the job names to move to."""
    held = register.releases_in_force(job.form.id)
    if not held or (job.form.version, job.form.template_sha256) in held:
        return True
    return job.names_release and job.form.version not in {version for version, _ in held}
