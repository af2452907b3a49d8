"""Pledges made without agreegen: by the script that everybody writes, and by the best of today's parts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

from docxtpl import DocxTemplate

from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.model.report import PadesLevel
from agreegen.rendering.context import template_context
from agreegen.signing.interface import Trust
from benchmarks.conversion import StartedForEachFile, open_office
from benchmarks.samples import UNIT_ROLE, pledge_form
from benchmarks.side_by_side import rate
from benchmarks.stock import CachedSigner, Pkcs12, sign_as_in_tutorials

_START_S = 180.0


class Script:
    """What everybody writes: docxtpl, one start of LibreOffice a file, `SimpleSigner`, a plain file.

    Args:
        folder: Work folder.
        key: Key and certificate.
    """

    def __init__(self, folder: Path, key: Pkcs12) -> None:
        self._form = pledge_form()
        self._folder = folder
        self._key = key
        self._office = StartedForEachFile(folder, self._form)

    def make(self, document: Document) -> None:
        """Make, sign and write one pledge."""
        pdf = self._office.convert(fill_with_docxtpl(self._form, document, self._folder))
        signed = sign_as_in_tutorials(pdf, UNIT_ROLE, self._key, PadesLevel.B_B, Trust())
        (self._folder / f"{document.id}.pdf").write_bytes(signed)


def fill_with_docxtpl(form: Form, document: Document, folder: Path) -> bytes:
    """Fill the template as docxtpl's documentation shows it, by way of a file."""
    template = DocxTemplate(form.template)
    template.render(dict(template_context(form, document)), autoescape=True)
    path = folder / "filled.docx"
    template.save(path)
    return path.read_bytes()


def rate_of_best_parts(folder: Path, key: Pkcs12, documents: Sequence[Document], processes: int) -> float:
    """Return documents a second of processes that keep office, key, room and event loop ready."""
    shares = [
        (folder / f"best-{number}", key, list(documents[number::processes])) for number in range(processes)
    ]
    return rate(_make_with_best_parts, shares, len(documents))


def _make_with_best_parts(
    connection: Connection, barrier: Barrier, folder: Path, key: Pkcs12, documents: list[Document]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    form = pledge_form()
    signer = CachedSigner(key.load_once(), UNIT_ROLE)

    def make(document: Document) -> None:
        signed = signer.sign(office.convert(fill_with_docxtpl(form, document, folder)))
        (folder / f"{document.id}.pdf").write_bytes(signed)

    with open_office(form) as office:
        make(documents[0])
        barrier.wait(timeout=_START_S)
        started = time.perf_counter()  # one clock for all processes of a machine
        for document in documents:
            make(document)
        connection.send((started, time.perf_counter()))
    signer.close()
