"""What runs away in a confined process costs that process only."""

from __future__ import annotations

import gc
import itertools
import math
import operator
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreegen.errors import InputError
from agreegen.foreign.confinement import ConfinedError, Confinement, Runaway
from agreegen.foreign.limits import Limits
from agreegen.yaml_text import read_yaml_text


@pytest.fixture
def room() -> Iterator[Confinement]:
    room = Confinement(Limits(memory_bytes=400 << 20, cpu_s=1, wall_s=5))
    yield room
    room.close()


def test_a_call_gives_its_result(room: Confinement) -> None:
    assert room.call(math.hypot, 3, 4) == 5
    assert room.call(os.getpid) != os.getpid()


def test_streams_may_be_read_side_by_side_and_left_early(room: Confinement) -> None:
    one, two = room.stream(range, 10_000), room.stream(range, 5, 10)
    assert next(one) == 0
    assert list(two) == [5, 6, 7, 8, 9]
    assert sum(one) == sum(range(1, 10_000))
    endless = room.stream(itertools.count)
    assert next(endless) == 0
    del endless
    gc.collect()
    assert room.call(operator.add, 1, 2) == 3


def test_what_aborts_what_grows_and_what_hangs_is_told_apart_and_the_next_call_works(
    room: Confinement,
) -> None:
    for why, function, arguments in (
        (Runaway.DIED, os.abort, ()),
        (Runaway.DIED, os.kill, (0, signal.SIGSEGV)),
        (Runaway.MEMORY, operator.mul, (b"x", 1 << 33)),
        (Runaway.TIME, sum, (range(10**12),)),
        (Runaway.FAILED, int, ("no number",)),
        (Runaway.FAILED, os.stat, ("/nowhere",)),
        (Runaway.FAILED, next, (iter(()),)),
    ):
        with pytest.raises(ConfinedError) as caught:
            room.call(function, *arguments)
        assert caught.value.why is why
        assert room.call(operator.add, 1, 2) == 3


def test_one_that_sleeps_is_ended_when_the_wait_is_over() -> None:
    room = Confinement(Limits(wall_s=0.5))
    begun = time.monotonic()
    with pytest.raises(ConfinedError) as caught:
        room.call(time.sleep, 60)
    assert caught.value.why is Runaway.TIME
    assert time.monotonic() - begun < 5
    room.close()


def test_errors_of_ours_come_through_with_their_hint(room: Confinement) -> None:
    with pytest.raises(InputError, match=r"aliases are not allowed") as caught:
        room.call(read_yaml_text, b"a: &x 1\nb: *x\n", Path("form.yaml"))
    assert caught.value.hint == "write the values out, one level each"


def test_threads_wait_for_each_other(room: Confinement) -> None:
    sums: list[int] = []
    threads = [threading.Thread(target=lambda: sums.append(sum(room.stream(range, 5_000)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [sum(range(5_000))] * 4
