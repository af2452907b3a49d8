"""Damaged signature containers: the examination answers, and no signed byte changes unnoticed."""

from __future__ import annotations

import random
import re

import pytest

from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from tests.unit.verification.authority import NOW, add_store, blank_pdf, sign, stamper_of
from tests.unit.verification.conftest import Pki


@pytest.fixture(scope="module")
def target(pki: Pki) -> bytes:
    """A file with a signature timestamp and a security store."""
    data = sign(
        blank_pdf(),
        pki.alice,
        pki.ca.holder,
        stamper=stamper_of(pki.tsa, NOW, pki.ca.holder, pki.root.holder),
    )
    return add_store(data, [pki.root.holder.der, pki.ca.holder.der], pki.crls())


@pytest.mark.parametrize("seed", range(8))
def test_damaged_containers_never_raise(pki: Pki, target: bytes, seed: int) -> None:
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=pki.crls())
    found = re.search(rb"/Contents\s*<([0-9A-Fa-f]{500,})>", target)
    assert found is not None
    start, end = found.span(1)
    used = len(target[start:end].rstrip(b"0"))
    chance = random.Random(seed)
    for _ in range(40):
        damaged = bytearray(target)
        for _ in range(chance.choice((1, 1, 2, 5))):
            damaged[start + chance.randrange(used)] = chance.choice(b"0123456789abcdef")
        # Not verify_bytes: it would turn an exception into an answer and hide it here.
        report = examine("x", bytes(damaged), options)
        assert report.signatures, "a damaged signature is still named"


def test_padding_cannot_hide_anything(pki: Pki, target: bytes) -> None:
    """Padding behind the signature container is not signed, so nothing may stand there."""
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=pki.crls())
    found = re.search(rb"/Contents\s*<([0-9A-Fa-f]{500,})>", target)
    assert found is not None
    start, end = found.span(1)
    padding = range(start + len(target[start:end].rstrip(b"0")) + 2, end, 97)
    assert padding
    for place in padding:
        damaged = bytearray(target)
        damaged[place] = ord("1")
        report = examine("x", bytes(damaged), options)
        assert report.unaltered is False
        assert "padding-not-zero" in [alarm.code for alarm in report.alarms]
