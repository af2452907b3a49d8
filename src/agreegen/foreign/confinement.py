"""A process with limits in which foreign bytes are read: what hangs, grows or aborts costs that process only.

The other side calls importable functions in it, or reads streams from it batch by batch. Libraries in C, C++
and Rust that end their process over hostile bytes, archives that unpack without end and parsers that take
minutes for kilobytes all become one `ConfinedError`, which the caller words with the name of the file.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import pickle
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from agreegen.errors import AgreegenError
from agreegen.foreign.limits import Limits, limit_memory, limit_processor
from agreegen.messages import message, translate

T = TypeVar("T")

_FIRST_BATCH, _BATCH = 50, 1_000
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from agreegen.foreign.confinement import serve; serve(int(sys.argv[1]))"
)


class Runaway(Enum):
    """Why a confined process gave no answer."""

    TIME = message("foreign.takes-more-time-than-such-file")
    MEMORY = message("foreign.asks-more-memory-than-such-file")
    DIED = message("foreign.library-broke-down-over")
    FAILED = message("foreign.cannot-read")


class ConfinedError(Exception):
    """A confined process gave no answer.

    Attributes:
        why: What happened; its value says it in words.
        detail: The library's own words, where it had any.
    """

    def __init__(self, why: Runaway, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why = why
        self.detail = detail

    def __str__(self) -> str:
        return str(self.why.value)

    def in_language(self, language: str) -> str:
        """Return what happened, in a reader's language."""
        return translate(self.why.value, language)


@dataclass(frozen=True, slots=True)
class _Request:
    """What the other side asks for.

    Attributes:
        function: What to call; None for the next batch of a stream.
        arguments: Its arguments.
        stream: Number of the stream that begins or goes on; None for a call with one answer.
        dropped: Streams that nobody reads any more.
        limits: For the answer.
    """

    function: Callable[..., Any] | None
    arguments: tuple[Any, ...]
    stream: int | None
    dropped: tuple[int, ...]
    limits: Limits


@dataclass(frozen=True, slots=True)
class _Answer:
    """A result or a batch, or why there is none."""

    value: Any = None
    last: bool = True
    error: BaseException | None = None


class Confinement:
    """One process with limits, started at the first use and again after it was lost.

    Args:
        limits: What it may take for each answer.

    Attributes:
        limits: The same; may be set anew between two answers.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._dropped: list[int] = []
        self._child: _Child | None = None

    def begin(self, function: Callable[[], object]) -> None:
        """Start the process and let it load what it needs, without waiting; the first call waits for it.

        Args:
            function: Importable by name; what it returns is dropped, and where it fails, the first call does.
        """
        with self._lock:
            if self._child is None:
                self._child = _Child()
                self._child.begin(_Request(function, (), None, (), self.limits))

    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """Call a function of a module in the process and return what it returns.

        Args:
            function: Importable by name.
            arguments: Values that can be pickled.

        Raises:
            ConfinedError: There is no answer within the limits.
            AgreegenError: The function raised it.
        """
        answer: T = self._ask(function, arguments, None).value
        return answer

    def stream(self, function: Callable[..., Iterable[T]], *arguments: object) -> Iterator[T]:
        """Yield what the iterable that a function returns gives; memory stays flat on both sides.

        Raises:
            ConfinedError: There is no answer within the limits.
            AgreegenError: The function, or its iterable, raised it.
        """
        number = next(self._numbers)
        answer = self._ask(function, arguments, number)
        child = self._child
        try:
            while True:
                yield from answer.value
                if answer.last:
                    return
                if self._child is not child:
                    raise ConfinedError(Runaway.DIED)
                answer = self._ask(None, (), number)
        finally:
            self._dropped.append(number)  # told with the next request: this may run at any moment

    def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _ask(
        self, function: Callable[..., Any] | None, arguments: tuple[Any, ...], stream: int | None
    ) -> Any:
        with self._lock:
            dropped = tuple(self._dropped)
            del self._dropped[: len(dropped)]
            if self._child is None:
                self._child = _Child()
            request = _Request(function, arguments, stream, dropped, self.limits)
            try:
                answer = self._child.ask(request)
            except BaseException:
                self.close()  # also when interrupted: a late answer must not be taken for another's
                raise
        if answer.error is not None:
            raise answer.error
        return answer


class _Child:
    """The process and its end of the line."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, str(theirs.fileno()), json.dumps(sys.path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a library's last words may quote what was read
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
            self._connection = Connection(ours.detach())
        self._begun: Limits | None = None
        # Whoever forgets an open file must not leave a process behind.
        self._finalizer = weakref.finalize(self, _end, self._connection, self._process)

    def begin(self, request: _Request) -> None:
        with contextlib.suppress(OSError):  # who asks next finds it gone
            self._connection.send(request)
            self._begun = request.limits

    def ask(self, request: _Request) -> _Answer:
        begun, self._begun = self._begun, None
        if begun is not None:
            answer = self._receive(begun)
            if answer.error is not None:
                raise answer.error
        with contextlib.suppress(OSError):  # then there is no answer either
            self._connection.send(request)
        return self._receive(request.limits)

    def _receive(self, limits: Limits) -> _Answer:
        try:
            if not self._connection.poll(limits.wall_s):
                raise ConfinedError(Runaway.TIME)
            answer: _Answer = self._connection.recv()
        except (EOFError, OSError) as exc:
            self._process.wait()
            slow = self._process.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
            raise ConfinedError(Runaway.TIME if slow else Runaway.DIED) from exc
        return answer

    def end(self) -> None:
        self._finalizer()


def _end(connection: Connection, process: subprocess.Popen[bytes]) -> None:
    connection.close()
    process.kill()
    process.wait()


@dataclass(slots=True)
class _Server:
    """The confined side: its streams by number."""

    streams: dict[int, Iterator[Any]] = field(default_factory=dict)

    def answer(self, request: _Request) -> _Answer:
        """Answer one request; whatever is raised becomes an answer, too."""
        for number in request.dropped:
            self.streams.pop(number, None)
        try:
            return self._work(request)
        except BaseException as exc:
            return _Answer(error=_portable(exc))

    def _work(self, request: _Request) -> _Answer:
        if request.function is not None:
            limit_memory(request.limits.memory_bytes)
            limit_processor(request.limits.cpu_s)
            result = request.function(*request.arguments)
            if request.stream is None:
                return _Answer(result)
            self.streams[request.stream] = iter(result)
            return self._batch(request.stream, _FIRST_BATCH)
        assert request.stream is not None
        return self._batch(request.stream, _BATCH)

    def _batch(self, number: int, size: int) -> _Answer:
        items = list(itertools.islice(self.streams[number], size))
        return _Answer(items, last=len(items) < size)


def serve(handle: int) -> None:
    """Answer requests until the other side closes; runs in the confined process.

    Args:
        handle: File descriptor of the line.
    """
    server = _Server()
    with contextlib.suppress(EOFError, OSError), Connection(handle) as connection:
        while True:
            connection.send(server.answer(connection.recv()))


def _portable(exc: BaseException) -> BaseException:
    if isinstance(exc, MemoryError):
        return ConfinedError(Runaway.MEMORY)
    if isinstance(exc, AgreegenError):
        with contextlib.suppress(Exception):
            pickle.loads(pickle.dumps(exc))  # noqa: S301 - our own bytes: an error must survive the way
            return exc
    return ConfinedError(Runaway.FAILED, _name(exc))


def _name(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {exc}"[:500]


_shared: dict[Limits, Confinement] = {}


def shared(limits: Limits) -> Confinement:
    """Return the process for small things of this program, started once; it ends with the program."""
    return _shared.setdefault(limits, Confinement(limits))
