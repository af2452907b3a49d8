"""Finding and running external programs: argument lists, a time limit, both pipes drained."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agreegen.errors import ConversionError, MissingProgramError
from agreegen.messages import message

_GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program left behind.

    Attributes:
        status: Its exit status.
        stdout: All it printed to standard output.
        stderr: All it printed to standard error.
    """

    status: int
    stdout: bytes
    stderr: bytes


def find_program(*names: str, package: str) -> Path:
    """Return the path of the first of these programs that is installed.

    Args:
        names: Program names, in order of preference.
        package: The Debian package that brings it, for the hint.

    Raises:
        MissingProgramError: None of them is on the search path.
    """
    for name in names:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise MissingProgramError(
        message("programs.program-not-installed", names=names[0]),
        hint=message("programs.install-debian-package", package=package),
    )


def run_program(
    arguments: Sequence[str | Path],
    *,
    timeout_s: float,
    stdin: bytes = b"",
) -> Completed:
    """Run a program to its end and return what it printed.

    The program gets a process group of its own, and only that group is ended when the time is up.

    Raises:
        ConversionError: The time limit passed.
    """
    process = subprocess.Popen(
        [str(argument) for argument in arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout_s)
    except subprocess.TimeoutExpired as exc:
        end_process_group(process)
        raise ConversionError(
            message("programs.did-not-finish-within-s-was", arguments=arguments[0], timeout_s=timeout_s)
        ) from exc
    except BaseException:
        end_process_group(process)
        raise
    return Completed(process.returncode, stdout, stderr)


@contextlib.contextmanager
def streamed_output(
    arguments: Sequence[str | Path], *, timeout_s: float, stdin: bytes = b""
) -> Iterator[IO[bytes]]:
    """Run a program and give its output as it comes; it waits while nobody reads.

    It is ended when nobody reads any more, or when the time is up, where its output ends early.

    Args:
        arguments: Program and arguments.
        timeout_s: Time limit.
        stdin: Its standard input.
    """
    process = subprocess.Popen(
        [str(argument) for argument in arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    feeder = threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True)
    clock = threading.Timer(timeout_s, _kill_group, (process,))
    feeder.start()
    clock.start()
    try:
        yield process.stdout
    finally:
        clock.cancel()
        _kill_group(process)
        process.stdout.close()
        feeder.join()
        process.wait()


def _feed(pipe: IO[bytes], data: bytes) -> None:
    """Write all of the input; a program may end before it has read it."""
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(data)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def end_process_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started in a session of its own, with all its children."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        try:
            process.communicate(timeout=_GRACE_S)
        except (subprocess.TimeoutExpired, ValueError):
            continue
        return
