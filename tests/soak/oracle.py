"""What must hold of every mutant, decided from the bytes alone and without the product's own reader."""

from __future__ import annotations

from collections.abc import Sequence

from asn1crypto import cms

from tests.soak.mutators import Mutant
from tests.soak.seeds import Range, Seed, signed_bytes


def may_be_unaltered(seed: Seed, mutant: Mutant) -> bool:
    """Say whether `unaltered: true` can be right for a mutant.

    It cannot where a signed byte of the seed is another one at the same place, unless the file is nothing but
    the seed cut off behind an earlier revision; nor where a container says something else in the part that
    its signature covers; nor where the change was made to be one that nobody permits.
    """
    if mutant.known:
        return True
    if mutant.forbidden:
        return False
    if not seed.ranges or mutant.data == seed.data:
        return True
    changed = [r for r in seed.ranges if signed_bytes(seed.data, r) != signed_bytes(mutant.data, r)]
    if changed and not _is_earlier_revision(seed, mutant.data):
        return False
    return not (mutant.cms and any(_signed_part_differs(seed.data, mutant.data, r) for r in seed.ranges))


def _is_earlier_revision(seed: Seed, data: bytes) -> bool:
    """Say whether a file is the seed as it was at an earlier time: cut off behind one of its end marks."""
    bare = data.rstrip(b"\r\n")
    signed = min(second + length for _, _, second, length in seed.ranges)
    return bare.endswith(b"%%EOF") and seed.data.startswith(bare) and len(data) >= signed


def _signed_part_differs(before: bytes, after: bytes, found: Range) -> bool:
    gap = slice(found[1], found[2])
    if before[gap].lower() == after[gap].lower() or _is_erased(after[gap]):
        return False
    old = _signed_part(before[gap])
    return old is not None and old != _signed_part(after[gap])


def _is_erased(text: bytes) -> bool:
    """Say whether nothing is left of a container: whatever the signature said is as if it had been cut off.

    What an earlier signature covers is not touched by it; a later one covers the gap and finds it changed.
    """
    return text[:1] + text[-1:] == b"<>" and not text[1:-1].strip(b"0")


def _signed_part(text: bytes) -> Sequence[object] | None:
    try:
        raw = bytes.fromhex(text.strip()[1:-1].decode("ascii"))
        signed = cms.ContentInfo.load(raw)["content"]
        signers = signed["signer_infos"]
        content = signed["encap_content_info"]["content"]
        return [
            None if content.native is None else content.contents,
            *((s["signed_attrs"].contents, s["signature"].contents) for s in signers),
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None
