"""A container that is recognised is judged as one that is read in full."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from asn1crypto import cms, parser

from agreegen.model.report import Integrity
from agreegen.pdf.limits import Limits
from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.pki.cms import repeated_containers
from agreegen.pki.cms.container_check import check_container, digester_for
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.verification.structure.scan import scan_structure
from tests.unit.verification.authority import DAY, NOW, STAMPING_KEY, blank_pdf, sign, stamper_of
from tests.unit.verification.conftest import Pki

Container = tuple[bytes, Callable[[str], bytes]]
CADES = "ETSI.CAdES.detached"
TOKEN_TYPE = bytes.fromhex("060b2a864886f70d010910020e")
"""The object identifier of the attribute that holds the timestamp."""


def judged(container: Container, *, fresh: bool = False) -> SignatureFacts:
    if fresh:
        repeated_containers._KNOWN.clear()
    return check_container(*container, subfilter=CADES, max_cms_bytes=1 << 20)


def contained(data: bytes) -> Container:
    (signature,) = scan_structure(data, Limits()).signatures
    assert signature.contents is not None
    assert signature.byte_range is not None
    return signature.contents, digester_for(data, signature.byte_range)


@pytest.fixture(
    scope="module",
    params=[(False, False), (True, False), (False, True)],
    ids=["PKCS#1 v1.5", "PSS", "with a timestamp"],
)
def containers(pki: Pki, request: pytest.FixtureRequest) -> list[Container]:
    """The containers of two files that one holder signed, and the digests of these files."""
    pss, stamped = request.param
    holder = pki.ca.issue("Alice", key=STAMPING_KEY)
    stamper = stamper_of(pki.tsa, NOW - DAY, pki.ca.holder) if stamped else None
    files = [
        sign(blank_pdf(text), holder, pki.ca.holder, pss=pss, stamper=stamper) for text in ("One", "Another")
    ]
    return [contained(data) for data in files]


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


def swap_tokens(one: bytes, other: bytes) -> bytes:
    """Put the timestamp of another container into one; both have the same length."""
    place = one.rindex(TOKEN_TYPE) - len(one)
    assert other.rindex(TOKEN_TYPE) - len(other) == place
    return one[:place] + other[place:]


def test_timestamp_of_another_signature_is_found_wrong(pki: Pki) -> None:
    holder = pki.ca.issue("Alice", key=STAMPING_KEY)
    stamper = stamper_of(pki.tsa, NOW - DAY, pki.ca.holder)
    (one, digest), (other, _), third = (
        contained(sign(blank_pdf(text), holder, pki.ca.holder, stamper=stamper)) for text in ("1", "2", "3")
    )
    judged(third, fresh=True)
    swapped = swap_tokens(one, other)
    facts = judged((swapped, digest))
    assert repeated_containers.recognise(one, digest, CADES, (SM2_DEFAULT_ID,)) is not None
    assert facts.integrity is Integrity.INTACT
    (stamp,) = facts.timestamps
    assert (stamp.integrity, stamp.subindication) == (Integrity.BROKEN, "HASH_FAILURE")
    assert judged((swapped, digest), fresh=True) == facts


def test_container_with_two_timestamps_is_not_remembered(pki: Pki) -> None:
    holder = pki.ca.issue("Alice", key=STAMPING_KEY)
    stamper = stamper_of(pki.tsa, NOW - DAY, pki.ca.holder)
    contents, digest = contained(sign(blank_pdf(), holder, pki.ca.holder, stamper=stamper))
    container = cms.ContentInfo.load(contents[: parser.peek(contents)])
    signer = container["content"]["signer_infos"][0]
    (attribute,) = signer["unsigned_attrs"]
    attribute["values"].append(attribute["values"][0].copy())
    facts = judged((container.dump(force=True), digest), fresh=True)
    assert len(facts.timestamps) == 2
    assert not repeated_containers._KNOWN
