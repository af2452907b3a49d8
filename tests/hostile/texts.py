"""Hostile parameter files, policies and descriptions of forms."""

from __future__ import annotations

_DEEP = {
    "deep-lists": b"a: " + b"[" * 100_000,
    "deep-mappings": b"{a: " * 25_000,
    "deep-blocks": b"- " * 50_000,
    "deep-keys": b"? " * 50_000,
    "deep-indents": b"".join(b" " * depth + b"a:\n" for depth in range(1, 440)),
    "laughs": b"a: &a [x,x,x,x]\n"
    + b"".join(b"%c: &%c [*%c,*%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 122)),
    "self": b"a: &a [*a]\n",
    "large": b"a: " + b"x" * (2 << 20),
    "tag": b"a: !!python/object/apply:os.system [id]\n",
    "not-utf8": b"a: \xff\xfe\xfa\n",
    "nulls": b"a: \0\0\n",
    "binary": bytes(range(256)) * 100,
    "many-documents": b"---\na: 1\n" * 10_000,
    "many-keys": b"".join(b"k%d: 1\n" % n for n in range(60_000)),
}

PARAMETERS: dict[str, bytes] = _DEEP | {
    "long-list": b"pledger_name: [" + b"x," * 300_000 + b"x]\n",
    "long-name": b"pledger_name: " + "王".encode() * 200_000,
}
"""Name → content. Every one is exit 3 for `generate`."""

POLICIES: dict[str, bytes] = _DEEP | {
    "digits": b"revocation: {max_age_hours: " + b"9" * 900_000 + b"}\n",
    "sixties": b"revocation: {max_age_hours: 1" + b":59" * 100_000 + b"}\n",
    "no-date": b"digests: {sha256: 2018-02-31}\n",
    "empty-id": b'sm2_signer_ids: [""]\n',
    "list": b"- a\n",
}
"""Name → content. Every one is exit 3 for `verify`."""
