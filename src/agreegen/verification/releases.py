"""The releases of forms at hand, looked up once a process."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agreegen.conversion.compiled import ENGINE, CompiledForm, load_compiled
from agreegen.conversion.interface import DoesNotFit
from agreegen.conversion.moment import document_moment, template_date
from agreegen.errors import AgreegenError
from agreegen.forms.catalog import approved_hashes, find_release
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
    compiled: CompiledForm
    released: date

    def rebuild(self, document: Document) -> bytes | None:
        """Return the unsigned file that the compiled engine makes of a document; None where it makes none.

        Args:
            document: The document; it must claim this engine and this template.

        Raises:
            AgreegenError: A value cannot be printed.
            ValueError: A date is none.
        """
        if document.engine != ENGINE or document.template_sha256 != self.form.template_sha256:
            return None
        if len(document.to_json()) > _MAX_ATTACHMENT_BYTES:
            return None
        moment = document_moment(self.form, document, self.released)
        try:
            return self.compiled.produce(document, template_context(self.form, document), moment)
        except DoesNotFit:
            return None


@functools.lru_cache(maxsize=8)
def approved(folder: Path) -> dict[tuple[str, str], frozenset[str]]:
    """Return the approved templates of a folder of forms, as `approved_hashes` does."""
    return approved_hashes(folder)


@functools.lru_cache(maxsize=64)
def release(folder: Path, form_id: str, template_sha256: str) -> Form | None:
    """Return the release of a form with that template, as `find_release` does."""
    return find_release(folder, form_id, template_sha256)


@functools.lru_cache(maxsize=64)
def rebuilder(folder: Path, form_id: str, template_sha256: str) -> Rebuilder | None:
    """Return what makes documents of a release again; None where it is not compiled, or for another one."""
    try:
        form = release(folder, form_id, template_sha256)
        compiled = None if form is None else load_compiled(form)
    except (AgreegenError, OSError):
        return None
    if form is None or compiled is None:
        return None
    return Rebuilder(form, compiled, template_date(form))
