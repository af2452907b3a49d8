"""Copies are conserved: nobody gives what they do not hold, in whatever order entries are made."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import Kind, Movement
from agreegen.ledger.rules import problems
from agreegen.ledger.timeline import Placing, place, replay

from .conftest import DAY, lent, received, returned

LATER = DAY + timedelta(days=5)


def placed(*wishes: Movement, there: tuple[Movement, ...] = ()) -> Placing:
    return place(there, wishes, {})


def there(*wishes: Movement) -> tuple[Movement, ...]:
    """The movements as they stand in the chain."""
    placing = placed(*wishes)
    assert placing.refused == []
    return tuple(replace(each, seq=number) for number, each in enumerate(placing.placed, 4) if each)


def test_a_copy_goes_round_and_comes_back() -> None:
    movements = there(received(), lent("李四"), returned("李四", day=LATER))
    held = replay(movements, {}, until=DAY).copies["2026-0001"]
    assert [held[number].holder for number in (1, 2, 3)] == ["李四", "张三", "张三"]
    assert {copy.custodian for copy in held.values()} == {"张三"}
    after = replay(movements, {})
    assert {copy.holder for copy in after.all()} == {"张三"}


def test_nobody_gives_what_they_do_not_hold() -> None:
    placing = placed(received(), lent("李四", giver="王五"))
    assert [(number, refused.field) for number, refused in placing.refused] == [(1, "giver")]


def test_nobody_gives_more_than_they_hold() -> None:
    placing = placed(received(count=2), replace(lent("李四"), count=3))
    assert len(placing.refused) == 1


def test_an_earlier_entry_that_takes_a_copy_from_a_later_one_is_refused_itself() -> None:
    movements = there(received(count=1), lent("李四", day=LATER))
    destroyed = Movement(
        Kind.DESTROY,
        "2026-0001",
        DAY,
        giver="张三",
        approved_by="赵六",
        counted_by="甲",
        witness="乙",
        method="碎纸",
    )
    placing = placed(destroyed, there=movements)
    assert placing.placed == [destroyed] or placing.refused
    assert [refused.field for _, refused in placing.refused] == ["day"]


def test_further_copies_of_an_earlier_day_get_further_numbers() -> None:
    movements = there(received(day=LATER))
    placing = placed(received(count=2), there=movements)
    assert placing.refused == []
    assert [each.copies for each in placing.placed if each] == [(4, 5)]


def test_copying_makes_copies_that_are_held_and_destroying_ends_them() -> None:
    copied = Movement(
        Kind.COPY,
        "2026-0001",
        DAY,
        count=2,
        giver="张三",
        receiver="李四",
        approved_by="赵六",
        handled_by="甲",
    )
    gone = Movement(
        Kind.DESTROY,
        "2026-0001",
        LATER,
        copies=(4,),
        approved_by="赵六",
        counted_by="甲",
        witness="乙",
        method="碎纸",
    )
    holdings = replay(there(received(), copied, gone), {})
    assert [(copy.number, copy.holder, copy.origin) for copy in holdings.all()] == [
        (1, "张三", None),
        (2, "张三", None),
        (3, "张三", None),
        (5, "李四", 1),
    ]


def test_whoever_left_takes_nothing_over_any_more() -> None:
    placing = place(there(received()), [lent("李四", day=LATER)], {"李四": DAY})
    assert [refused.field for _, refused in placing.refused] == ["receiver"]


def test_whoever_left_is_not_given_a_copy_for_an_earlier_day() -> None:
    placing = place(there(received()), [lent("李四")], {"李四": LATER})
    assert [refused.field for _, refused in placing.refused] == ["receiver"]


PEOPLE = ("张三", "李四", "王五")


@given(
    st.lists(
        st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.integers(0, 20), st.integers(1, 3)),
        max_size=25,
    )
)
def test_copies_are_conserved_whatever_is_entered(moves: list[tuple[str, str, int, int]]) -> None:
    """Each entry on its own, in any order of days: what was accepted always replays, and no copy is lost."""
    movements = there(received(count=4))
    for giver, receiver, days, count in moves:
        wish = Movement(
            Kind.DISTRIBUTE,
            "2026-0001",
            DAY + timedelta(days=days),
            count=count,
            giver=giver,
            receiver=receiver,
        )
        for accepted in place(movements, [wish], {}).placed if giver != receiver else ():
            if accepted is not None and not place(movements, [wish], {}).refused:
                movements = (*movements, replace(accepted, seq=len(movements) + 4))
    for day in range(22):
        holdings = replay(movements, {}, until=DAY + timedelta(days=day))
        assert Counter(copy.number for copy in holdings.all()) == Counter({1: 1, 2: 1, 3: 1, 4: 1})


DESTROYED = Movement(
    Kind.DESTROY, "2026-0001", DAY, approved_by="赵六", counted_by="甲", witness="乙", method="碎纸"
)


@pytest.mark.parametrize(
    ("movement", "field"),
    [
        (replace(DESTROYED, witness="甲"), "witness"),
        (replace(DESTROYED, counted_by="王 芳", witness="王芳"), "witness"),
        (replace(DESTROYED, counted_by="王芳", witness="王芳（HN-1）"), "witness"),
        (replace(DESTROYED, counted_by="王芳（HN-1）", witness="王芳(hn-1)"), "witness"),
        (replace(DESTROYED, witness=""), "witness"),
        (replace(DESTROYED, counted_by=""), "counted_by"),
        (replace(DESTROYED, approved_by=""), "approved_by"),
        (replace(DESTROYED, approved_by="乙"), "approved_by"),
        (replace(DESTROYED, method=""), "method"),
        (Movement(Kind.COPY, "x", DAY, giver="张三", handled_by="甲"), "approved_by"),
        (Movement(Kind.MAIL, "x", DAY, giver="张三", receiver="甲"), "method"),
        (replace(received(), giver=""), "giver"),
        (replace(received(), day=DAY + timedelta(days=1)), "day"),
        (replace(received(), count=0), "count"),
        (replace(lent("李四"), due=DAY - timedelta(days=1)), "due"),
        (replace(returned("李四"), due=LATER), "due"),
    ],
)
def test_an_entry_says_what_its_kind_must_say(movement: Movement, field: str) -> None:
    assert field in {refused.field for refused in problems(movement, today=DAY, closed=None)}


def test_two_people_of_one_name_are_told_apart_by_their_numbers() -> None:
    both = replace(DESTROYED, counted_by="王芳（HN-1）", witness="王芳（HN-2）")
    assert list(problems(both, today=DAY, closed=None)) == []


def test_a_copy_under_a_numbered_name_counts_for_the_name_alone() -> None:
    holdings = replay(there(received(receiver="张三（HN-1）")), {})
    assert len(holdings.held_by("张三")) == 3
    assert holdings.held_by("张三（HN-2）") == []


def test_a_number_makes_it_another_person_than_the_one_who_left() -> None:
    wishes = [lent("李四（HN-9）", day=LATER), lent("李四", day=LATER)]
    placing = place(there(received()), wishes, {"李四": DAY})
    assert [number for number, _ in placing.refused] == [1]


def test_a_whole_destruction_is_in_order() -> None:
    assert list(problems(DESTROYED, today=DAY, closed=date(2026, 3, 31))) == []


def test_nothing_is_entered_for_a_day_that_is_closed() -> None:
    assert [refused.field for refused in problems(DESTROYED, today=DAY, closed=DAY)] == ["day"]


def test_a_chain_that_does_not_fit_is_refused_as_a_whole() -> None:
    with pytest.raises(Refused):
        place([replace(lent("李四"), copies=(1,))], [], {})
