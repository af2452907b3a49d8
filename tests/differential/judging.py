"""One file: what `verify` says of it, and what the readers show."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from tests.differential.generator import Sample
from tests.differential.readers.mupdf import MuPdf
from tests.differential.readers.pdfium import Pdfium
from tests.differential.readers.pdfjs import PdfJs
from tests.differential.readers.poppler import Poppler
from tests.differential.readers.shots import Reader, ReaderDiedError, Shot, difference


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file.

    Attributes:
        index: Its number.
        base: What it was made from.
        kinds: What was done to it.
        unaltered: What `verify` says.
        problems: View to what it shows otherwise than the signed revision.
        codes: The alarms of a file that is not unaltered.
    """

    index: int
    base: str
    kinds: tuple[str, ...]
    unaltered: bool | None
    problems: dict[str, str]
    codes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of an outcome."""
        return asdict(self)


@contextlib.contextmanager
def _without_programs() -> Iterator[None]:
    """Let nothing be found on the search path for a while."""
    path = os.environ["PATH"]
    os.environ["PATH"] = ""
    try:
        yield
    finally:
        os.environ["PATH"] = path


class Panel:
    """The readers, and what they show of the bases.

    Args:
        pdfjs: The unpacked package `pdfjs-dist`; None leaves pdf.js out.
        moment: The time for which files are judged.
    """

    def __init__(self, pdfjs: Path | None, moment: datetime) -> None:
        self._readers: list[Reader] = [Pdfium(), Poppler(), MuPdf()]
        if pdfjs is not None:
            self._readers.append(PdfJs(pdfjs))
        self._options = Options(now=moment)
        self._known: dict[tuple[str, str], dict[str, Shot]] = {}

    def judge(self, made: Sample) -> Outcome:
        """Examine a file; what is called unaltered is shown to all readers.

        It is examined as if poppler were not installed, so that poppler judges and is not judged.
        """
        with _without_programs():
            report = examine("sample.pdf", made.data, self._options)
        codes = () if report.unaltered else tuple(sorted({alarm.code for alarm in report.alarms}))
        problems = dict(self.differences(made)) if report.unaltered else {}
        return Outcome(made.index, made.base.name, made.kinds, report.unaltered, problems, codes)

    def differences(self, made: Sample) -> Iterator[tuple[str, str]]:
        """Yield each view that is another one than that of the signed revision, and in what."""
        for reader in self._readers:
            key = made.base.name, reader.name
            if key not in self._known:
                self._known[key] = self._show(reader, made.base.shown)
            before = self._known[key]
            for view, shot in self._show(reader, made.data).items():
                found = (
                    difference(before[view], shot, made.places, made.spots)
                    if view in before
                    else shot.problem
                )
                if found:
                    yield view, found

    def _show(self, reader: Reader, data: bytes) -> dict[str, Shot]:
        try:
            return reader.show(data)
        except ReaderDiedError:
            pass
        try:
            return reader.show(data)
        except ReaderDiedError as problem:
            return {reader.name: Shot(problem=f"the reader died: {problem}")}

    def close(self) -> None:
        """End the readers."""
        for reader in self._readers:
            reader.close()
