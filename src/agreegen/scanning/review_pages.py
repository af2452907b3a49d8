"""The pages of a review sheet for another face than a spreadsheet: read, and filled in as a person would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreegen.messages import Message, translate
from agreegen.scanning import review
from agreegen.scanning.review import Decision
from agreegen.scanning.wording import read_reasons, say_reasons

_SOURCE, _PAGE, _PICTURE, _REASON, _MARKED, _NAME = range(6)


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page that a person has to look at.

    Attributes:
        source: Name of the scan.
        source_sha256: Lower-case hex SHA-256 of the scan.
        page: Number of the page in it, from 1.
        picture: Name of its picture in the review folder; empty where it could not be drawn.
        reason: Why no rule could decide; as the sheet says it where somebody wrote something else there.
        number: Number by the page's mark, or the beginning of the document's id; empty where unknown.
        name: The person's name by the page's mark.
    """

    source: str
    source_sha256: str
    page: int
    picture: str
    reason: Message | str
    number: str
    name: str


def open_pages(sheet: Path) -> list[OpenPage]:
    """Return the pages of a review sheet that nobody has decided on.

    Raises:
        InputError: It is no review sheet.
    """
    return [
        OpenPage(
            review.unguarded_text(row[_SOURCE]),
            review.unguarded_text(row[review.SHA256 - 1]),
            int(str(row[_PAGE])),
            review.unguarded_text(row[_PICTURE]),
            _reason(review.unguarded_text(row[_REASON])),
            review.unguarded_text(row[_MARKED]),
            review.unguarded_text(row[_NAME]),
        )
        for row in review.rows_of(sheet)
        if not review.unguarded_text(row[review.VERDICT - 1])
    ]


def _reason(text: str) -> Message | str:
    return say_reasons(read_reasons(text)) or text


def fill_in(sheet: Path, decisions: Sequence[Decision], target: Path) -> None:
    """Write a copy of a review sheet with decisions filled in; pages that they do not name stay open.

    Raises:
        InputError: It is no review sheet.
    """
    by_page = {(each.source_sha256, each.page): each for each in decisions}
    rows = review.rows_of(sheet)
    for row in rows:
        found = by_page.get((review.unguarded_text(row[review.SHA256 - 1]), int(str(row[_PAGE]))))
        if found is not None:
            verdict = translate(review.ACCEPT if found.accepted else review.REJECT)
            row[review.NUMBER - 1 : review.BY] = [found.number, verdict, found.by]
    review.write_book(target, rows)
