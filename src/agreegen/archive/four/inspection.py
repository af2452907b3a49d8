"""What a PDF of a bag holds that a reader of later times must know; read in a confined process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from agreegen.foreign.confinement import ConfinedError, shared
from agreegen.foreign.limits import Limits

_SCRIPTS = frozenset({"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/GoToE"})
_MOST_DEEP = 20
_PROGRAMS = ("/FontFile", "/FontFile2", "/FontFile3")


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """What was found in one PDF.

    Attributes:
        problem: Why it cannot be read; empty where it can.
        pages: Number of pages.
        declared: What it says it is, e.g. `PDF/A-3B`; empty for nothing.
        loose_fonts: Names of fonts that are not embedded.
        encrypted: Whether it is encrypted.
        actions: Kinds of actions that run something.
    """

    problem: str = ""
    pages: int = 0
    declared: str = ""
    loose_fonts: tuple[str, ...] = ()
    encrypted: bool = False
    actions: tuple[str, ...] = ()


def inspect_pdf(path: Path) -> PdfFacts:
    """Read what a PDF holds, whatever it is."""
    try:
        return shared(Limits()).call(_inspect, str(path.absolute()))
    except ConfinedError as exc:
        return PdfFacts(problem=str(exc))


def _inspect(name: str) -> PdfFacts:
    with pikepdf.open(name) as pdf:
        fonts: set[str] = set()
        actions: set[str] = set()
        for found in pdf.objects:
            for part in _parts(found, _MOST_DEEP):
                _look(part, fonts, actions)
        with pdf.open_metadata() as metadata:
            declared = metadata.pdfa_status
        return PdfFacts(
            pages=len(pdf.pages),
            declared=f"PDF/A-{declared}" if declared else "",
            loose_fonts=tuple(sorted(fonts)),
            encrypted=pdf.is_encrypted,
            actions=tuple(sorted(actions)),
        )


def _parts(found: object, deeper: int) -> Iterator[pikepdf.Dictionary]:
    """Yield the dictionaries that stand in an object itself: an action may be written where it is named."""
    if isinstance(found, pikepdf.Stream):
        found = found.stream_dict
    if isinstance(found, pikepdf.Dictionary):
        yield found
        inner: list[object] = [value for _, value in found.items()]
    else:
        inner = list(found) if isinstance(found, pikepdf.Array) else []
    for each in inner if deeper else ():
        nested = isinstance(each, pikepdf.Dictionary | pikepdf.Array)
        if nested and not each.is_indirect:  # type: ignore[attr-defined]  # an object of PDF, as just seen
            yield from _parts(each, deeper - 1)


def _look(found: pikepdf.Dictionary, fonts: set[str], actions: set[str]) -> None:
    action = str(found.get("/S", ""))
    if action in _SCRIPTS:
        actions.add(action.removeprefix("/"))
    if "/JS" in found or "/JavaScript" in found:
        actions.add("JavaScript")
    if found.get("/Type") != pikepdf.Name.Font or found.get("/Subtype") in _COMPOSED:
        return
    descriptor = found.get("/FontDescriptor")
    if descriptor is None or not any(program in descriptor for program in _PROGRAMS):
        fonts.add(str(found.get("/BaseFont", "?")).removeprefix("/"))


_COMPOSED = (pikepdf.Name.Type0, pikepdf.Name.Type3)
"""Fonts whose glyphs stand in their descendants, or in the file itself."""
