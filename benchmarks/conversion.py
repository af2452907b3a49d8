"""Conversion: one LibreOffice kept open against one start for each file; one office against two."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from agreegen.conversion.libreoffice import LibreOffice, fontconfig_text
from agreegen.errors import ConversionError
from agreegen.forms.fonts import font_folders
from agreegen.messages import foreign_text
from agreegen.model.form import Form
from agreegen.programs import find_program
from agreegen.rendering.docx import render_docx
from benchmarks.measure import Result, time_ms
from benchmarks.samples import agreement_documents, agreement_form, pledge_documents, pledge_form
from benchmarks.setting import Setting

TITLE = "Conversion by LibreOffice (DOCX to PDF/A-3b)"
_PDF_A = 'pdf:writer_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"3"}}'


class StartedForEachFile:
    """`soffice --convert-to` started for each file, with a profile that is kept and the same fonts.

    Args:
        folder: For the profile and the files.
        form: The form, which names the fonts.
    """

    def __init__(self, folder: Path, form: Form) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._soffice = find_program("soffice", "libreoffice", package="libreoffice-writer-nogui")
        fonts = folder / "fonts.conf"
        fonts.write_text(fontconfig_text(font_folders(form), form.font_chains), "utf-8")
        self._environment = {"FONTCONFIG_FILE": str(fonts), "HOME": str(folder), "PATH": "/usr/bin:/bin"}

    def convert(self, docx: bytes) -> bytes:
        """Write the DOCX, start LibreOffice on it, read the PDF."""
        source, target = self._folder / "in.docx", self._folder / "in.pdf"
        target.unlink(missing_ok=True)
        source.write_bytes(docx)
        command = [
            str(self._soffice),
            f"-env:UserInstallation=file://{self._folder}/profile",
            "--headless",
            "--convert-to",
            _PDF_A,
            "--outdir",
            str(self._folder),
            str(source),
        ]
        done = subprocess.run(command, env=self._environment, capture_output=True, timeout=120, check=False)
        if not target.is_file():
            raise ConversionError(
                foreign_text(f"soffice --convert-to wrote no PDF (status {done.returncode})")
            )
        return target.read_bytes()


def open_office(form: Form) -> LibreOffice:
    """Return an office that stays open."""
    return LibreOffice(font_folders(form), form.font_chains)


def run(setting: Setting, result: Result) -> None:
    """Measure pledges one after the other in both ways, then agreements with one and two offices."""
    form = pledge_form()
    count = setting.count(40, 8)
    files = [render_docx(form, document) for document in pledge_documents(setting.folder, count)]
    started_each = StartedForEachFile(setting.folder / "each", form)
    started_each.convert(files[0])  # makes the profile
    kept_ms, each_ms = [], []
    with open_office(form) as office:
        office.convert(files[0])
        blocks = setting.count(5, 2)
        for number in range(blocks):
            block = files[number::blocks]
            kept_ms += [time_ms(partial(office.convert, docx)) for docx in block]
            each_ms += [time_ms(partial(started_each.convert, docx)) for docx in block[:2]]
    kept = result.add("pledge, LibreOffice kept open", "ms", kept_ms)
    each = result.add("pledge, `soffice --convert-to` for each file", "ms", each_ms)
    result.compare("LibreOffice kept open against one start a file", kept.median, each.median, 6)
    _measure_agreements(setting, result)


def _measure_agreements(setting: Setting, result: Result) -> None:
    form = agreement_form()
    documents = agreement_documents(setting.count(40, 8))
    files = [render_docx(form, document) for document in documents]
    with open_office(form) as first, open_office(form) as second:
        for office in (first, second):
            office.convert(files[0])
        one, two = [], []
        for _ in range(setting.count(3, 1)):
            one.append(_rate([first], files))
            two.append(_rate([first, second], files))
    alone = result.add("agreement of several pages, one office", "documents/s", one)
    both = result.add("agreement of several pages, two offices", "documents/s", two)
    result.compare("agreements: two offices against one", alone.median, both.median)


def _rate(offices: Sequence[LibreOffice], files: Sequence[bytes]) -> float:
    """Return documents a second; an office belongs to one thread, which only waits for it."""
    shares = [files[number :: len(offices)] for number in range(len(offices))]
    started = time.perf_counter()
    with ThreadPoolExecutor(len(offices)) as pool:
        for made in [pool.submit(_convert_all, *pair) for pair in zip(offices, shares, strict=True)]:
            made.result()
    return len(files) / (time.perf_counter() - started)


def _convert_all(office: LibreOffice, files: Sequence[bytes]) -> None:
    for docx in files:
        office.convert(docx)
