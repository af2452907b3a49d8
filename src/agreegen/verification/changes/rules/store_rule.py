"""The security store holds certificates and revocation data, and nothing that anybody could show.

It may be rewritten freely, so a stream in it that is also something else would be a way to change that. A
store stream therefore has `/Length` and `/Filter` only (EN 319 142-1, clause 5.4.2).
"""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.messages import Message, message
from agreegen.pdf.objects import Ref, Stream, Value
from agreegen.verification.changes.interface import Finding, RevisionStep
from agreegen.verification.changes.roles import Role
from agreegen.verification.changes.schemas import SCHEMAS

_MAX_NODES = 200_000
_DICTIONARIES = frozenset({Role.STORE, Role.STORE_INDEX, Role.STORE_ENTRY})


def check_store(step: RevisionStep) -> Iterator[Finding]:
    """Check the store of the new revision where it differs from the old one."""
    for pair in step.pairs_of(Role.CATALOG):
        one, two = pair.before.get("DSS"), pair.after.get("DSS")
        if two is not None and not step.equality.untouched(one, two):
            for reason in _check(step, two):
                yield Finding("document", reason)


def _check(step: RevisionStep, store: Value) -> Iterator[Message]:
    pending: list[tuple[Value, Role]] = [(store, Role.STORE)]
    seen = set[tuple[int, Role]]()
    while pending and len(seen) < _MAX_NODES:
        item, role = pending.pop()
        if isinstance(item, Ref):
            if (item.num, role) in seen or _stayed(step, item, role):
                continue
            seen.add((item.num, role))
        found = step.new.resolve(item)
        if role is Role.STORE_LIST and isinstance(found, list):
            pending += [(member, Role.STORE_STREAM) for member in found]
        elif role in _DICTIONARIES and isinstance(found, dict):
            pending.extend(_below(found, role))
        elif found is not None:
            yield from _check_stream(found, role)


def _stayed(step: RevisionStep, item: Ref, role: Role) -> bool:
    """Tell whether a stream of the store was there before and was not written again."""
    return role is Role.STORE_STREAM and step.old.location(item.num) == step.new.location(item.num)


def _check_stream(found: Value, role: Role) -> Iterator[Message]:
    if role is not Role.STORE_STREAM or not isinstance(found, Stream):
        yield message("verification.security-store-holds-something-does-not")
    elif found.dictionary.keys() - SCHEMAS[role].keys.keys():
        yield message("verification.stream-security-store-entries-do-not")


def _below(value: dict[str, Value], role: Role) -> Iterator[tuple[Value, Role]]:
    schema = SCHEMAS[role]
    for key, child in value.items():
        owns = schema.key(key).owns
        if isinstance(owns, Role) and owns is not Role.FROZEN:
            yield child, owns
        elif isinstance(child, Ref | dict | list):
            yield child, Role.FROZEN
