"""The releases of forms at hand, looked up once a process."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.document_time import document_moment, template_date
from agreegen.conversion.interface import CompiledPages, DoesNotFit
from agreegen.errors import AgreegenError
from agreegen.forms.catalog import Approved, approved_releases, find_release, home_of
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.rendering.context import template_context

_MAX_ATTACHMENT_BYTES = 100_000
"""No compiled form has room for more; laying out what a stranger wrote must not take long."""


@dataclass(frozen=True, slots=True)
class Rebuilder:
    """Makes the unsigned file again from what `agreegen.json` says.

    Attributes:
        form: The release of the form.
        compiled: Its compiled form, as it lies in the folder of forms.
        released: The date of its template.
    """

    form: Form
    compiled: CompiledPages
    released: date

    def rebuild(self, document: Document) -> bytes | None:
        """Return the unsigned file that the compiled engine makes of a document; None where it makes none.

        Args:
            document: The document; it must name this template. Whether it claims this engine is for the
                caller to ask: what it claims only enters the attached JSON.

        Raises:
            AgreegenError: A value cannot be printed.
            ValueError: A date is none.
        """
        if document.template_sha256 != self.form.template_sha256:
            return None
        if len(document.to_json()) > _MAX_ATTACHMENT_BYTES:
            return None
        moment = document_moment(self.form, document, self.released)
        try:
            return self.compiled.produce(document, template_context(self.form, document), moment)
        except DoesNotFit:
            return None


@functools.lru_cache(maxsize=8)
def approved(folder: Path) -> dict[tuple[str, str], Approved]:
    """Return the approved releases of a folder of forms, as `approved_releases` does."""
    return approved_releases(folder)


@functools.lru_cache(maxsize=64)
def approved_in(folder: Path, form_id: str) -> dict[tuple[str, str], Approved]:
    """Return the approved releases of the folder that speaks for a form."""
    return approved(home_of(form_id, folder))


def release_of(folder: Path, document: Document) -> Form | None:
    """Return the release of the form that a document names by id, version and template; None without one.

    Raises:
        InputError: The description of a release is wrong.
    """
    return _release(folder, document.form_id, document.template_sha256, document.form_version)


def rebuilder_of(folder: Path, document: Document) -> Rebuilder | None:
    """Return what makes a document of a release again; None where that is not compiled, or not here."""
    return _rebuilder(folder, document.form_id, document.template_sha256, document.form_version)


@functools.lru_cache(maxsize=64)
def _release(folder: Path, form_id: str, template_sha256: str, version: str) -> Form | None:
    return find_release(folder, form_id, template_sha256, version)


@functools.lru_cache(maxsize=64)
def _rebuilder(folder: Path, form_id: str, template_sha256: str, version: str) -> Rebuilder | None:
    try:
        form = _release(folder, form_id, template_sha256, version)
        compiled = None if form is None else load_compiled_form(form)
    except (AgreegenError, OSError):
        return None
    if form is None or compiled is None:
        return None
    return Rebuilder(form, compiled, template_date(form))
