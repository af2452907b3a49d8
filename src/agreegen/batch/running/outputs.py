"""What a run leaves for people: failed rows, the report as JSON and HTML."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agreegen.batch.interface import Job, RunSummary
from agreegen.batch.running.report_page import SHOWN, render_report
from agreegen.files import sha256_of_file, write_atomically
from agreegen.messages import Message, translate
from agreegen.rosters.failed_rows import write_failed_rows
from agreegen.rosters.roster import Roster

_FAILED = "failed-rows"
_MAX_LIST_BYTES, _KEPT_LINES, _HASH = 1 << 16, 100, 64


class FailedRows:
    """Collects failed rows in a nameless temporary file: memory stays flat, and nothing is left behind.

    Args:
        output: Output folder.
        roster: Gives the header and the sheet name.
    """

    def __init__(self, output: Path, roster: Roster) -> None:
        self._output = output
        self._roster = roster
        self._spool = tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass")  # noqa: SIM115 - closed with this object
        self.count = 0

    def __enter__(self) -> FailedRows:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._spool.close()

    def add(self, cells: Sequence[str], reason: Message) -> None:
        """Keep a row that failed."""
        self._spool.write(json.dumps([list(cells), translate(reason)]) + "\n")
        self.count += 1

    def rows(self) -> Iterator[tuple[Sequence[str], str]]:
        """Stream the rows again."""
        self._spool.flush()
        self._spool.seek(0)
        for line in self._spool:
            cells, reason = json.loads(line)
            yield cells, reason
        self._spool.seek(0, 2)

    def write(self) -> Path:
        """Write the rows as CSV and XLSX; without failures they hold the header only. Return the CSV.

        What somebody mended is never written over: where `failed-rows` is the roster of this very run, or
        was changed since a run wrote it, the rows go to `failed-rows-2`, and so on.

        Raises:
            OSError: The output folder cannot be written.
        """
        written = _Written(self._output)
        base = next(
            base
            for base in map(self._base, itertools.count(1))
            if written.may_replace(base, self._roster.path)
        )
        csv, _ = write_failed_rows(
            base, self._roster.header, self.rows(), sheet=self._roster.sheet, before=written.note
        )
        return csv

    def _base(self, number: int) -> Path:
        return self._output / (_FAILED if number == 1 else f"{_FAILED}-{number}")


class _Written:
    """Knows which files of failed rows are as a run wrote them: their SHA-256 stands in `failed-rows.sha256`.

    Args:
        output: Output folder.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._list = output / f"{_FAILED}.sha256"
        try:
            with self._list.open("rb") as file:  # our own, and no input: it is replaced at the end
                text = file.read(_MAX_LIST_BYTES).decode("utf-8", "replace")
        except OSError:
            text = ""
        self._lines = [line for line in text.splitlines() if len(line) > _HASH]

    def may_replace(self, base: Path, roster: Path) -> bool:
        """Tell whether nothing of the user's stands at these two names."""
        return all(self._is_ours(base.with_name(base.name + suffix), roster) for suffix in (".csv", ".xlsx"))

    def note(self, hashes: Mapping[str, str]) -> None:
        """Remember what is about to be written, together with what it takes the place of."""
        new = [f"{digest}  {name}" for name, digest in hashes.items()]
        self._lines = [*self._lines[-_KEPT_LINES:], *(line for line in new if line not in self._lines)]
        write_atomically(self._list, "".join(f"{line}\n" for line in self._lines).encode())

    def _is_ours(self, path: Path, roster: Path) -> bool:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            return False
        if not path.exists():
            return True
        return not path.samefile(roster) and f"{sha256_of_file(path)}  {path.name}" in self._lines


def write_report(job: Job, summary: RunSummary, states: Mapping[str, int], failed: FailedRows) -> None:
    """Write `report.json` and `report.html`. Neither holds ID numbers.

    Raises:
        OSError: The output folder cannot be written.
    """
    data = summary.to_dict() | {
        "job": str(job.path.resolve()),
        "form": job.form.id,
        "form_version": job.form.version,
        "states": dict(states),
    }
    write_atomically(
        job.output / "report.json", json.dumps(data, ensure_ascii=False, indent=1).encode() + b"\n"
    )
    reasons = [reason for _, reason in itertools.islice(failed.rows(), SHOWN + 1)]
    write_atomically(job.output / "report.html", render_report(job, summary, states, reasons).encode())
