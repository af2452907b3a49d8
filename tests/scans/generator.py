"""Scans as offices send them, made by tools of others: pdftoppm draws, ImageMagick spoils, img2pdf binds.

Every page says of itself what it is (`Truth`), so that what the program makes of it can be judged.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agreegen.programs import find_program, run_program

DPI = 200
_PT = DPI / 72
_TIMEOUT_S = 120
_PLAIN = ("-alpha", "off", "-depth", "8", "-define", "png:compression-level=1")
_FIELD_PT = (402.6, 181.0, 516.0, 220.7)
"""Where a pledge is signed: left, bottom, right, top in points; the tests check that it is so."""
_PAGE_PT = (595.3, 841.9)
_MARK_PX = round((9 + 12 + 1.5) / 25.4 * DPI)


class Kind(StrEnum):
    """What a page is."""

    SIGNED = "signed"
    SIGNED_DOT = "signed, with dirt"
    SIGNED_FOLD = "signed, with folds"
    SWAPPED = "signed, one of two that changed places"
    UNSIGNED = "unsigned"
    UNSIGNED_DOT = "unsigned, a dot in the place"
    UNSIGNED_FOLD = "unsigned, a fold through the place"
    UNSIGNED_SMUDGE = "unsigned, a smudge in the place"
    DUPLICATE = "the same sheet again"
    BLANK = "blank"
    FOREIGN = "foreign"
    ONE_GLUED = "another person's mark glued over one"
    BOTH_GLUED = "another person's marks glued over both"
    NO_MARKS = "marks cut off"
    ONE_MARK = "signed, one mark cut off"
    HALF_MARK = "signed, one mark torn in the middle"
    ELSEWHERE = "signed beside the place"
    REMARK = "signed, with a remark"


GOOD = frozenset({Kind.SIGNED, Kind.SIGNED_DOT, Kind.SIGNED_FOLD, Kind.SWAPPED})


@dataclass(frozen=True, slots=True)
class Truth:
    """What stands on a page.

    Attributes:
        kind: What it is.
        staff_no: Whose document it shows, if anybody's.
        onebit: Whether it was scanned in black and white.
        spoiled: The options that it was spoiled with, for messages.
    """

    kind: Kind
    staff_no: str | None
    onebit: bool = False
    spoiled: str = ""


@dataclass(slots=True)
class Workshop:
    """Makes scans of a printed file.

    Attributes:
        folder: Where the pictures go.
        printed: The file that was printed.
        places: Staff number → page in it, from 1.
        rng: Every choice comes from it.
    """

    folder: Path
    printed: Path
    places: dict[str, int]
    rng: random.Random

    def make(self, plan: Sequence[tuple[Kind, str | None]]) -> tuple[list[Path], list[Truth]]:
        """Make one picture for each page of a plan, in its order."""
        pictures, truths = [], []
        for number, (kind, staff_no) in enumerate(plan):
            target = self.folder / f"scan-{number:04d}.png"
            onebit = self.rng.random() < 0.35
            spoiled = self._spoil(onebit=onebit)
            self._convert([*self._sheet(kind, staff_no), *spoiled, str(target)])
            pictures.append(target)
            truths.append(Truth(kind, staff_no, onebit, " ".join(spoiled)))
        return pictures, truths

    def bind(self, pictures: Sequence[Path], target: Path) -> Path:
        """Bind pictures into a PDF, as scanners do, or into a TIFF of many pages."""
        if target.suffix == ".pdf":
            program = find_program("img2pdf", package="img2pdf")
            options = ["--imgsize", f"{DPI}dpix{DPI}dpi", "-o", str(target)]
            done = run_program([program, *options, *map(str, pictures)], timeout_s=_TIMEOUT_S)
            assert done.status == 0, done.stderr
        else:
            self._convert([*map(str, pictures), "-compress", "LZW", str(target)])
        return target

    def draw(self, staff_no: str) -> Path:
        """Draw a printed page as it came out of the printer."""
        path = self.folder / f"sheet-{staff_no}.png"
        if not path.is_file():
            page = str(self.places[staff_no])
            program = find_program("pdftoppm", package="poppler-utils")
            options = ["-r", str(DPI), "-gray", "-f", page, "-l", page, "-singlefile", "-png"]
            done = run_program(
                [program, *options, str(self.printed), str(path.with_suffix(""))], timeout_s=_TIMEOUT_S
            )
            assert done.status == 0, done.stderr
        return path

    def _sheet(self, kind: Kind, staff_no: str | None) -> list[str]:
        """Return the ImageMagick arguments that put the sheet together."""
        if kind is Kind.BLANK:
            return self._paper()
        if kind is Kind.FOREIGN:
            return [*self._paper(), *self._writing((200, 300, 1400, 2000), strokes=60)]
        assert staff_no is not None
        sheet = [str(self.draw(staff_no))]
        if kind in {Kind.ONE_GLUED, Kind.BOTH_GLUED}:
            sheet += self._glued(staff_no, both=kind is Kind.BOTH_GLUED)
        if kind in {Kind.NO_MARKS, Kind.ONE_MARK}:
            sheet += self._blot((0, 0, _MARK_PX, _MARK_PX), "white")
        if kind is Kind.HALF_MARK:
            sheet += self._blot((0, 0, round(_MARK_PX * 0.7), _MARK_PX), "white")
        if kind is Kind.NO_MARKS:
            width, height = (round(side * _PT) for side in _PAGE_PT)
            sheet += self._blot((width - _MARK_PX, height - _MARK_PX, width, height), "white")
        return [*sheet, *self._ink(kind)]

    def _ink(self, kind: Kind) -> list[str]:
        left, top, right, bottom = self._field()
        signed = self._writing((left + 15, top + 8, right - self.rng.randrange(20, 110), bottom - 8))
        x, y, third = (
            self.rng.randrange(150, 1400),
            self.rng.randrange(200, 2100),
            round(_PAGE_PT[1] * _PT / 3),
        )
        size = self.rng.choice((4, 7, 10))
        inks = {
            Kind.UNSIGNED: [],
            Kind.UNSIGNED_DOT: self._blot((left + 60, top + 40, left + 60 + size, top + 40 + size), "black"),
            Kind.UNSIGNED_SMUDGE: self._blot((left + 20, top + 20, right - 40, bottom - 10), "#e4e4e4"),
            Kind.UNSIGNED_FOLD: self._fold(top + 50),
            Kind.ELSEWHERE: self._writing((left - 700, bottom + 120, left - 420, bottom + 200)),
            Kind.SIGNED_DOT: [*signed, *self._blot((x, y, x + 6, y + 6), "black")],
            Kind.SIGNED_FOLD: [*signed, *self._fold(third), *self._fold(third * 2 - 40)],
            Kind.REMARK: [*signed, *self._writing((300, 1980, 800, 2060))],
        }
        return inks.get(kind, signed)

    def _glued(self, staff_no: str, *, both: bool) -> list[str]:
        """Cut marks out of another person's sheet and glue them over those of this one."""
        other = self.rng.choice([number for number in self.places if number != staff_no])
        width, height = (round(side * _PT) for side in _PAGE_PT)
        corners = [(0, 0), (width - _MARK_PX, height - _MARK_PX)]
        made: list[str] = []
        for x, y in corners if both else corners[:1]:
            cut = f"{_MARK_PX}x{_MARK_PX}+{x}+{y}"
            made += ["(", str(self.draw(other)), "-crop", cut, "+repage", ")"]
            made += [
                "-geometry",
                f"+{x + self.rng.randrange(-3, 4)}+{y + self.rng.randrange(-3, 4)}",
                "-composite",
            ]
        return made

    def _field(self) -> tuple[int, int, int, int]:
        left, bottom, right, top = _FIELD_PT
        edges = (left, _PAGE_PT[1] - top, right, _PAGE_PT[1] - bottom)
        return tuple(round(edge * _PT) for edge in edges)  # type: ignore[return-value]

    def _paper(self) -> list[str]:
        width, height = (round(side * _PT) for side in _PAGE_PT)
        return ["-size", f"{width}x{height}", "xc:white"]

    def _writing(self, box: tuple[int, int, int, int], strokes: int = 0) -> list[str]:
        """Return strokes of a pen within a box."""
        colour = self.rng.choice(("#101010", "#203070", "#303030", "#404890", "#555555"))
        made = ["-fill", "none", "-stroke", colour, "-strokewidth", str(self.rng.choice((2, 3, 4)))]
        for _ in range(strokes or self.rng.randrange(5, 10)):
            points = [
                f"{self.rng.uniform(box[0], box[2]):.0f},{self.rng.uniform(box[1], box[3]):.0f}"
                for _ in range(4)
            ]
            made += ["-draw", f"bezier {' '.join(points)}"]
        return made

    def _blot(self, box: tuple[int, int, int, int], colour: str) -> list[str]:
        return ["-stroke", "none", "-fill", colour, "-draw", f"rectangle {box[0]},{box[1]} {box[2]},{box[3]}"]

    def _fold(self, y: int) -> list[str]:
        width = round(_PAGE_PT[0] * _PT)
        slant = self.rng.randrange(-8, 9)
        colour = self.rng.choice(("#707070", "#909090", "#b0b0b0"))
        line = f"line 0,{y} {width},{y + slant}"
        return ["-fill", "none", "-stroke", colour, "-strokewidth", "2", "-draw", line]

    def _spoil(self, *, onebit: bool) -> list[str]:
        """Return what printer and scanner do to a sheet."""
        scale, angle = self.rng.uniform(0.94, 1.0), self.rng.uniform(-3, 3)
        made = [
            "-colorspace",
            "Gray",
            "-virtual-pixel",
            "white",
            "-distort",
            "SRT",
            f"{scale:.4f} {angle:.3f}",
        ]
        if self.rng.random() < 0.5:
            made += ["-blur", f"0x{self.rng.choice((0.5, 0.8, 1.0))}"]
        if onebit:
            made += ["-threshold", f"{self.rng.randrange(55, 72)}%", "-type", "bilevel"]
        else:
            made += ["+level", "8%,97%"]
            if self.rng.random() < 0.5:
                made += ["-attenuate", "0.15", "+noise", "Gaussian"]
        return [
            *made,
            "-rotate",
            str(self.rng.choice((0, 0, 0, 180, 90, 270))),
            "-density",
            str(DPI),
            *_PLAIN,
        ]

    def _convert(self, arguments: Sequence[str]) -> None:
        program = find_program("convert", package="imagemagick")
        done = run_program([program, *arguments], timeout_s=_TIMEOUT_S)
        assert done.status == 0, done.stderr
