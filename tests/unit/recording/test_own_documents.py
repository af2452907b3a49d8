"""Whose certificate made a signature: the same answer whether its container was read or known by its like."""

from __future__ import annotations

from agreegen.pdf.limits import Limits
from agreegen.recording import own_documents
from agreegen.recording.own_documents import _repeated_signer_of as repeated_signer_of
from agreegen.recording.own_documents import _signer_of as signer_of
from agreegen.verification.structure.scan import scan_structure
from tests.unit.verification.authority import STAMPING_KEY, Authority, blank_pdf, sign

_CHANGED_EVERY = 7


def contents_of(authority: Authority, name: str, text: str) -> bytes:
    holder = authority.issue(name, key=STAMPING_KEY)
    (signature,) = scan_structure(sign(blank_pdf(text), holder, authority.holder), Limits()).signatures
    assert signature.contents is not None
    return signature.contents


def test_two_holders_are_told_apart_and_every_changed_byte_is_read_as_without_memory() -> None:
    authority = Authority.root()
    alice, bob = (contents_of(authority, name, "One") for name in ("Alice", "Bobby"))
    again = contents_of(authority, "Alice", "Another")
    own_documents._SIGNERS._known.clear()

    for contents in (alice, bob, again, alice, bob):
        assert repeated_signer_of(contents) == signer_of(contents)
    for place in range(0, len(again), _CHANGED_EVERY):
        changed = bytearray(again)
        changed[place] ^= 1 << place % 8
        repeated_signer_of(alice)
        assert repeated_signer_of(bytes(changed)) == signer_of(bytes(changed)), place
