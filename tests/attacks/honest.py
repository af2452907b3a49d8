"""Honest changes after signing."""

from __future__ import annotations

import re

from tests.attacks.documents import (
    certified,
    page_number,
    signed,
)
from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream
from tests.attacks.signer import sign, stamp


def with_store(data: bytes) -> bytes:
    """Add a document security store, the way an extension to B-LT does."""
    free, root = size_of(data), root_number(data)
    body = re.sub(rb"/DSS \d+ 0 R", b"", body_of(data, root))
    store = b"<< /Type /DSS /Certs [%d 0 R] /VRI << /00AA << /Cert [%d 0 R] >> >> >>" % (free + 1, free + 1)
    return append(
        data,
        {
            root: body[: body.rindex(b">>")] + b"/DSS %d 0 R >>" % free,
            free: store,
            free + 1: stream(b"0certificate-%d" % free),
        },
    )


def store_rewritten() -> bytes:
    data = with_store(signed())
    number = number_of(data, b"/Type /DSS")
    return append(data, {number: body_of(data, number).replace(b"/00AA", b"/00BB")})


def metadata_updated() -> bytes:
    data, free = signed(), size_of(signed())
    body = body_of(data, root_number(data))
    metadata = stream(b"<x:xmpmeta/>", b"/Type /Metadata /Subtype /XML")
    return append(
        data, {root_number(data): body[: body.rindex(b">>")] + b"/Metadata %d 0 R >>" % free, free: metadata}
    )


def rewritten_the_same() -> bytes:
    data = signed()
    return append(data, {number: body_of(data, number) for number in (root_number(data), page_number(data))})


def long_chain() -> bytes:
    data = stamp(with_store(sign(certified(), "unit")))
    return stamp(with_store(data))
