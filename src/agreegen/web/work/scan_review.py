"""The scans of a batch: taken in, read by a child process, and what is left for a person to decide."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from agreegen.api import Decision, OpenPage, fill_in, open_pages, open_register
from agreegen.web.store.decisions import PageDecision
from agreegen.web.work.batch_folder import BatchFolder, printed_object
from agreegen.web.work.uploads import Upload

_ENDINGS = frozenset({".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png"})
_STEM_CHARACTERS = 40
SHEET = "review.xlsx"
_FILLED = "decisions.xlsx"


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What reading found on one page of the scans.

    Attributes:
        source: Name of the scan.
        page: Number of the page in it.
        status: `accepted`, `review`, `already-there`, `blank` or `rejected`.
        name: Whose document it is; empty where nothing was matched.
        number: Staff number; empty where there is none.
    """

    source: str
    page: int
    status: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class ScanReview:
    """The scans of one batch.

    Attributes:
        folder: The batch.
    """

    folder: BatchFolder

    @property
    def review(self) -> Path:
        """Folder of the pages that a person must look at."""
        return self.folder.path / "review"

    def keep(self, uploads: Iterable[Upload]) -> list[str]:
        """Keep uploaded scans and return their paths below the batch's folder; other files are left out."""
        place = self.folder.path / "scans"
        place.mkdir(mode=0o700, exist_ok=True)
        names = []
        numbers = itertools.count(sum(1 for _ in place.iterdir()) + 1)
        for upload in uploads:
            name = PurePath(upload.name)
            if name.suffix.lower() in _ENDINGS:
                stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in name.stem)[:_STEM_CHARACTERS]
                path = place / f"{next(numbers):04d}-{stem}{name.suffix.lower()}"
                upload.keep_at(path)
                names.append(f"{place.name}/{path.name}")
        return names

    def reading(self, arguments: Iterable[str], by: str) -> list[str]:
        """Return the command that reads scans, or records decisions."""
        register = self.folder.register.relative_to(self.folder.path)
        command = ["register", "add-scans", *arguments, f"--register={register}"]
        return [*command, f"--by={by}", "--review=review", "--json"]

    def result(self) -> Mapping[str, Any] | None:
        """Return what reading found; None while it is going on or where it failed."""
        return printed_object(self.folder.scans)

    def read_pages(self, most: int) -> list[ReadPage]:
        """Return the first pages that were read last, with whom each was matched."""
        result = self.result() or {}
        pages = list(itertools.islice(result.get("pages", ()), most))
        if not pages or not self.folder.register.is_file():
            return []
        with open_register(self.folder.register) as register:
            found = [register.document(each["document"]) if each["document"] else None for each in pages]
        return [
            ReadPage(
                each["source"],
                each["page"],
                each["status"],
                "" if row is None else row.registration.name,
                each["staff_no"] or "",
            )
            for each, row in zip(pages, found, strict=True)
        ]

    def open_pages(self) -> list[OpenPage]:
        """Return the pages that a person has to look at."""
        sheet = self.review / SHEET
        return open_pages(sheet) if sheet.is_file() else []

    def picture(self, name: str) -> Path | None:
        """Return the picture of an open page, by its name."""
        known = {page.picture for page in self.open_pages() if page.picture}
        return self.review / name if name in known else None

    def own_document(self, number: str) -> Path | None:
        """Return our own file of a staff number or the beginning of a document's id."""
        if not self.folder.register.is_file() or not number:
            return None
        with open_register(self.folder.register) as register:
            found = register.documents_by_staff_no(number)
            row = next((each for each in found if each.in_force), None)
            if row is None:
                alike = (each for each in register.documents() if each.registration.id.startswith(number))
                row = next(alike, None)
        return None if row is None else self.folder.output / row.registration.path

    def recording(self, decided: Iterable[PageDecision], by: str) -> list[str]:
        """Fill decisions in, and return the command that records them in the register.

        Raises:
            InputError: The review sheet cannot be read.
        """
        decisions = [
            Decision("", each.source, each.page, each.accepted, each.number, each.by) for each in decided
        ]
        fill_in(self.review / SHEET, decisions, self.folder.path / _FILLED)
        return self.reading([f"--decisions={_FILLED}"], by)


def left_for(
    pages: Iterable[OpenPage], decided: Iterable[PageDecision], by: str, *, four_eyes: bool
) -> list[OpenPage]:
    """Return the pages that a person has to decide on: new ones, and where others decided otherwise.

    Args:
        pages: The pages that are open.
        decided: What people decided.
        by: Account of the person.
        four_eyes: Whether two people must agree.
    """
    by_page = _by_page(decided)

    def is_left(page: OpenPage) -> bool:
        told = by_page.get((page.source_sha256, page.page), [])
        own = [each for each in told if each.by == by]
        others = [each for each in told if each.by != by]
        return not own or (four_eyes and bool(others) and not any(map(own[-1].agrees_with, others)))

    return [page for page in pages if is_left(page)]


def _by_page(decided: Iterable[PageDecision]) -> dict[tuple[str, int], list[PageDecision]]:
    found: dict[tuple[str, int], list[PageDecision]] = {}
    for each in decided:
        found.setdefault((each.source, each.page), []).append(each)
    return found


def settled_decisions(
    pages: Iterable[OpenPage], decided: Iterable[PageDecision], *, four_eyes: bool
) -> tuple[PageDecision, ...]:
    """Return the decisions that can be recorded: one a page, or two equal ones of two people.

    Args:
        pages: The pages that are open.
        decided: What people decided, oldest first.
        four_eyes: Whether two people must agree.
    """
    by_page = _by_page(decided)
    found = []
    for page in pages:
        own = by_page.get((page.source_sha256, page.page), [])
        if not own:
            continue
        agreeing = [each for each in own if each.agrees_with(own[-1])]
        if not four_eyes or len(agreeing) > 1:
            who = ", ".join(each.by for each in agreeing) if four_eyes else own[-1].by
            last = own[-1]
            found.append(PageDecision(last.source, last.page, last.accepted, last.number, who))
    return tuple(found)
