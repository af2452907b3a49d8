"""What stands behind the pages: shelf, findings, decisions of two, forms filled in, bodies within bounds."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message

from agreegen.api import OpenPage, find_form
from agreegen.errors import InputError
from agreegen.messages import foreign_text
from agreegen.web.security import bounded_body
from agreegen.web.security.bounded_body import BoundedBody
from agreegen.web.security.guard import host_name
from agreegen.web.store.decisions import PageDecision
from agreegen.web.work import shelf as shelves
from agreegen.web.work.agreements.form_entry import entries, values_of
from agreegen.web.work.background_answers import Behind
from agreegen.web.work.scan_review import left_for, settled_decisions
from agreegen.web.work.shelf import Shelf


def test_the_shelf_is_bounded_in_room_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was put there first goes first."""
    monkeypatch.setattr(shelves, "_MOST_BYTES", 30)
    shelf = Shelf()
    names = [shelf.put(bytes(10), "a") for _ in range(4)]
    assert [shelf.get(name, "a") is not None for name in names] == [False, True, True, True]
    assert shelf.get(names[3], "b") is None
    late = shelf.put(bytes(1), "a")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 10_000)
    assert shelf.get(late, "a") is None


def measure(folder: Path) -> int:
    """Count the bytes of a file; importable, so that it can be done in another process."""
    size = (folder / "file").stat().st_size
    if size == 13:
        raise InputError(foreign_text("thirteen"))
    return size


@pytest.mark.parametrize("small", [True, False])
def test_what_was_found_out_is_kept_until_something_changes(tmp_path: Path, small: bool) -> None:
    """Done at once where it is small, behind the page else; a problem is an answer, too."""
    (tmp_path / "file").write_bytes(b"12345")
    behind = Behind(measure, lambda folder: ((folder / "file").stat().st_size,), lambda _: small)
    found = behind.shown(tmp_path, wait_s=60)
    assert (found.value, found.current) == (5, True)
    assert behind.shown(tmp_path).serial == found.serial
    (tmp_path / "file").write_bytes(b"1234567890123")
    again = behind.shown(tmp_path, wait_s=60)
    assert again.value is None
    assert isinstance(again.problem, InputError)
    assert again.serial > found.serial


PAGE = OpenPage("a.pdf", "f" * 64, 1, "", "no ink", "A1", "王芳")


def decision(by: str, *, accepted: bool = True, number: str = "A1") -> PageDecision:
    """Decide on the page."""
    return PageDecision(PAGE.source_sha256, 1, accepted, number if accepted else "", by)


def test_one_pair_of_eyes_or_two_that_agree() -> None:
    """With four eyes the same person twice is one pair, and who disagrees leaves the page open."""
    assert settled_decisions([PAGE], [], four_eyes=False) == ()
    assert settled_decisions([PAGE], [decision("wang")], four_eyes=False) == (decision("wang"),)
    assert settled_decisions([PAGE], [decision("wang")], four_eyes=True) == ()
    (both,) = settled_decisions([PAGE], [decision("wang"), decision("li")], four_eyes=True)
    assert both.by == "wang, li"
    assert settled_decisions([PAGE], [decision("wang"), decision("li", accepted=False)], four_eyes=True) == ()
    assert settled_decisions([PAGE], [decision("wang"), decision("li", number="A2")], four_eyes=True) == ()
    assert settled_decisions([], [decision("wang")], four_eyes=False) == ()


def test_who_disagrees_sees_the_page_again_until_two_agree() -> None:
    """Nobody sees a page again that waits for a second person only; a dispute can be ended by either."""
    told = [decision("wang")]
    assert left_for([PAGE], told, "wang", four_eyes=True) == []
    assert left_for([PAGE], told, "li", four_eyes=True) == [PAGE]
    assert left_for([PAGE], told, "li", four_eyes=False) == [PAGE]
    told += [decision("li", accepted=False)]
    assert left_for([PAGE], told, "wang", four_eyes=True) == [PAGE]
    assert left_for([PAGE], told, "li", four_eyes=True) == [PAGE]
    assert left_for([PAGE], told, "wang", four_eyes=False) == []
    changed = [told[1], decision("wang", accepted=False)]
    assert left_for([PAGE], changed, "wang", four_eyes=True) == []
    assert settled_decisions([PAGE], changed, four_eyes=True) != ()


def test_all_errors_of_a_form_stand_at_their_fields() -> None:
    """Lists have a line an item; an empty field was not given."""
    form = find_form("confidentiality-agreement")
    texts = {"party_a_name": "甲方有限公司", "party_a_phone": "12", "protected_items": "一\n\n 二 \n"}
    assert values_of(form, texts)["protected_items"] == ("一", "二")
    found = {entry.field.name: entry for entry in entries(form, texts, "zh", checked=True)}
    assert {name for name, entry in found.items() if entry.wrong} == {
        "party_b_name",
        "working_group_name",
        "work_description",
        "party_a_phone",
    }
    assert found["party_a_name"].label == "甲方"
    assert "/" not in found["party_a_name"].help
    assert not any(entry.complaints for entry in entries(form, {}, "en", checked=False))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("office.lan", "office.lan"),
        ("OFFICE.lan:8443", "office.lan"),
        ("[::1]:8443", "::1"),
        ("a@office.lan", ""),
        ("office.lan/x", ""),
        ("[::1", ""),
        ("", ""),
    ],
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    """What is no plain host is none."""
    assert host_name(host) == name


def receive(body: BoundedBody) -> list[Message]:
    """Take a whole body in."""

    async def take() -> list[Message]:
        messages = [await body()]
        while messages[-1].get("more_body"):
            messages.append(await body())
        return messages

    return asyncio.run(take())


def source(*parts: bytes, pause_s: float = 0.0):  # type: ignore[no-untyped-def]
    """Give a body in parts."""
    rest = list(parts)

    async def send() -> Message:
        await asyncio.sleep(pause_s)
        part = rest.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(rest)}

    return send


def test_a_body_within_its_bounds_passes() -> None:
    """To the byte."""
    assert len(receive(BoundedBody(source(b"12", b"345"), 5))) == 2


@pytest.mark.parametrize("declared", [None, 6, 1 << 40])
def test_a_body_that_is_too_large_is_413_told_or_not(declared: int | None) -> None:
    """What comes is dropped, within bounds."""
    with pytest.raises(HTTPException) as raised:
        receive(BoundedBody(source(b"12", b"3456"), 5, declared))
    assert raised.value.status_code == 413


def test_a_body_that_comes_too_slowly_is_408(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte buys a little time only."""
    monkeypatch.setattr(bounded_body, "_GRACE_S", 0.05)
    with pytest.raises(HTTPException) as raised:
        receive(BoundedBody(source(b"1", b"2", pause_s=0.2), 5))
    assert raised.value.status_code == 408
