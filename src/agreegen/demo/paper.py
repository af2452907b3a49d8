"""Paper in the demonstration: what is open is printed, signed with an invented pen, scanned and read back.

PDFium draws the printed sheets, strokes of a pen are drawn into the place for the signature, and each sheet
lies askew, as scanners take it in. No program besides this one is needed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw

from agreegen.batch.interface import Job, PrintSettings
from agreegen.batch.job.coverage import count_job
from agreegen.batch.job.register_signers import recorder_for
from agreegen.batch.paper.printing import print_documents
from agreegen.messages import Message, message
from agreegen.recording.recorder import Recorder
from agreegen.register.interface import How
from agreegen.reports.coverage import CoverageTotals
from agreegen.scanning.comparing.references import signature_boxes
from agreegen.scanning.copies.stamp import Box
from agreegen.scanning.interface import PageStatus
from agreegen.scanning.service import ScanRequest, add_scans
from agreegen.yaml_text import packaged_words

_DOTS_PER_INCH = 200
_PX_PER_PT = _DOTS_PER_INCH / 72
_INK = 60
_SEED = 20180510
_STEPS = 24
_CLERK: str = packaged_words("agreegen.demo")["clerk"]


@dataclass(frozen=True, slots=True)
class PaperSummary:
    """What came of the paper.

    Attributes:
        printed: Documents printed.
        accepted: Scanned pages that were accepted without a person.
        review: Pages left for a person.
        totals: Who has signed now, and how.
    """

    printed: int
    accepted: int
    review: int
    totals: CoverageTotals

    def told(self) -> Message:
        """Say what came of it."""
        how = self.totals.how
        return message(
            "demo.printed-signed-pen-scanned-accepted-look",
            printed=self.printed,
            accepted=self.accepted,
            review=self.review,
            signed=self.totals.signed,
            rows=self.totals.rows,
            how=how[How.CERTIFICATE],
            how2=how[How.PAPER],
        )


def sign_on_paper(job: Job, folder: Path, *, now: datetime) -> PaperSummary:
    """Print what is open, scan it with signatures, read the scans back; of a small demo nothing is open.

    Args:
        job: The job; its documents are made.
        folder: Where the printer's file, the scans and what is to be looked at go.
        now: Aware UTC time.
    """
    with recorder_for(job.register_file, None, now=now) as recorder:
        roles = [role.id for role in job.form.subject_roles]
        if not any(document.open_roles(roles) for document in recorder.register.documents()):
            return PaperSummary(0, 0, 0, count_job(job, recorder.register))
        printed = print_documents(
            job,
            folder / "print.pdf",
            PrintSettings(),
            recorder=recorder,
            by=_CLERK,
            now=now,
            xlsx=folder / "print.xlsx",
        )
        places = [(document.page, [_place(job, recorder, document.id)]) for document in printed.documents]
        draw_scans(folder / "print.pdf", places, folder / "scans.pdf")
        request = ScanRequest((folder / "scans.pdf",), folder / "review", _CLERK)
        report = add_scans(request, recorder.register, recorder, now=now)
        return PaperSummary(
            len(printed.documents),
            report.count(PageStatus.ACCEPTED),
            report.count(PageStatus.REVIEW),
            count_job(job, recorder.register),
        )


def draw_scans(printed: Path, places: Sequence[tuple[int, Sequence[Box]]], target: Path) -> None:
    """Draw the sheets of a printer's file with strokes of a pen, askew, into a PDF of pictures.

    Args:
        printed: The printer's file.
        places: Pages in it, from 1, and where somebody signs on each.
        target: The scans.
    """
    rng = random.Random(_SEED)  # noqa: S311 - strokes of a pen, not secrets
    pdf = pypdfium2.PdfDocument(printed)
    try:
        sheets = [_scan(pdf[page - 1], boxes, rng) for page, boxes in places]
    finally:
        pdf.close()
    sheets[0].save(target, "PDF", save_all=True, append_images=sheets[1:], resolution=_DOTS_PER_INCH)


def _place(job: Job, recorder: Recorder, document_id: str) -> Box:
    row = recorder.register.document(document_id)
    assert row is not None
    boxes = signature_boxes((job.output / row.registration.path).read_bytes())
    role = row.open_roles([role.id for role in job.form.required_roles])[0]
    return boxes[role][1]


def _scan(leaf: pypdfium2.PdfPage, boxes: Sequence[Box], rng: random.Random) -> Image.Image:
    picture: Image.Image = leaf.render(scale=_PX_PER_PT, grayscale=True).to_pil().convert("L")
    height = leaf.get_height()
    pen = ImageDraw.Draw(picture)
    for box in boxes:
        left, right = (edge * _PX_PER_PT for edge in (box.left + 8, box.right - 20))
        top, bottom = ((height - edge) * _PX_PER_PT for edge in (box.top - 5, box.bottom + 5))
        for _ in range(rng.randrange(5, 9)):
            corners = [(rng.uniform(left, right), rng.uniform(top, bottom)) for _ in range(4)]
            pen.line(_curve(corners), fill=_INK, width=4)
    return picture.rotate(rng.uniform(-2, 2), Image.Resampling.BICUBIC, fillcolor=255)


def _curve(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points of a Bézier curve of the third degree."""
    points = []
    for step in range(_STEPS + 1):
        t = step / _STEPS
        shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        x, y = (sum(s * c[axis] for s, c in zip(shares, corners, strict=True)) for axis in (0, 1))
        points.append((x, y))
    return points
