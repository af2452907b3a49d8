"""The output folder of a job: writable, without links, of one template, with its register."""

from __future__ import annotations

import os
from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.batch.job.form_release import fits_register
from agreegen.batch.planning.document_paths import DOCUMENTS, QUARANTINE, SUPERSEDED
from agreegen.errors import InputError, RegisterError
from agreegen.messages import message
from agreegen.register.store import Register


class OutputError(RegisterError):
    """The output folder cannot be written; what is done is kept."""


def require_writable(output: Path) -> None:
    """Make a job's output folder, or refuse it.

    Raises:
        OutputError: It cannot be made or written, or a folder of documents in it is a link.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputError(
            message("batch.cannot-made", output=output, exc=exc), hint=message("batch.choose-another-output")
        ) from exc
    if not os.access(output, os.W_OK | os.X_OK):
        raise OutputError(
            message("batch.cannot-written-2", output=output),
            hint=message("batch.mend-permissions-or-choose-another-output"),
        )
    refuse_links(output)


def refuse_links(output: Path) -> None:
    """Refuse an output whose folders of documents are links: what lies behind one is not the output's.

    A run would write through it, and neither the register nor a bag would find the files again.

    Raises:
        OutputError: One is a link.
    """
    for name in (DOCUMENTS, SUPERSEDED, QUARANTINE):
        top = output / name
        for folder in (top, *(top / below for below in _names_of(top))):
            if folder.is_symlink() and (folder.is_dir() or not folder.exists()):
                raise OutputError(
                    message("batch.link-documents-lie-output-folder-itself", folder=folder),
                    hint=message("batch.let-job-output-name-folder-leads"),
                )


def _names_of(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_symlink())
    except OSError:
        return []


def refuse_lost_register(job: Job) -> None:
    """Refuse a folder with documents and no register: a new one would not know them and make them again.

    Raises:
        RegisterError: The register is gone.
    """
    if job.register_file.exists() or not job.documents_folder.is_dir():
        return
    first = next((path for path in job.documents_folder.rglob("*") if path.suffix.lower() == ".pdf"), None)
    if first is not None:
        raise RegisterError(
            message(
                "batch.holds-documents-but-no-register-db",
                output=job.output,
                output2=first.relative_to(job.output),
            ),
            hint=message("batch.put-register-back-from-copy-or", output=job.output),
        )


def refuse_other_template(job: Job, register: Register) -> None:
    """Refuse an output whose documents were made from another template of the form.

    Raises:
        InputError: They were.
    """
    if not fits_register(job, register):
        held = ", ".join(
            f"{version} ({template[:12]}…)"
            for version, template in sorted(register.releases_in_force(job.form.id))
        )
        raise InputError(
            message(
                "batch.holds-documents-another-template-now-has",
                output=job.output,
                id=job.form.id,
                other=held,
                template_sha256=f"{job.form.version} ({job.form.template_sha256[:12]}…)",
            ),
            hint=message("batch.use-released-form-again-or-give"),
        )
