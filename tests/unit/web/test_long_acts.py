"""Acts that take a command's time are on the audit twice: begun, and what came of it, exactly once."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreegen.web.store.audit import Act, Audit
from agreegen.web.store.database import Database
from agreegen.web.store.open_acts import OpenAct, OpenActs
from agreegen.web.work.commands.children import Child, ChildState
from agreegen.web.work.commands.long_acts import LongActs
from tests.web_office import free_port

NOW = datetime(2026, 5, 10, 8, 0, tzinfo=UTC)
ACT = Act("wang", "10.0.0.7", "bag-verify", "b1/bag-01")


class Desk:
    """A home folder with its audit; each server of it is a new one.

    Attributes:
        home: The folder.
        child: A command's place in it.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.child = Child(home / "b1", "check")
        self.child.folder.mkdir()
        self._database = Database(home / "office.db")
        self.audit = Audit(self._database, now=NOW)
        self.noted = OpenActs(self._database, self.audit)

    def server(self) -> LongActs:
        """Start another server."""
        return LongActs(self.home, self.noted, lambda: NOW)

    def begin(self, acts: LongActs, *arguments: str) -> bool:
        """Begin a command."""
        return acts.begin(self.child, arguments, ACT, language="en", answers={})

    def results(self) -> list[str]:
        """Return what the audit says came of the acts, oldest first; its chain must be whole."""
        assert self.audit.check().broken_at is None
        return [each.act.result for each in self.audit.entries()][::-1]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Open a home folder."""
    return Desk(tmp_path)


def wait(until: Callable[[], bool]) -> None:
    """Wait for something that takes seconds."""
    end = time.monotonic() + 60
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (("doctor", "--lang", "xx"), "failed"),
        (("forms", "list"), "done"),
        (("verify", "."), "findings"),
    ],
)
def test_an_end_is_told_once(desk: Desk, arguments: tuple[str, ...], result: str) -> None:
    """However often somebody looks."""
    acts = desk.server()
    assert desk.begin(acts, *arguments)
    wait(lambda: desk.child.state is ChildState.ENDED)
    for _ in range(3):
        acts.settle()
    assert desk.results() == ["begun", result]
    entry = next(desk.audit.entries())
    assert (entry.act.who, entry.act.address, entry.act.subject) == ("wang", "10.0.0.7", "b1/bag-01")


def test_a_later_server_tells_what_ended_without_one(desk: Desk) -> None:
    """The first one is gone when the command ends, and two look at once."""
    desk.begin(desk.server(), "forms", "list")
    wait(lambda: desk.child.state is ChildState.ENDED)
    for server in (desk.server(), desk.server()):
        server.settle()
    assert desk.results() == ["begun", "done"]


def test_the_next_run_tells_the_end_of_the_last_one_first(desk: Desk) -> None:
    """Its files are about to go."""
    acts = desk.server()
    for _ in range(2):
        desk.begin(acts, "forms", "list")
        wait(lambda: desk.child.state is ChildState.ENDED)
    acts.settle()
    assert desk.results() == ["begun", "done", "begun", "done"]


def test_a_command_that_is_running_is_not_begun_again_and_killed_it_was_cut_short(desk: Desk) -> None:
    """Killed together with its shell, so that nobody notes an exit code."""
    acts = desk.server()
    assert desk.begin(acts, "web", "--home", "served", "--port", str(free_port()))
    assert not desk.begin(acts, "forms", "list")
    acts.settle()
    assert desk.results() == ["begun"]
    os.killpg(json.loads((desk.child.folder / "check.pid").read_bytes())["pid"], signal.SIGKILL)
    wait(lambda: desk.child.state is ChildState.CUT_SHORT)
    acts.settle()
    assert desk.results() == ["begun", "cut-short"]


def test_a_server_that_is_killed_before_its_command_begins(desk: Desk) -> None:
    """It was noted and never begun: that is told, too; an older run of the command is not taken for it."""
    acts = desk.server()
    desk.begin(acts, "forms", "list")
    wait(lambda: desk.child.state is ChildState.ENDED)
    acts.settle()
    desk.noted.begin(OpenAct("0" * 32, "b1", "check", ACT), now=NOW)
    desk.server().settle()
    assert desk.results() == ["begun", "done", "begun", "not-started"]


def test_a_child_whose_server_goes_before_the_word_does_nothing(desk: Desk) -> None:
    """No command runs of which nobody knows."""

    def fail(*_arguments: object, **_keywords: object) -> None:
        raise OSError("no room")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agreegen.web.work.commands.children.write_atomically", fail)
        with pytest.raises(OSError, match="no room"):
            desk.begin(desk.server(), "forms", "list")
    assert desk.child.output.read_bytes() == b""
    assert desk.results() == ["begun", "not-started"]
