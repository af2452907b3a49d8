"""PDFium in this process: on screen, in print, and as a browser loads it while it downloads."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pypdfium2
from pypdfium2 import raw

from tests.differential.readers.shots import SCALE, Picture, Shot

_MAX_PAGES = 8
_MOST_QUESTIONS = 64


class Pdfium:
    """PDFium by pypdfium2; a crash takes this process with it."""

    name = "pdfium"

    def show(self, data: bytes) -> dict[str, Shot]:
        """Return the views `pdfium`, `pdfium-print` and `pdfium-progressive`."""
        return {**_whole(data), "pdfium-progressive": _progressive(data)}

    def close(self) -> None:
        """There is nothing to end."""


def _whole(data: bytes) -> dict[str, Shot]:
    try:
        document = pypdfium2.PdfDocument(data)
        try:
            document.init_forms()
            pages = [document[number] for number in range(min(len(document), _MAX_PAGES))]
            screen, print_ = ([_render(page, mode) for page in pages] for mode in (None, "print"))
            return {"pdfium": Shot(tuple(screen)), "pdfium-print": Shot(tuple(print_))}
        finally:
            document.close()
    except pypdfium2.PdfiumError as problem:
        nothing = Shot(problem=str(problem))
        return {"pdfium": nothing, "pdfium-print": nothing}


def _render(page: Any, mode: str | None) -> Picture:
    bitmap = page.render(scale=SCALE, optimize_mode=mode)
    return np.array(bitmap.to_numpy())


class _Source:
    """A file in memory as PDFium's loader asks for it: everything has arrived."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.file = raw.FPDF_FILEACCESS()
        self.file.m_FileLen = len(data)
        self.available = raw.FX_FILEAVAIL()
        self.available.version = 1
        self.hints = raw.FX_DOWNLOADHINTS()
        self.hints.version = 1
        self._get = type(self.file.m_GetBlock)(self._block)
        self._is = type(self.available.IsDataAvail)(lambda _source, _start, _count: 1)
        self._add = type(self.hints.AddSegment)(lambda _source, _start, _count: None)
        self.file.m_GetBlock, self.available.IsDataAvail = self._get, self._is
        self.hints.AddSegment = self._add

    def _block(self, _param: Any, position: int, buffer: Any, size: int) -> int:
        if position + size > len(self._data):
            return 0
        ctypes.memmove(buffer, self._data[position : position + size], size)
        return 1


def _progressive(data: bytes) -> Shot:
    source = _Source(data)
    loader = raw.FPDFAvail_Create(source.available, source.file)
    try:
        _until_there(lambda: raw.FPDFAvail_IsDocAvail(loader, source.hints))
        opened = raw.FPDFAvail_GetDocument(loader, None)
        if not opened:
            return Shot(problem=f"not loaded, error {raw.FPDF_GetLastError()}")
        document = pypdfium2.PdfDocument(opened)
        try:
            document.init_forms()
            pictures = []
            for number in range(min(len(document), _MAX_PAGES)):
                _until_there(lambda: raw.FPDFAvail_IsPageAvail(loader, number, source.hints))  # noqa: B023 - asked at once
                pictures.append(_render(document[number], None))
            return Shot(tuple(pictures))
        except pypdfium2.PdfiumError as problem:
            return Shot(problem=str(problem))
        finally:
            document.close()
    finally:
        raw.FPDFAvail_Destroy(loader)


def _until_there(ask: Callable[[], int]) -> None:
    for _ in range(_MOST_QUESTIONS):
        if ask() != raw.PDF_DATA_NOTAVAIL:
            return
