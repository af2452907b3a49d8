"""One batch on disk: its roster, its job, what its checks and runs said."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from agreegen.api import find_form, open_register, register_signer
from agreegen.api.batches import credentials_of_run, read_job
from agreegen.errors import AgreegenError, ExitCode
from agreegen.files import write_atomically
from agreegen.model.complaint import Severity
from agreegen.model.form import Form
from agreegen.web.home import Home
from agreegen.web.settings import Settings
from agreegen.web.store.batches import Batch
from agreegen.web.work.archive.bag_folders import BagPlace
from agreegen.web.work.commands.children import Child, ChildState

_OWNER_ONLY = 0o600
_BAD = frozenset({"failed", "quarantined"})
_KEPT = "already-done"
_MOST_FAILURES = 200
_MOST_SUMMARY_BYTES = 64 << 10
_MOST_BAGS = 99
_BAG_NAME = len("bag-00")


@dataclass(slots=True)
class RunProgress:
    """What a run has told so far.

    Attributes:
        rows: Rows of the roster.
        done: Rows dealt with.
        made: Documents that this run made.
        failures: Row, document and reason of the first rows that failed.
        failed: How many rows failed.
        summary: The last line, once it is there.
    """

    rows: int = 0
    done: int = 0
    made: int = 0
    failed: int = 0
    failures: list[Mapping[str, Any]] = field(default_factory=list)
    summary: Mapping[str, Any] | None = None

    def left(self, seconds: float) -> timedelta | None:
        """Return how long the rest will take at the rate so far; None where nothing is known yet.

        Args:
            seconds: How long the run has been going on.
        """
        if not self.done or self.summary is not None:
            return None
        return timedelta(seconds=seconds * (self.rows - self.done) / self.done)

    def take(self, line: bytes) -> None:
        """Take in one line of `batch run --json`."""
        try:
            event = json.loads(line)
        except ValueError:
            return  # a line that was cut short with its process
        if "event" not in event:
            self.summary = event
            return
        self.rows, self.done = event["rows"], event["done"]
        result = event.get("result")
        if event["event"] != "row" or result is None:
            return
        if result in _BAD:
            self.failed += 1
            if len(self.failures) < _MOST_FAILURES:
                self.failures.append(event)
        elif result != _KEPT:
            self.made += 1


@dataclass(frozen=True, slots=True)
class BatchFolder:
    """The folder of one batch.

    Attributes:
        path: The folder.
    """

    path: Path

    @classmethod
    def of(cls, home: Home, batch: Batch) -> BatchFolder:
        """Return the folder of a batch."""
        return cls(home.batches / batch.id)

    @property
    def job(self) -> Path:
        """The job file."""
        return self.path / "job.yaml"

    @property
    def output(self) -> Path:
        """Documents, register, failed rows."""
        return self.path / "output"

    @property
    def register(self) -> Path:
        """The register."""
        return self.output / "register.db"

    @property
    def print_file(self) -> Path:
        """The stack to be printed."""
        return self.path / "print.pdf"

    @property
    def check(self) -> Child:
        """`batch check`."""
        return Child(self.path, "check")

    @property
    def run(self) -> Child:
        """`batch run`."""
        return Child(self.path, "run")

    @property
    def printing(self) -> Child:
        """`batch print`."""
        return Child(self.path, "print")

    @property
    def scans(self) -> Child:
        """`register add-scans`."""
        return Child(self.path, "scans")

    def paper(self, document: str) -> Child:
        """Return `register add-paper` or `retract` of one document."""
        return Child(self.path / "acts" / document, "paper", self.path)

    @property
    def archiving(self) -> Child:
        """`archive create`."""
        return Child(self.path, "archive")

    @property
    def bag_check(self) -> Child:
        """`archive verify`."""
        return Child(self.path, "bag-check")

    @property
    def four_properties(self) -> Path:
        """The report on the four properties of the bag verified last; the workbook lies beside it."""
        return self.path / "four-properties.html"

    @property
    def register_check(self) -> Child:
        """`register verify`."""
        return Child(self.path, "register-check")

    @property
    def bags(self) -> tuple[Path, ...]:
        """The bags that were written, oldest first."""
        return tuple(sorted(path for path in self.path.glob("bag-[0-9][0-9]") if path.is_dir()))

    @property
    def bag_names(self) -> tuple[str, ...]:
        """Names of the bags that were ever written, those destroyed too."""
        return tuple(
            sorted({path.name[:_BAG_NAME] for path in self.path.glob("bag-[0-9][0-9]*") if path.is_dir()})
        )

    @property
    def next_bag(self) -> str | None:
        """The name of the next bag; a destroyed one keeps its own. None where there are too many."""
        number = max((int(name[-2:]) for name in self.bag_names), default=0) + 1
        return f"bag-{number:02d}" if number <= _MOST_BAGS else None

    @property
    def register_signer(self) -> Path | None:
        """The credential file of who signs the register, where one can be told."""
        try:
            return register_signer(self.register) if self.register.is_file() else None
        except AgreegenError:
            return None

    @property
    def run_signers(self) -> tuple[Path | None, ...]:
        """The credential files that a run uses for all rows, and who signs the register that it writes to."""
        try:
            return (*credentials_of_run(read_job(self.job)), self.register_signer)
        except AgreegenError:
            return ()  # the check says what is wrong with the job

    def bag_place(self, batch: Batch) -> BagPlace:
        """Return where the bags of the batch lie."""
        register = self.register if self.register.is_file() else None
        return BagPlace(
            id=batch.id,
            title=batch.title,
            folder=self.path,
            notes=self.path / "acts",
            register=register,
            sources=None,
            back=f"/archive/{batch.id}",
        )

    def write_job(
        self, home: Home, settings: Settings, form_id: str, roster: str, defaults: Mapping[str, str]
    ) -> None:
        """Write the job file; paths are relative, so that the home folder can be moved.

        Args:
            home: The office's home; what it trusts counts for the batch.
            settings: They say who signs.
            form_id: The form.
            roster: Name of the roster in the folder.
            defaults: Field name → text for rows that do not give it.
        """
        chosen = settings.forms.get(form_id)
        job: dict[str, Any] = {
            "form": form_id,
            "roster": {"file": roster},
            "output": self.output.name,
            "signatures": [_from_home(entry) for entry in chosen.signatures] if chosen else [],
        }
        job |= {"trust": ["../../trust"]} if home.trusts else {}
        values = {**(chosen.defaults if chosen else {}), **defaults}
        job |= {"defaults": values} if values else {}
        job |= {"tsa": home.services(settings.tsa, self.path)} if settings.tsa else {}
        if settings.register_credential is not None:
            job["register_credential"] = f"../../{settings.register_credential}"
        text = yaml.safe_dump(job, allow_unicode=True, sort_keys=False)
        write_atomically(self.job, text.encode(), mode=_OWNER_ONLY)

    def check_result(self) -> Mapping[str, Any] | None:
        """Return what the check printed; None where there is no whole answer."""
        return printed_object(self.check)

    def may_run(self, *, without_bad_rows: bool) -> bool:
        """Tell whether the check lets the batch be made.

        Args:
            without_bad_rows: Whether rows with errors may be left out, to be mended and made later.
        """
        result = self.check_result()
        if result is None or self.check.exit_code == ExitCode.DONE:
            return result is not None
        return without_bad_rows and has_good_rows(result)

    @property
    def checked_since_run(self) -> bool:
        """Whether the last check began after the last run: a roster or values came afterwards."""
        check, run = self.path / "check.pid", self.path / "run.pid"
        return check.exists() and run.exists() and check.stat().st_mtime_ns > run.stat().st_mtime_ns

    def progress(self) -> RunProgress:
        """Read what the last run has told so far."""
        progress = RunProgress()
        if self.run.output.exists():
            with self.run.output.open("rb") as file:
                for line in file:
                    progress.take(line)
        return progress

    def summary(self) -> Mapping[str, Any] | None:
        """Return the summary of the last run, which is its last line; None while it has none."""
        progress = RunProgress()
        with contextlib.suppress(OSError), self.run.output.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_SUMMARY_BYTES))
            progress.take(file.read().rstrip(b"\n").rpartition(b"\n")[2])
        return progress.summary

    def seconds(self) -> float:
        """Return for how long the last run has been going on, or how long it took."""
        begun = (self.path / "run.pid").stat().st_mtime
        ended = time.time() if self.run.state is ChildState.RUNNING else self.run.output.stat().st_mtime
        return max(0.0, ended - begun)

    def form(self) -> Form:
        """Return the form that the rows fill."""
        return find_form(str(self._written()["form"]))

    def roster_name(self) -> str:
        """Return the name of the roster in the folder."""
        return str(self._written()["roster"]["file"])

    def defaults(self) -> dict[str, str]:
        """Return what holds for all rows."""
        return {name: str(text) for name, text in self._written().get("defaults", {}).items()}

    def _written(self) -> Mapping[str, Any]:
        job: Mapping[str, Any] = yaml.load(self.job.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return job

    def units(self) -> tuple[str, ...]:
        """Return the units of the people whose documents are made."""
        if not self.register.is_file():
            return ()
        with open_register(self.register) as register:
            return tuple(
                sorted({row.registration.unit for row in register.documents() if row.registration.unit})
            )

    def samples(self) -> tuple[Path, ...]:
        """Return the sample documents of the check."""
        result = self.check_result() or {}
        found = (self.output / "samples" / Path(name).name for name in result.get("samples", ()))
        return tuple(path for path in found if path.is_file())


def has_good_rows(result: Mapping[str, Any]) -> bool:
    """Tell whether what a check found wrong is wrong in some rows only, so that the others can be made."""
    wrong = [each["row"] for each in result["complaints"] if each["severity"] == Severity.ERROR.value]
    return None not in wrong and 0 < len(set(wrong)) < result["rows"]


def _from_home(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "credential": f"../../{entry['credential']}"}


def printed_object(child: Child) -> Mapping[str, Any] | None:
    """Return the JSON object that a child printed; None while there is no whole one."""
    if child.state is not ChildState.ENDED:
        return None
    try:
        answer = json.loads(child.output.read_bytes())
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


class RunFollower:
    """Follows a run as its file grows, reading each line once.

    Args:
        folder: The batch.
    """

    def __init__(self, folder: BatchFolder) -> None:
        self._folder = folder
        self._progress = RunProgress()
        self._place = 0

    def look(self) -> tuple[RunProgress, bool]:
        """Return the progress so far, and whether the run has ended."""
        running = self._folder.run.state is ChildState.RUNNING  # asked before the rest is read
        with self._folder.run.output.open("rb") as file:
            file.seek(self._place)
            while (line := file.readline()).endswith(b"\n"):
                self._progress.take(line)
                self._place = file.tell()
        return self._progress, not running
