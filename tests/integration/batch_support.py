"""Real jobs on a real example PKI, for the tests of batch and archive."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.batch.job.job_file import read_job
from agreegen.example_pki.maker import make_example_pki
from agreegen.register.store import Register

HEADER = "编号,姓名,身份证号,单位,是否涉密"
PEOPLE = (
    "T001,王秀英,11010519491231002X,某市普查办,否",
    "T002,阿卜杜热合曼·买买提,,某市普查办,是",
    "T003,欧阳修,,某县普查办,否",
)
JOB = """form: personal-pledge
roster: {{file: people.csv}}
defaults: {{pledge_date: 2018-05-10}}
output: out
signatures:
  - {{role: unit, credential: pki/credentials/unit-seal.yaml, level: {level}}}
{more}trust: [pki/trust/]
"""


def clock() -> datetime:
    """Read the clock as a run does."""
    return datetime.now(UTC).replace(microsecond=0)


def make_pki(folder: Path) -> Path:
    """Give a folder the example PKI whose persons are those of the roster: made once and copied."""
    shutil.copytree(_pki_of_this_process(), folder, dirs_exist_ok=True)
    return folder


@functools.cache
def _pki_of_this_process() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="agreegen-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_strangers_pki(folder / "pki")


def make_strangers_pki(folder: Path) -> Path:
    """Make an example PKI of its own, with small keys and other anchors; its names are the same."""
    people = [(line.split(",")[0], line.split(",")[1]) for line in PEOPLE]
    make_example_pki(folder, now=clock(), key_bits=2048, people=people)
    return folder


def write_roster(folder: Path, rows: tuple[str, ...] | list[str]) -> Path:
    """Write the roster of a job."""
    path = folder / "people.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    return path


def write_job(
    folder: Path, pki: Path, rows: tuple[str, ...] | list[str] = PEOPLE, *, level: str = "B-B", more: str = ""
) -> Job:
    """Write a job and its roster into a folder, and read it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "pki").exists():
        (folder / "pki").symlink_to(pki)
    write_roster(folder, rows)
    path = folder / "job.yaml"
    path.write_text(JOB.format(level=level, more=more), "utf-8")
    return read_job(path)


def documents_of(job: Job) -> list[Path]:
    """Return the finished documents."""
    return sorted(job.documents_folder.rglob("*.pdf"))


def leftovers_of(job: Job) -> list[Path]:
    """Return temporary files that should not be there."""
    return [path for path in job.output.rglob("*") if path.name.startswith(".")]


def forget(job: Job) -> None:
    """Put an empty register there, as after a crash before the first chunk was recorded."""
    for path in job.output.glob("register.db*"):
        path.unlink()
    Register.open(job.register_file, create=True, now=clock()).close()
