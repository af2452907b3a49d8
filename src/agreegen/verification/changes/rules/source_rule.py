"""A look draws what stands in the file, and the same on every medium.

A stream may name another file as its content, a form a page of another one, a picture another picture for
print or on a picture server; a transfer function exchanges black and white where a device applies it
(ISO 32000-1, clauses 7.3.8.2, 8.10.4, 8.9.5.4, 14.11.7 and 10.5). Readers seldom do any of it, so that a
picture of the page shows nothing, and a printer may.

Streams are packed so that all readers unpack the same: else a rule reads one look, and pdf.js draws another.

A font of its own does not share the descriptor of a font of the document: pdf.js takes two such fonts for one
if they look alike to it, and draws the document's text with the one it met first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agreegen.messages import message
from agreegen.pdf.filters import is_drawn_alike, is_unpacked_alike
from agreegen.pdf.objects import Ref, Stream, StructureError
from agreegen.verification.changes.interface import Finding, RevisionStep
from agreegen.verification.changes.roles import Role

_ELSEWHERE = ("Alternates", "OPI", "Ref", "F", "FFilter", "FDecodeParms", "PS")
_TRANSFERS = ("TR", "TR2")
_AS_THEY_ARE = frozenset({"Identity", "Default"})
_MAX_DEPTH = 16
_OF_THE_DOCUMENT = frozenset({Role.FROZEN, Role.NAMED})


def check_sources(step: RevisionStep) -> Iterator[Finding]:
    """Look at every look that came or was changed, and at what it draws with."""
    for number in sorted(step.changed):
        if not _is_unpacked_alike(step, number):
            yield Finding("content", message("verification.stream-unpacked-differently", number=number))
        if Role.LOOK in step.roles.roles(number) and _comes_from_elsewhere(step, number):
            yield Finding("covering", message("verification.look-draws-from-elsewhere", number=number))
        if _takes_descriptor(step, number):
            yield Finding("content", message("verification.font-takes-descriptor", number=number))


def _is_unpacked_alike(step: RevisionStep, number: int) -> bool:
    """How pictures are packed is left to those that compare what is drawn."""
    value = step.new.value(number)
    if not isinstance(value, Stream):
        return True
    if step.new.resolve(value.dictionary.get("Subtype")) == "Image":
        return is_drawn_alike(value.dictionary)
    return is_unpacked_alike(step.new.resolved_filters(value).dictionary)


def _takes_descriptor(step: RevisionStep, number: int) -> bool:
    """Tell whether a font came that names the descriptor of a font that was there, and is not its copy."""
    for font in _fonts_in(step.new.value(number), 0):
        descriptor = font["FontDescriptor"]
        if isinstance(descriptor, Ref) and step.roles.roles(descriptor.num) & _OF_THE_DOCUMENT:
            owners = [owner for owner in step.roles.owners(descriptor.num) if owner != number]
            before = [step.old.value(owner) for owner in owners if step.old.location(owner) is not None]
            stood = [one for value in before for one in _fonts_in(value, 0)]
            if stood and not any(step.equality.kept(one, font) for one in stood):
                return True
    return False


def _fonts_in(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """Yield the font dictionaries that stand in a value, not those that it refers to."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, Stream):
        value = value.dictionary
    if isinstance(value, dict) and "FontDescriptor" in value:
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        if isinstance(child, dict | list):
            yield from _fonts_in(child, depth + 1)


def _comes_from_elsewhere(step: RevisionStep, number: int) -> bool:
    try:
        value = step.new.value(number)
    except StructureError:
        return False  # told by the rules on objects
    if isinstance(value, Stream):
        entries = value.dictionary
        if any(key in entries for key in _ELSEWHERE) or step.new.resolve(entries.get("Subtype")) == "PS":
            return True
        value = entries
    return _transfers(step, value, 0)


def _transfers(step: RevisionStep, value: Any, depth: int) -> bool:
    """Tell whether a transfer function stands in a value; what the value refers to is looked at by itself."""
    if depth > _MAX_DEPTH:
        return True
    if isinstance(value, dict):
        named = [step.new.resolve(value[key]) for key in _TRANSFERS if key in value]
        if any(not (each is None or (isinstance(each, str) and each in _AS_THEY_ARE)) for each in named):
            return True
        return any(_transfers(step, child, depth + 1) for child in value.values())
    return isinstance(value, list) and any(_transfers(step, child, depth + 1) for child in value)
