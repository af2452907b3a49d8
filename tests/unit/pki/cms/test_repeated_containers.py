"""A container that is recognised is judged as one that is read in full."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agreegen.model.report import Integrity
from agreegen.pdf.limits import Limits
from agreegen.pki.cms import repeated_containers
from agreegen.pki.cms.container_check import check_container, digester_for
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.verification.structure import scan_structure
from tests.unit.verification.authority import DAY, NOW, STAMPING_KEY, blank_pdf, sign, stamper_of
from tests.unit.verification.conftest import Pki

Container = tuple[bytes, Callable[[str], bytes]]
CADES = "ETSI.CAdES.detached"


def judged(container: Container, *, fresh: bool = False) -> SignatureFacts:
    if fresh:
        repeated_containers._KNOWN.clear()
    return check_container(*container, subfilter=CADES, max_cms_bytes=1 << 20)


@pytest.fixture(scope="module", params=[False, True], ids=["PKCS#1 v1.5", "PSS"])
def containers(pki: Pki, request: pytest.FixtureRequest) -> list[Container]:
    """The containers of two files that one holder signed, and the digests of these files."""
    holder = pki.ca.issue("Alice", key=STAMPING_KEY)
    found: list[Container] = []
    for text in ("One", "Another"):
        data = sign(blank_pdf(text), holder, pki.ca.holder, pss=request.param)
        (signature,) = scan_structure(data, Limits()).signatures
        assert signature.contents is not None
        assert signature.byte_range is not None
        found.append((signature.contents, digester_for(data, signature.byte_range)))
    return found


def test_second_container_of_a_signer_is_recognised(containers: list[Container]) -> None:
    first, second = containers
    in_full = judged(second, fresh=True)
    judged(first, fresh=True)
    assert repeated_containers.recognise(*second, CADES, ("1234567812345678",)) == in_full
    assert in_full.integrity is Integrity.INTACT


def test_digest_and_value_of_another_file_are_not_recognised(containers: list[Container]) -> None:
    (one, _), (_, digest) = containers
    in_full = judged((one, digest), fresh=True)
    judged(containers[1], fresh=True)
    assert judged((one, digest)) == in_full
    assert (in_full.integrity, in_full.subindication) == (Integrity.BROKEN, "HASH_FAILURE")


def test_every_changed_byte_is_judged_as_without_memory(containers: list[Container]) -> None:
    first, (contents, digest) = containers
    for place in range(0, len(contents), 5):
        changed = bytearray(contents)
        changed[place] ^= 1 << place % 8
        in_full = judged((bytes(changed), digest), fresh=True)
        judged(first, fresh=True)
        assert judged((bytes(changed), digest)) == in_full, place


@pytest.mark.parametrize(
    "change", [lambda c: c[:-1], lambda c: c + b"\0", lambda c: c + b"x", lambda c: c[1:]]
)
def test_other_lengths_are_judged_as_without_memory(
    containers: list[Container], change: Callable[[bytes], bytes]
) -> None:
    first, (contents, digest) = containers
    in_full = judged((change(contents), digest), fresh=True)
    judged(first, fresh=True)
    assert judged((change(contents), digest)) == in_full


def test_timestamped_containers_are_read_in_full(pki: Pki) -> None:
    holder = pki.ca.issue("Alice", key=STAMPING_KEY)
    stamper = stamper_of(pki.tsa, NOW - DAY, pki.ca.holder)
    data = sign(blank_pdf(), holder, pki.ca.holder, stamper=stamper)
    (signature,) = scan_structure(data, Limits()).signatures
    assert signature.contents is not None
    assert signature.byte_range is not None
    assert judged((signature.contents, digester_for(data, signature.byte_range)), fresh=True).timestamps
    assert not repeated_containers._KNOWN
