"""The SM2 curve (GB/T 32918.5): its names, and public points for key files that hold only the private number.

Its arithmetic is used once for each key that is loaded or made, never for signing: it does not hide its
timing from others on the machine, so it blinds the number first.
"""

from __future__ import annotations

import secrets

SM2_CURVE_OID = "1.2.156.10197.1.301"
CURVE_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
ALGORITHM_IDENTIFIER = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
"""id-ecPublicKey with the SM2 curve, DER."""
KEY_INFO_PREFIX = b"\x30\x59" + ALGORITHM_IDENTIFIER + b"\x03\x42\x00"
"""What stands before an uncompressed point in a SubjectPublicKeyInfo."""

_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
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


def encode_public_key(point: bytes) -> bytes:
    """Encode an uncompressed point of 65 bytes as SubjectPublicKeyInfo, DER (GM/T 0009, 7.1; RFC 5480)."""
    return KEY_INFO_PREFIX + point


def is_on_curve(point: bytes) -> bool:
    """Tell whether 65 bytes are an uncompressed point of the SM2 curve (GB/T 32918.5)."""
    if len(point) != 65 or point[0] != 4:
        return False
    x, y = int.from_bytes(point[1:33]), int.from_bytes(point[33:])
    if x >= _P or y >= _P:
        return False
    return (y * y - (x * x * x + _A * x + _B)) % _P == 0
