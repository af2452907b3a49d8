"""Detached signatures and timestamp tokens over bytes."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from agreegen.messages import foreign_text
from agreegen.pki.signer_pin import SignerPin
from agreegen.verification.detached import SealState, judge_signature, judge_token
from agreegen.verification.interface import Options
from tests.unit.verification.authority import DAY, NOW, Authority, signer_of, stamper_of
from tests.unit.verification.conftest import Pki

DATA = b"the manifest\n"
HEAD = foreign_text("the head")


@pytest.fixture
def options(pki: Pki) -> Options:
    return Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=pki.crls())


def cades(pki: Pki) -> bytes:
    digest = hashlib.sha256(DATA).digest()
    work = signer_of(pki.alice, pki.ca.holder).async_sign(digest, "sha256", use_pades=True)
    return bytes(asyncio.run(work).dump())


def token(pki: Pki) -> bytes:
    stamper = stamper_of(pki.tsa, NOW - DAY, pki.ca.holder)
    work = stamper.async_timestamp(hashlib.sha256(DATA).digest(), "sha256")
    return bytes(asyncio.run(work).dump())


def test_signature(pki: Pki, options: Options) -> None:
    signature = cades(pki)
    seal, _ = judge_signature(signature, DATA, options, subject=HEAD)
    assert (seal.state, seal.reasons) == (SealState.VALID, ())
    changed, proved = judge_signature(signature, DATA + b"x", options, subject=HEAD)
    assert changed.state is SealState.INVALID
    assert tuple(map(str, changed.reasons)) == ("the signed bytes of the file were changed (digest differs)",)
    assert proved is None
    assert judge_signature(b"junk", DATA, options, subject=HEAD)[0].state is SealState.INVALID


def test_token(pki: Pki, options: Options) -> None:
    stamp = token(pki)
    seal = judge_token(stamp, DATA, options)
    assert (seal.state, seal.time, seal.reasons) == (SealState.VALID, NOW - DAY, ())
    changed = judge_token(stamp, DATA + b"x", options)
    assert (changed.state, changed.time) == (SealState.INVALID, NOW - DAY)
    assert tuple(map(str, changed.reasons)) == ("the document timestamp was made over other bytes",)
    assert judge_token(b"junk", DATA, options).state is SealState.INVALID


def test_token_of_a_stranger(pki: Pki) -> None:
    stranger = Options(now=NOW, anchors_der=(Authority.root("Other").holder.der,))
    seal = judge_token(token(pki), DATA, stranger)
    assert seal.state is not SealState.VALID
    assert seal.reasons


def test_reasons_name_what_was_judged(pki: Pki, options: Options) -> None:
    """A register's head must not be told as a bag."""
    missing, _ = judge_signature(None, DATA, options, subject=HEAD)
    assert list(map(str, missing.reasons)) == ["the head is not signed"]
    pin = SignerPin("0" * 64)
    other, _ = judge_signature(cades(pki), DATA, options, subject=HEAD, pin=pin)
    assert other.state is SealState.INVALID
    assert str(other.reasons[-1]).startswith("the head was sealed by another certificate")
