"""Tokens against forged requests: each belongs to one cookie and needs the office's secret."""

from __future__ import annotations

import hashlib
import hmac


def token_for(secret: bytes, cookie: str) -> str:
    """Return the token that goes with a cookie's value (HMAC-SHA256, hex)."""
    return hmac.new(secret, f"request token\n{cookie}".encode(), hashlib.sha256).hexdigest()


def is_token(secret: bytes, cookie: str, token: str) -> bool:
    """Tell whether a token goes with a cookie's value, in constant time."""
    return bool(cookie) and hmac.compare_digest(token_for(secret, cookie).encode(), token.encode())
