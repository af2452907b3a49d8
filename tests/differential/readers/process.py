"""A reader in a process of its own, which is asked in lines and started again when it dies."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence

from tests.differential.readers.shots import ReaderDiedError

ANSWER_S = 30


class LineProcess:
    """A program that answers every line on its standard input with one line on its standard output."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, line: str) -> str:
        """Send a line and return the answer.

        Raises:
            ReaderDiedError: The program ended or said nothing for 30 s.
        """
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        watch = threading.Timer(ANSWER_S, process.kill)
        watch.start()
        try:
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = b""
        finally:
            watch.cancel()
        if not answer.endswith(b"\n"):
            self.close()
            raise ReaderDiedError(f"{self._command[0]} ended with {process.returncode}")
        return answer.decode(errors="replace").strip()

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return self._process

    def close(self) -> None:
        """End the program."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
