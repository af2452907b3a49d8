"""A small stack of signed sheets, drawn quickly: for what happens to pages, not for how well they read."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.paper.printing import PrintedDocument, print_documents
from agreegen.batch.running.run import run_job
from agreegen.demo.paper import draw_scans
from agreegen.register.store import Register
from agreegen.scanning.comparing.references import signature_boxes
from agreegen.scanning.copies.stamp import Box
from tests.integration.batch_support import make_pki, write_job

ROWS = (
    "P001,王秀英,,某市普查办,否",
    "P002,欧阳修,,某市普查办,否",
    "P003,王秀英,,某县普查办,否",
    "P004,李四,,某县普查办,否",
    "P005,阿卜杜热合曼·买买提,,某县普查办,否",
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A job whose documents were printed.

    Attributes:
        job: The job.
        file: The printer's file.
        documents: What is in it.
    """

    job: Job
    file: Path
    documents: tuple[PrintedDocument, ...]

    def copy(self, folder: Path) -> Printed:
        """Return a copy of everything, for a test to change."""
        shutil.copytree(self.job.path.parent, folder / "job", symlinks=True)
        return Printed(read_job(folder / "job/job.yaml"), self.file, self.documents)

    def sheet(self, staff_no: str) -> PrintedDocument:
        """Return the document of a person."""
        return next(document for document in self.documents if document.staff_no == staff_no)

    def scan(self, target: Path, signed: tuple[str, ...], unsigned: tuple[str, ...] = ()) -> Path:
        """Scan the sheets of some people, first those who signed, then those who did not."""
        places = [(self.sheet(n).page, [self.box(n)]) for n in signed]
        places += [(self.sheet(n).page, []) for n in unsigned]
        draw_scans(self.file, places, target)
        return target

    def box(self, staff_no: str) -> Box:
        """Return where a person signs."""
        with Register.open(self.job.register_file, read_only=True) as register:
            row = register.document(self.sheet(staff_no).id)
        assert row is not None
        return signature_boxes((self.job.output / row.registration.path).read_bytes())["pledger"][1]


def print_job(folder: Path) -> Printed:
    """Make and print the documents of a small job."""
    job = write_job(folder / "job", make_pki(folder / "pki"), ROWS)
    assert run_job(job, RunSettings(workers=1)).done == len(ROWS)
    printed = print_documents(job, folder / "print.pdf")
    return Printed(job, folder / "print.pdf", printed.documents)
