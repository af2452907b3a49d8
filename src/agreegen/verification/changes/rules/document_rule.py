"""Trailer, information dictionary, metadata, extensions, permissions: what is not on any page."""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.messages import Message, message
from agreegen.pdf.document import View
from agreegen.pdf.objects import Name, Ref, Stream, Value
from agreegen.verification.changes.interface import Finding, Pair, RevisionStep
from agreegen.verification.changes.roles import Role
from agreegen.verification.changes.schemas import SCHEMAS

_METADATA_KEYS = frozenset({"Type", "Subtype", "Length", "Filter", "DecodeParms"})
_MAX_NODES = 1000


def check_document(step: RevisionStep) -> Iterator[Finding]:
    """Check what hangs on the trailer and the catalogue without being shown."""
    reasons: list[Message] = []
    for pair in step.pairs_of(Role.TRAILER):
        reasons += _check_trailer(step, pair)
    for pair in step.pairs_of(Role.CATALOG):
        reasons += _check_metadata(step, pair)
        reasons += _check_extensions(step, pair)
        reasons += _check_permissions(step, pair)
    for reason in reasons:
        yield Finding("document", reason)


def _check_trailer(step: RevisionStep, pair: Pair) -> Iterator[Message]:
    known = SCHEMAS[Role.TRAILER].keys
    for key in sorted(pair.old.keys() | pair.new.keys()):
        one, two = pair.old.get(key), pair.new.get(key)
        if key == "Info":
            yield from _check_information(step, one, two)
        elif key == "Encrypt":
            if not step.equality.kept(one, two):
                yield message("verification.trailers-encrypt-changed")
        elif key == "AdditionalStreams":
            if _has_stream(step.new, two) and not step.equality.untouched(one, two):
                yield message("verification.trailers-additionalstreams-were-changed")
        elif key in known or step.equality.kept(one, two) or not isinstance(two, Ref | dict | list):
            # Readers look at the newest trailer alone, so what it leaves out is gone.
            continue
        else:
            yield message("verification.trailers-changed", key=key)


def _has_stream(view: View, value: Value) -> bool:
    """Some writers leave a dangling reference here; a stream would be a second document."""
    found = [view.resolve(item) for item in (value if isinstance(value, list) else [value])]
    return any(isinstance(item, Stream) and item.dictionary.get("Type") != "XRef" for item in found)


def _check_information(step: RevisionStep, one: Value, two: Value) -> Iterator[Message]:
    """It holds text and dates, and names only where it tells of trapping; anything else is something else."""
    before, after = step.old.resolve(one), step.new.resolve(two)
    if after is None or step.equality.untouched(one, two):
        return
    if not isinstance(after, dict) or not isinstance(before, dict | None):
        yield message("verification.information-dictionary-replaced-by-something-els")
        return
    for key, value in after.items():
        same = before is not None and step.equality.kept(before.get(key), value)
        found = step.new.resolve(value)
        if (
            not same
            and not isinstance(found, bytes)
            and not (key == "Trapped" and isinstance(found, Name | bool))
        ):
            yield message("verification.information-dictionary-not-text", key=key)


def _check_metadata(step: RevisionStep, pair: Pair) -> Iterator[Message]:
    two = pair.after.get("Metadata")
    found = step.new.resolve(two)
    if step.equality.untouched(pair.before.get("Metadata"), two) or found is None:
        return
    if not isinstance(found, Stream) or found.dictionary.keys() - _METADATA_KEYS:
        yield message("verification.catalogues-metadata-no-longer-metadata")


def _check_extensions(step: RevisionStep, pair: Pair) -> Iterator[Message]:
    """Names and numbers of extensions, nothing else."""
    pending, seen = [pair.after.get("Extensions")], 0
    while pending and seen < _MAX_NODES:
        seen += 1
        found = step.new.resolve(pending.pop())
        if isinstance(found, Stream):
            yield message("verification.catalogues-extensions-hold-stream")
        elif isinstance(found, dict):
            pending.extend(found.values())
        elif isinstance(found, list):
            pending.extend(found)


def _check_permissions(step: RevisionStep, pair: Pair) -> Iterator[Message]:
    one = step.old.dictionary(pair.before.get("Perms"))
    two = step.new.dictionary(pair.after.get("Perms"))
    for key in sorted(one.keys() | two.keys()):
        if step.equality.kept(one.get(key), two.get(key)):
            continue
        removed_rights = key == "UR3" and key not in two
        certifies = key == "DocMDP" and key not in one and _is_new_signature(step, two[key])
        if not removed_rights and not certifies:
            yield message("verification.permissions-changed", key=key)


def _is_new_signature(step: RevisionStep, holder: Value) -> bool:
    """Only a signature that is made now may certify: nothing turns an earlier one into a certification.

    A document timestamp is nobody's word (ISO 32000-2, 12.8.5), and readers would show the document as
    certified by the timestamp service.
    """
    fresh = isinstance(holder, Ref) and step.old.location(holder.num) is None
    found = step.new.dictionary(holder)
    return fresh and bool(found) and step.new.resolve(found.get("Type")) != "DocTimeStamp"
