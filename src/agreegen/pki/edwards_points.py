"""Public keys on Edwards curves under which anybody can sign, which the library takes for good."""

from __future__ import annotations

_PRIMES = {32: 2**255 - 19, 57: 2**448 - 2**224 - 1}
"""The field of each curve by the length of its keys in bytes (RFC 8032, 5.1 and 5.2)."""
_ORDER_EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
"""The y coordinate of edwards25519's points of order eight, or its negative."""


def is_weak_edwards_point(key: bytes) -> bool:
    """Say whether a public key is a point of small order, or not written in its one canonical way.

    Under a point of small order a signature that depends on no secret holds for many messages, so that a
    signer with such a key could say of any document that everybody might have signed it.

    Args:
        key: The encoded point: 32 bytes for Ed25519, 57 for Ed448.
    """
    prime = _PRIMES[len(key)]
    y = int.from_bytes(key, "little") & ((1 << (8 * len(key) - 1)) - 1)
    return (
        y >= prime or y in {0, 1, prime - 1} or (len(key) == 32 and y in {_ORDER_EIGHT, prime - _ORDER_EIGHT})
    )
