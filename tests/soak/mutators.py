"""Mutations of signed PDFs. Each takes a source of chance and a seed and returns a mutant; the same chance
gives the same mutant."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.soak import containers, increments
from tests.soak.seeds import Seed, SeedSet, signed_bytes

_NUMBER = re.compile(rb"(?<![\w.])\d+(?![\w.])")
_NAMED_NUMBER = re.compile(
    rb"/(?:ByteRange|Length|Size|Prev|XRefStm|Index|W|N|First|Count|P|Ff|F|V|Root|Contents)"
    rb"\s*\[?\s*(\d[\d ]*)"
    rb"|startxref\s+(\d+)|(?<=\n)(\d{10} \d{5}) [nf]|(?<=\n)(\d+ \d+) obj"
)
_NAME = re.compile(rb"/[A-Za-z][A-Za-z0-9.]*")
_WORDS = (
    b"obj", b"endobj", b"stream", b"endstream", b"xref", b"trailer", b"startxref", b"%%EOF", b"<<", b">>",
    b"[", b"]", b"<", b">", b"(", b")", b"/", b"R", b"null", b"true", b"0 0 R", b"1 0 R", b"\x00", b"\r",
    b"\n", b"%",
    b"/Type/ObjStm", b"/Type/XRef", b"/Encrypt 1 0 R", b"/ByteRange[0 1 2 3]", b"/Filter/JBIG2Decode",
)  # fmt: skip
_NUMBERS = (
    b"0", b"-1", b"1", b"255", b"65535", b"65536", b"2147483647", b"2147483648", b"4294967295", b"4294967296",
    b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"1" + b"0" * 60, b"9" * 400,
    b"9" * 5000, b"-9223372036854775809", b"0.5", b"1e9", b"--5", b"+7", b".", b"-", b"1.", b"0000000000",
)  # fmt: skip
_MOST_STACKED = 3
_OWN_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutated file.

    Attributes:
        data: Its bytes.
        kind: The mutation's name.
        forbidden: Whether the mutation is by its making a change that no signature permits.
        cms: Whether only a signature container was changed.
        known: Whether it has all signed bytes of another starting file: a page signed twice is spliced so.
    """

    data: bytes
    kind: str
    forbidden: bool = False
    cms: bool = False
    known: bool = False


Mutator = Callable[[random.Random, Seed, Sequence[Seed]], Mutant]


def _span(chance: random.Random, size: int, most: int) -> tuple[int, int]:
    length = min(size, 1 + int(most ** chance.random()))
    start = chance.randrange(max(1, size - length + 1))
    return start, start + length


def flip_bits(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Flip a few bits, in one place or spread over the file."""
    data = bytearray(seed.data)
    for _bit in range(chance.choice((1, 1, 1, 2, 4, 16))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return Mutant(bytes(data), "flip-bits")


def overwrite(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Write a word of the PDF syntax over what stands there."""
    data = bytearray(seed.data)
    word = chance.choice(_WORDS)
    place = chance.randrange(max(1, len(data) - len(word)))
    data[place : place + len(word)] = word
    return Mutant(bytes(data[: len(seed.data)]), "overwrite")


def delete(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Take bytes out."""
    start, end = _span(chance, len(seed.data), 5000)
    return Mutant(seed.data[:start] + seed.data[end:], "delete")


def insert(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Put words of the PDF syntax or chance bytes in."""
    place = chance.randrange(len(seed.data) + 1)
    piece = chance.randbytes(chance.randrange(1, 40)) if chance.random() < 0.3 else chance.choice(_WORDS)
    return Mutant(seed.data[:place] + piece * chance.choice((1, 1, 3)) + seed.data[place:], "insert")


def duplicate(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Say something twice, at another place or at the end."""
    start, end = _span(chance, len(seed.data), 20_000)
    place = chance.choice((end, len(seed.data), chance.randrange(len(seed.data) + 1)))
    return Mutant(seed.data[:place] + seed.data[start:end] + seed.data[place:], "duplicate")


def swap(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Let two pieces of equal length change places."""
    data = bytearray(seed.data)
    length = 1 + int(2000 ** chance.random())
    if len(data) < 2 * length + 2:
        return flip_bits(chance, seed, _)
    first = chance.randrange(len(data) - 2 * length)
    second = chance.randrange(first + length, len(data) - length + 1)
    one, other = data[first : first + length], data[second : second + length]
    data[first : first + length], data[second : second + length] = other, one
    return Mutant(bytes(data), "swap")


def tweak_number(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Change a number of the structure by little, keeping its width where that is possible."""
    places = list(_NAMED_NUMBER.finditer(seed.data))
    if not places:
        return flip_bits(chance, seed, _)
    found = chance.choice(places)
    group = next(number for number in range(1, 5) if found[number] is not None)
    start, end = found.span(group)
    digits = list(_NUMBER.finditer(seed.data, start, end))
    if not digits:
        return flip_bits(chance, seed, _)
    one = chance.choice(digits)
    value = max(0, int(one[0][:18]) + chance.choice((-100, -10, -2, -1, 1, 2, 10, 100)))
    text = str(value).encode().rjust(len(one[0]), b"0" if len(one[0]) >= 5 else b" ")
    return Mutant(seed.data[: one.start()] + text + seed.data[one.end() :], "tweak-number")


def huge_number(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Put a number that no field is made for in the place of another."""
    pattern = _NAMED_NUMBER if chance.random() < 0.7 else _NUMBER
    found = list(pattern.finditer(seed.data))
    if not found:
        return flip_bits(chance, seed, _)
    start, end = chance.choice(found).span()
    inner = list(_NUMBER.finditer(seed.data, start, end))
    if not inner:
        return flip_bits(chance, seed, _)
    start, end = chance.choice(inner).span()
    return Mutant(seed.data[:start] + chance.choice(_NUMBERS) + seed.data[end:], "huge-number")


def swap_names(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Put one name of the file in the place of another."""
    found = list(_NAME.finditer(seed.data))
    if len(found) < 2:
        return flip_bits(chance, seed, _)
    one, other = chance.choice(found), chance.choice(found)
    return Mutant(seed.data[: one.start()] + other[0] + seed.data[one.end() :], "swap-names")


def swap_tokens(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Put another kind of value behind a name."""
    found = list(_NAME.finditer(seed.data))
    if not found:
        return flip_bits(chance, seed, _)
    place = chance.choice(found).end()
    value = chance.choice(
        (
            b" null ",
            b" [] ",
            b" <<>> ",
            b" (x) ",
            b" <00> ",
            b" /N ",
            b" 1 0 R ",
            b" true ",
            b" -1 ",
            b" [[[]]] ",
        )
    )
    return Mutant(
        seed.data[:place] + value + seed.data[place + chance.choice((0, len(value))) :], "swap-tokens"
    )


def truncate(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Cut the end off, anywhere or behind a marker."""
    size = len(seed.data)
    marks = [match.end() for match in re.finditer(rb"%%EOF\r?\n?|endobj|xref\s", seed.data)]
    place = chance.choice(marks) if marks and chance.random() < 0.5 else chance.randrange(size)
    return Mutant(seed.data[: place + chance.choice((0, 0, -1, 1))], "truncate")


def splice(chance: random.Random, seed: Seed, seeds: Sequence[Seed]) -> Mutant:
    """Join the beginning of one file to the end of another."""
    other = chance.choice(seeds).data
    marks = [m.end() for m in re.finditer(rb"endobj\s|%%EOF\s", seed.data)] or [len(seed.data) // 2]
    ends = [m.end() for m in re.finditer(rb"endobj\s|%%EOF\s", other)] or [0]
    joined = seed.data[: chance.choice(marks)] + other[chance.choice(ends) :]
    # Two files with the same head may give the other one, whole.
    return Mutant(joined, "splice", known=joined == other)


def append_update(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Append a revision with whatever objects."""
    return Mutant(increments.any_update(chance, seed), "append-update")


def append_forbidden(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Append a revision that changes what the page shows."""
    data, done = increments.forbidden_update(chance, seed)
    return Mutant(data, "append-forbidden", forbidden=done and seed.ours)


def append_hostile(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Append deep nesting, circles, or streams that swell."""
    return Mutant(increments.hostile_update(chance, seed), "append-hostile")


def damage_cms(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Damage the DER of a signature or timestamp and put it back in its place."""
    data = containers.damage(chance, seed.data, seed.ranges, token=False)
    return Mutant(data, "damage-cms", cms=True) if data else flip_bits(chance, seed, _)


def damage_store(chance: random.Random, seed: Seed, seeds: Sequence[Seed]) -> Mutant:
    """Append a security store whose certificates, lists and responses are damaged."""
    material = [item for other in seeds for item in other.store]
    data = increments.store_update(chance, seed, material)
    return Mutant(data, "damage-store") if data else append_update(chance, seed, seeds)


def damage_token(chance: random.Random, seed: Seed, _: Sequence[Seed]) -> Mutant:
    """Damage the timestamp token within a signature."""
    data = containers.damage(chance, seed.data, seed.ranges, token=True)
    return Mutant(data, "damage-token", cms=True) if data else flip_bits(chance, seed, _)


MUTATORS: tuple[tuple[Mutator, int], ...] = (
    (flip_bits, 6), (overwrite, 4), (delete, 5), (insert, 5), (duplicate, 5), (swap, 4), (tweak_number, 9),
    (huge_number, 7), (swap_names, 8), (swap_tokens, 7), (truncate, 3), (splice, 3), (append_update, 10),
    (append_forbidden, 5), (append_hostile, 5), (damage_cms, 12), (damage_token, 6), (damage_store, 10),
)  # fmt: skip
"""Every mutation with its weight."""


def mutate(chance: random.Random, seed: Seed, seeds: Sequence[Seed]) -> Mutant:
    """Make one mutant: mostly by one mutation, sometimes by two or three on top of each other."""
    kinds = [kind for kind, _ in MUTATORS]
    weights = [weight for _, weight in MUTATORS]
    rounds = chance.choice((1, 1, 1, 1, 2, _MOST_STACKED))
    chosen = chance.choices(kinds, weights, k=rounds)
    mutant = chosen[0](chance, seed, seeds)
    for mutator in chosen[1:]:
        if not mutant.data:
            break
        changed = Seed(seed.name, mutant.data, seed.ranges, seed.ours, seed.numbers, seed.store)
        further = mutator(chance, changed, seeds)
        # What two mutations make together is judged by the bytes alone.
        mutant = Mutant(further.data, f"{mutant.kind}+{further.kind}", cms=mutant.cms and further.cms)
    return mutant


def any_mutant(chance: random.Random, seeds: SeedSet) -> tuple[Seed, Mutant]:
    """Choose a file, every second time one of our own, and make one mutant of it."""
    own = [s for s in seeds.seeds if s.ours]
    origin = chance.choice(own if chance.random() < _OWN_SHARE else seeds.seeds)
    mutant = mutate(chance, origin, seeds.seeds)
    if any(_has_signed_bytes(other, mutant.data) for other in own if other is not origin):
        mutant = replace(mutant, known=True)
    return origin, mutant


def _has_signed_bytes(seed: Seed, data: bytes) -> bool:
    return all(signed_bytes(seed.data, found) == signed_bytes(data, found) for found in seed.ranges)
