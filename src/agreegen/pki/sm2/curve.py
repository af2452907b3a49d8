"""Public points of SM2 keys, for key files that hold only the private number (GB/T 32918.5).

Used once for each key that is loaded or made, never for signing: this arithmetic does not hide its timing
from others on the machine, so it blinds the number first.
"""

from __future__ import annotations

import secrets

from agreegen.pki.sm2.backend import CURVE_ORDER

_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_Point = tuple[int, int] | None


def multiply_base(scalar: int) -> bytes:
    """Return the uncompressed public point of a private number.

    Raises:
        ValueError: The number is not from 1 to the curve's order less 2 (GB/T 32918.1, 6.1).
    """
    if not 1 <= scalar <= CURVE_ORDER - 2:
        raise ValueError("an SM2 private key lies between 1 and the order less 2")
    blinded = scalar + secrets.randbits(64) * CURVE_ORDER
    result: _Point = None
    addend: _Point = _G
    while blinded:
        if blinded & 1:
            result = _add(result, addend)
        addend = _add(addend, addend)
        blinded >>= 1
    assert result is not None  # the scalar is no multiple of the order
    return b"\x04" + result[0].to_bytes(32) + result[1].to_bytes(32)


def _add(one: _Point, two: _Point) -> _Point:
    if one is None:
        return two
    if two is None:
        return one
    if one[0] == two[0]:
        if (one[1] + two[1]) % _P == 0:
            return None
        slope = (3 * one[0] * one[0] + _A) * pow(2 * one[1], -1, _P) % _P
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, _P) % _P
    x = (slope * slope - one[0] - two[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P
