"""Certificates and revocation data of the document security store, and the attached parameters."""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.files import sha256_of
from agreegen.pdf.document import View
from agreegen.pdf.fields import text_of
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value
from agreegen.verification.interface import ValidationData

ATTACHMENT_NAME = "agreegen.json"
_KEYS = ("Certs", "OCSPs", "CRLs")
_VRI_KEYS = ("Cert", "OCSP", "CRL")
_MAX_NODES = 10_000


def read_store(views: list[View]) -> ValidationData:
    """Collect the security stores of all revisions (EN 319 142-1, clause 5.4); damaged parts are left out."""
    kinds: tuple[list[bytes], list[bytes], list[bytes]] = ([], [], [])
    first: dict[str, int] = {}
    seen: set[int] = set()
    newest: int | None = None
    for view in views:
        for kind, stream in _store_streams(view):
            if id(stream) in seen:
                continue
            seen.add(id(stream))
            item = _expanded(view, stream)
            digest = None if item is None else sha256_of(item)
            if item is None or digest is None or digest in first:
                continue
            first[digest] = newest = view.index
            kinds[kind].append(item)
    certificates, ocsps, crls = (tuple(items) for items in kinds)
    return ValidationData(certificates, ocsps, crls, newest, tuple(first.items()))


def _store_streams(view: View) -> Iterator[tuple[int, Stream]]:
    """Yield certificates (0), OCSP responses (1) and revocation lists (2), those of one signature last."""
    try:
        store = view.dictionary(view.catalog.get("DSS"))
        groups = [store]
        groups += [view.dictionary(item) for item in view.dictionary(store.get("VRI")).values()]
    except LimitError:
        raise
    except StructureError:
        return
    for index, group in enumerate(groups):
        for kind, key in enumerate(_VRI_KEYS if index else _KEYS):
            for item in _items(view, group.get(key)):
                yield kind, item


def _items(view: View, value: Value) -> Iterator[Stream]:
    try:
        found = [view.resolve(item) for item in view.array(value)]
    except LimitError:
        raise
    except StructureError:
        return
    yield from (item for item in found if isinstance(item, Stream))


def _expanded(view: View, stream: Stream) -> bytes | None:
    try:
        return view.file.expand(view.resolved_filters(stream))
    except LimitError:
        raise
    except StructureError:
        return None


def read_attachments(view: View) -> list[bytes]:
    """Return the bytes of every `agreegen.json` that is attached."""
    found: list[bytes] = []
    try:
        tree = view.dictionary(view.catalog.get("Names")).get("EmbeddedFiles")
        for specification in _leaves(view, tree):
            entry = view.dictionary(specification)
            names = {text_of(view.resolve(entry.get(key))) for key in ("UF", "F")}
            if ATTACHMENT_NAME not in names:
                continue
            files = view.dictionary(entry.get("EF"))
            stream = view.resolve(files.get("UF", files.get("F")))
            if isinstance(stream, Stream):
                found.append(view.file.expand(view.resolved_filters(stream)))
    except LimitError:
        raise
    except StructureError:
        return found
    return found


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
