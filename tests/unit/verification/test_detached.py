"""Detached signatures and timestamp tokens over bytes that are no PDF."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from agreegen.model.report import Indication
from agreegen.verification.detached import verify_detached, verify_timestamp_token
from agreegen.verification.interface import Options
from tests.unit.verification.authority import DAY, NOW, Authority, signer_of, stamper_of
from tests.unit.verification.conftest import Pki

DATA = b"the manifest\n"


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
    assert verify_detached(DATA, signature, options).indication is Indication.TOTAL_PASSED
    changed = verify_detached(DATA + b"x", signature, options)
    assert (changed.indication, changed.subindication) == (Indication.TOTAL_FAILED, "HASH_FAILURE")
    assert verify_detached(DATA, b"junk", options).indication is Indication.TOTAL_FAILED


def test_token(pki: Pki, options: Options) -> None:
    stamp = token(pki)
    assert verify_timestamp_token(stamp, DATA, options) == (True, NOW - DAY, ())
    right, time, reasons = verify_timestamp_token(stamp, DATA + b"x", options)
    assert (right, time) == (False, NOW - DAY)
    assert reasons == ("the document timestamp was made over other bytes",)
    assert verify_timestamp_token(b"junk", DATA, options)[0] is False


def test_token_of_a_stranger(pki: Pki) -> None:
    stranger = Options(now=NOW, anchors_der=(Authority.root("Other").holder.der,))
    right, _, reasons = verify_timestamp_token(token(pki), DATA, stranger)
    assert not right
    assert reasons
