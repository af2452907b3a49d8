"""Certificates and revocation data of the document security store, and the attached parameters."""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.verification.interface import ValidationData
from agreegen.verification.structure.document import View
from agreegen.verification.structure.fields import text_of
from agreegen.verification.structure.objects import LimitProblem, PdfProblem, Ref, Stream, Value

ATTACHMENT_NAME = "agreegen.json"
_KEYS = ("Certs", "OCSPs", "CRLs")
_VRI_KEYS = ("Cert", "OCSP", "CRL")
_MAX_NODES = 10_000


def read_store(views: list[View]) -> ValidationData:
    """Collect the security stores of all revisions (EN 319 142-1, clause 5.4); damaged parts are left out."""
    found: tuple[dict[bytes, None], ...] = ({}, {}, {})
    newest: int | None = None
    for view in views:
        before = sum(map(len, found))
        try:
            store = view.dictionary(view.catalog.get("DSS"))
            groups = [store]
            groups += [view.dictionary(item) for item in view.dictionary(store.get("VRI")).values()]
        except PdfProblem:
            continue
        for index, group in enumerate(groups):
            for target, key in zip(found, _VRI_KEYS if index else _KEYS, strict=True):
                target.update(dict.fromkeys(_streams(view, group.get(key))))
        if sum(map(len, found)) != before:
            newest = view.index
    return ValidationData(*(tuple(part) for part in found), newest)


def _streams(view: View, value: Value) -> Iterator[bytes]:
    try:
        items = view.array(value)
    except PdfProblem:
        return
    for item in items:
        try:
            stream = view.resolve(item)
            if isinstance(stream, Stream):
                yield view.file.expand(view.resolved_filters(stream))
        except LimitProblem:
            raise
        except PdfProblem:
            continue


def read_attachment(view: View) -> bytes | None:
    """Return the bytes of `agreegen.json`, None where it is not attached."""
    try:
        tree = view.dictionary(view.catalog.get("Names")).get("EmbeddedFiles")
        for specification in _leaves(view, tree):
            entry = view.dictionary(specification)
            names = {text_of(view.resolve(entry.get(key))) for key in ("UF", "F")}
            if ATTACHMENT_NAME in names:
                files = view.dictionary(entry.get("EF"))
                stream = view.resolve(files.get("UF", files.get("F")))
                if isinstance(stream, Stream):
                    return view.file.expand(view.resolved_filters(stream))
    except LimitProblem:
        raise
    except PdfProblem:
        return None
    return None


def _leaves(view: View, tree: Value) -> Iterator[Value]:
    """Yield the values of a name tree (ISO 32000-1, clause 7.9.6)."""
    pending, seen = [tree], set[Ref]()
    while pending and len(seen) < _MAX_NODES:
        item = pending.pop()
        if isinstance(item, Ref):
            if item in seen:
                continue
            seen.add(item)
        node = view.dictionary(item)
        yield from view.array(node.get("Names"))[1::2]
        pending.extend(view.array(node.get("Kids")))
