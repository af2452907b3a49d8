"""What is read of a plain file with few of its objects is what the full parser reads, or nothing."""

from __future__ import annotations

import random
import re

import pytest

from agreegen.pdf.limits import Limits
from agreegen.pdf.plain import PlainPdf, reference
from agreegen.signing.plain.increment import append, dictionary
from agreegen.verification.structure.identity import read_identity
from agreegen.verification.structure.plain_identity import read_plain_identity
from tests.soak.mutators import mutate
from tests.soak.seeds import Seed
from tests.unit.verification.own_files import OwnFiles
from tests.unit.verification.proof.test_rebuilding import PROVED

_TOKEN = re.compile(
    rb"/[A-Za-z]+|\d+ 0 R|\d+ 0 obj|<<|>>|\[|\]|xref|trailer|endobj|endstream|\d{10} 00000 n|\(\w+\)"
)
_ENDS = 12_000
"""Mutants change what stands so near to the ends of a file: the fonts are between."""


def answered(data: bytes) -> bool:
    """Say whether a file is answered for; if so, the full parser must say the same."""
    identity = read_plain_identity(data)
    if identity is None:
        return False
    assert identity == read_identity(data, Limits())
    return True


@pytest.mark.parametrize("name", PROVED)
def test_own_files_are_read_in_both_ways_alike(own: OwnFiles, name: str) -> None:
    assert answered(own.signed[name])
    assert read_identity(own.signed[name], Limits()).signatures


def test_an_unsigned_file_of_ours_is_read_too(own: OwnFiles) -> None:
    assert answered(own.unsigned)


@pytest.mark.parametrize("name", PROVED)
def test_mutants_are_read_alike(own: OwnFiles, name: str) -> None:
    chance = random.Random(name)
    seed = Seed.from_bytes(name, own.signed[name], ours=True)
    for _ in range(100):
        answered(mutate(chance, seed, [seed]).data)


@pytest.mark.parametrize("name", ["unit", "unit, then pledger", "unit, B-LTA, renewed"])
def test_files_with_exchanged_tokens_are_read_alike(own: OwnFiles, name: str) -> None:
    chance, found = random.Random(name), 0
    for _ in range(400):
        data = bytearray(own.signed[name])
        tokens = [t for t in _TOKEN.finditer(data) if min(t.start(), len(data) - t.end()) < _ENDS]
        for _ in range(chance.choice((1, 1, 2))):
            chosen, other = chance.choice(tokens), chance.choice(tokens)
            same_length = other[0] if len(other[0]) == len(chosen[0]) else chosen[0]
            data[chosen.start() : chosen.end()] = chance.choice((other[0], same_length, b""))
        found += answered(bytes(data))
    assert found > 10


def _later(own: OwnFiles, change: str) -> bytes:
    """Write something again, or add it, behind a signature."""
    signed = own.signed["unit"]
    plain = PlainPdf.read(signed)
    root = reference(plain.trailer.get(b"/Root"))
    catalog = plain.object(root)[0]
    names, form = (reference(catalog.get(key)) for key in (b"/Names", b"/AcroForm"))
    tree = plain.dictionary(plain.object(names)[0].get(b"/EmbeddedFiles"))
    specification = reference(b"3 0 R")
    assert b"3 0 R" in tree[b"/Names"]
    attached = reference(plain.dictionary(plain.object(specification)[0].get(b"/EF")).get(b"/F"))
    field = reference(plain.object(form)[0][b"/Fields"][1:-1].strip().split(b" R")[0] + b" R")
    widget = plain.object(field)[0]
    signature = reference(widget[b"/V"])
    other = b"<</Length 2>>\nstream\n{}\nendstream"
    bodies: dict[str, dict[int, bytes]] = {
        "the attachment": {attached: other},
        "the specification": {specification: dictionary(plain.object(specification)[0])},
        "the names": {names: dictionary(plain.object(names)[0])},
        "the catalog with other names": {root: dictionary({**catalog, b"/Names": b"%d 0 R" % form})},
        "the catalog with usage rights": {
            root: dictionary({**catalog, b"/Perms": b"<</UR3 %d 0 R>>" % signature})
        },
        "the field under another name": {field: dictionary({**widget, b"/T": b"(other)"})},
        "the field without its signature": {
            field: dictionary({key: value for key, value in widget.items() if key != b"/V"})
        },
        "the signature": {signature: b"<</Type/Sig/SubFilter/ETSI.CAdES.detached/Contents<3000>>>"},
        "a form without fields": {form: b"<</Fields[]/SigFlags 3>>"},
    }
    return append(plain, bodies[change], seed=b"later")


@pytest.mark.parametrize(
    "change",
    [
        "the attachment",
        "the specification",
        "the names",
        "the catalog with other names",
        "the catalog with usage rights",
        "the field under another name",
        "the field without its signature",
        "the signature",
        "a form without fields",
    ],
)
def test_what_was_written_again_is_left_to_the_full_parser(own: OwnFiles, change: str) -> None:
    assert not answered(_later(own, change))
