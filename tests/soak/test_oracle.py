"""The fuzzer itself: its oracle notices what it must, and its mutants come again."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from tests.soak.containers import damage_der, elements
from tests.soak.fuzz import make_mutant
from tests.soak.increments import append, forbidden_update
from tests.soak.judging import Outcome, Summary
from tests.soak.mutators import MUTATORS, Mutant
from tests.soak.oracle import may_be_unaltered
from tests.soak.recipe import Recipe
from tests.soak.reduction import shrink
from tests.soak.seeds import Seed, SeedSet
from tests.unit.verification.authority import NOW, Authority, blank_pdf, sign


@pytest.fixture(scope="module")
def seed() -> Seed:
    root = Authority.root()
    once = sign(blank_pdf(), root.issue("Alice"))
    return Seed.from_bytes("twice.pdf", sign(once, root.issue("Bob"), field_name="Second"), ours=True)


def test_the_seed_is_understood(seed: Seed) -> None:
    assert len(seed.ranges) == 2
    assert {"page", "content", "catalog"} <= set(seed.numbers)
    assert may_be_unaltered(seed, Mutant(seed.data, "none"))


def test_a_changed_signed_byte_is_noticed(seed: Seed) -> None:
    for place in (10, seed.ranges[0][1] - 5, seed.ranges[1][2] + 5):
        data = bytearray(seed.data)
        data[place] ^= 1
        assert not may_be_unaltered(seed, Mutant(bytes(data), "flip"))
    assert not may_be_unaltered(seed, Mutant(b"x" + seed.data, "insert"))
    assert not may_be_unaltered(seed, Mutant(seed.data[:-40], "truncate"))


def test_one_page_signed_twice_can_be_spliced(seed: Seed) -> None:
    """The beginning of one file and the end of another may be that other file, as a whole."""
    other = Mutant(seed.data[:-60] + b"x" * 60, "splice")
    assert not may_be_unaltered(seed, other)
    assert may_be_unaltered(seed, replace(other, known=True))


def _erased(seed: Seed, number: int) -> Mutant:
    """Return the file with noughts in place of one container."""
    _, end, begin, _ = seed.ranges[number]
    nought = b"<" + b"0" * (begin - end - 2) + b">"
    return Mutant(seed.data[:end] + nought + seed.data[begin:], "damage-cms", cms=True)


def test_a_container_erased_is_as_one_cut_off(seed: Seed) -> None:
    last = _erased(seed, 1)
    assert may_be_unaltered(seed, last)
    report = examine("erased.pdf", last.data, Options(now=NOW))
    assert report.unaltered
    assert "placeholder-signature" in {alarm.code for alarm in report.alarms}
    assert not may_be_unaltered(seed, _erased(seed, 0))
    assert not examine("erased.pdf", _erased(seed, 0).data, Options(now=NOW)).unaltered


def test_what_changes_no_signed_byte_may_be_unaltered(seed: Seed) -> None:
    assert may_be_unaltered(seed, Mutant(append(seed.data, {900: b"null"}), "append"))
    _, _, second, length = seed.ranges[0]
    assert may_be_unaltered(seed, Mutant(seed.data[: second + length], "truncate"))


def test_an_earlier_state_between_two_signatures_is_honest(seed: Seed) -> None:
    """A security store is a revision of its own: cut off behind it, the file is what it was before."""
    _, _, second, length = seed.ranges[0]
    between = append(seed.data[: second + length], {900: b"<< >>"})
    later = Seed(
        seed.name, append(between, {901: b"<< >>"}), ((0, 10, 20, len(between)), *seed.ranges[:1]), True, {}
    )
    assert may_be_unaltered(later, Mutant(between, "truncate"))
    assert not may_be_unaltered(later, Mutant(between[:-30], "truncate"))


def test_a_changed_signature_value_is_noticed(seed: Seed) -> None:
    _, first, second, _ = seed.ranges[1]
    raw = bytes.fromhex(seed.data[first + 1 : second - 1].decode())
    outer = elements(raw)[0]
    last = outer.end - 3  # the signature value stands last
    changed = raw[:last] + bytes((raw[last] ^ 1,)) + raw[last + 1 :]
    data = seed.data[: first + 1] + changed.hex().encode() + seed.data[second - 1 :]
    assert not may_be_unaltered(seed, Mutant(data, "damage-cms", cms=True))


def test_forbidden_changes_are_forbidden(seed: Seed) -> None:
    made = 0
    for number in range(20):
        data, done = forbidden_update(random.Random(number), seed)
        if done:
            made += 1
            assert examine("x", data, Options(now=NOW)).unaltered is False
    assert made > 10


def test_mutants_come_again(seed: Seed) -> None:
    seeds = SeedSet((seed,), Options(now=NOW))
    first = [make_mutant(seeds, 5, index)[1] for index in range(40)]
    assert first == [make_mutant(seeds, 5, index)[1] for index in range(40)]
    assert len({mutant.data for mutant in first}) > 30
    assert first != [make_mutant(seeds, 6, index)[1] for index in range(40)]


def test_every_mutation_works_on_every_kind_of_file(seed: Seed) -> None:
    odd = [Seed.from_bytes("odd.pdf", data, ours=False) for data in (b"x", b"%PDF-1.4\n%%EOF", b"\0" * 50)]
    for origin in (seed, *odd):
        for mutator, _ in MUTATORS:
            for number in range(5):
                assert isinstance(mutator(random.Random(number), origin, [seed, *odd]).data, bytes)


def test_damaged_der_keeps_its_outer_lengths(seed: Seed) -> None:
    _, first, second, _ = seed.ranges[0]
    raw = bytes.fromhex(seed.data[first + 1 : second - 1].decode())
    container = raw[: elements(raw)[0].end]
    readable = 0
    for number in range(60):
        damaged = damage_der(random.Random(number), container)
        readable += bool(elements(damaged)) and elements(damaged)[0].end == len(damaged)
    assert readable > 20, "much of the damage lies deep inside of what can still be parsed"


def test_findings_are_counted_and_sampled() -> None:
    summary = Summary(1, 0)
    wanted = [summary.add(Outcome(n, "a.pdf", "swap", "crash", "ValueError in x.py:f")) for n in range(5)]
    assert wanted == [True, True, True, False, False]
    assert summary.to_dict()["crashes"] == 5
    assert not summary.add(Outcome(5, "a.pdf", "swap", "ok"))


def test_reduction_keeps_what_matters(tmp_path: Path) -> None:
    data = bytes(range(256)) * 20
    small = shrink(data, lambda piece: re.search(rb"ABC.*xyz", piece, re.DOTALL) is not None, seconds=20)
    assert small == b"ABCxyz"


def test_recipes_spell_out_chance() -> None:
    """The same bytes decide the same; a changed byte changes its own decision and none before it."""
    recipe = bytes(range(7, 247, 5))

    def decide(data: bytes) -> list[object]:
        chance = Recipe(data)
        return [chance.random(), chance.choice("abcdefgh"), chance.randrange(80_000), chance.randbytes(9)]

    first = decide(recipe)
    assert decide(recipe) == first
    assert decide(bytes((200,)) + recipe[1:])[0] != first[0]
    assert decide(recipe[:2] + bytes((255,)) + recipe[3:])[:1] == first[:1]
    assert decide(recipe[:3] + bytes((0,)) + recipe[4:])[:2] == first[:2]
    assert decide(b"") == decide(b""), "beyond its end, the recipe is the seed"
