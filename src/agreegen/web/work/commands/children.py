"""The program's own commands as child processes: they outlive the server, and the server finds them again.

A child is a session of its own and writes to files, not to us: whoever ends the server ends no batch, and the
next server reads the same files. A shell beside it notes the exit code, so that nobody has to wait for it. It
begins when it is told to, and that is when it is noted which process it is: nothing runs that nobody finds.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from agreegen.errors import UsageError
from agreegen.files import write_atomically
from agreegen.messages import message, text_in

_SCRIPT = 'read -r go || exit 1; trap : INT TERM; "$@"; echo $? >"$0.new"; mv "$0.new" "$0"'
_OWNER_ONLY = 0o600
_MOST_SECRET_CHARACTERS = 1_000
_MOST_READ_CHARACTERS, _MOST_SHOWN_CHARACTERS = 16_000, 4_000
_FOR_PROGRAMS = {"AGREEGEN_ASK": "json", "AGREEGEN_SAY": "json", "AGREEGEN_ON_PAGE": "1"}
"""What tells a command that no person is at its terminal, and that what it says is read on a page."""
_NONE: Mapping[str, str] = {}
_starting = threading.Lock()


class ChildState(StrEnum):
    """How far a child has come."""

    NEVER = "never"
    RUNNING = "running"
    ENDED = "ended"
    CUT_SHORT = "cut-short"


@dataclass(frozen=True, slots=True)
class Child:
    """One command in one folder, run or not.

    Attributes:
        folder: Where its files are.
        name: The beginning of their names, e.g. `run`.
        workplace: Where it runs; None for the same folder.
    """

    folder: Path
    name: str
    workplace: Path | None = None

    @property
    def output(self) -> Path:
        """What it printed."""
        return self.folder / f"{self.name}.out"

    @property
    def complaints(self) -> Path:
        """What it said beside."""
        return self.folder / f"{self.name}.err"

    @property
    def _exit(self) -> Path:
        return self.folder / f"{self.name}.exit"

    @property
    def _note(self) -> Path:
        return self.folder / f"{self.name}.pid"

    @property
    def state(self) -> ChildState:
        """How far it has come."""
        if not self._note.exists():
            return ChildState.NEVER
        if self._alive():
            return ChildState.RUNNING
        return ChildState.ENDED if self._exit.exists() else ChildState.CUT_SHORT

    @property
    def run(self) -> str | None:
        """What tells its last run from others; None where it never ran."""
        try:
            return str(self._noted().get("run", ""))
        except FileNotFoundError:
            return None

    @property
    def exit_code(self) -> int | None:
        """Its exit code; None where it has none."""
        try:
            return int(self._exit.read_text())
        except (OSError, ValueError):
            return None

    def last_words(self, language: str) -> str:
        """Return the end of what it said beside, in a person's language; a breakdown as it was written."""
        try:
            text = self.complaints.read_text(encoding="utf-8", errors="replace")[-_MOST_READ_CHARACTERS:]
        except OSError:
            return ""
        lines = text.splitlines()
        told = [each for each in (_worded(line, language) for line in lines) if each is not None]
        return self._without_place("\n".join(told or lines))[-_MOST_SHOWN_CHARACTERS:].strip()

    def _without_place(self, text: str) -> str:
        """Name files from where the command ran, or from the home folder: the server's places tell nobody."""
        place = self.workplace or self.folder
        return text.replace(f"{place}/../../", "").replace(f"{place}/", "")

    def start(
        self, arguments: Sequence[str], *, language: str, answers: Mapping[str, str] = _NONE, run: str = ""
    ) -> None:
        """Run a command of the program, with paths relative to where it runs.

        Args:
            arguments: What follows `agreegen`.
            language: `zh` or `en`, for what it says to people.
            answers: PINs by the question that it will put; they go through a pipe and are nowhere else.
            run: What tells this run from others.

        Raises:
            UsageError: It is running already.
        """
        with _starting:
            if self.state is ChildState.RUNNING:
                raise UsageError(
                    message("web.running-already", name=self.name), hint=message("web.wait-until-ended")
                )
            self._exit.unlink(missing_ok=True)
            # `-P`: what was uploaded into the folder must never be taken for a module of ours.
            command = [sys.executable, "-P", "-m", "agreegen", *arguments]
            with _fresh(self.output) as out, _fresh(self.complaints) as err:
                process = subprocess.Popen(
                    ["/bin/sh", "-c", _SCRIPT, str(self._exit), *command],
                    stdin=subprocess.PIPE,
                    stdout=out,
                    stderr=err,
                    cwd=self.workplace or self.folder,
                    env={**os.environ, "AGREEGEN_LANG": language, **_FOR_PROGRAMS},
                    start_new_session=True,
                )
            try:
                note = _identity(process.pid) | {"run": run}
                write_atomically(self._note, json.dumps(note).encode(), mode=_OWNER_ONLY)
            except BaseException:
                process.communicate()  # it reads the end of its input, and ends
                raise
            _tell(process, answers)
        threading.Thread(target=process.wait, daemon=True).start()

    def stop(self) -> None:
        """Ask it to end in good order; a process that we did not start is left alone."""
        if self.state is ChildState.RUNNING:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._noted()["pid"], signal.SIGINT)

    def _alive(self) -> bool:
        noted = self._noted()
        return all(noted.get(name) == value for name, value in _identity(noted["pid"]).items())

    def _noted(self) -> dict[str, Any]:
        noted: dict[str, Any] = json.loads(self._note.read_bytes())
        return noted


def _worded(line: str, language: str) -> str | None:
    """Return what a line of a command says in a language; None where it is no line of ours."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return str(text_in(said, "text", language)) if isinstance(said, dict) and "text" in said else None


def _tell(process: subprocess.Popen[bytes], answers: Mapping[str, str]) -> None:
    """Let a child begin, and tell it the answers; PINs are so short that nobody waits for a reader."""
    told = {question: answer[:_MOST_SECRET_CHARACTERS] for question, answer in answers.items()}
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(b"begin\n" + json.dumps(told).encode() + b"\n")


@contextlib.contextmanager
def _fresh(path: Path) -> Iterator[int]:
    """Give a handle on an empty file of the owner's only."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _OWNER_ONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def _identity(pid: int) -> dict[str, Any]:
    """Return what tells a process from a later one of the same number: its number and when it was started."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return {"pid": pid, "started": -1, "boot": _boot()}
    fields = text.rpartition(")")[2].split()
    started = -1 if fields[0] == "Z" else int(fields[19])  # proc(5): state is field 3, starttime field 22
    return {"pid": pid, "started": started, "boot": _boot()}


def _boot() -> str:
    """Return what tells this start of the machine: process numbers begin again with each."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
