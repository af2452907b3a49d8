"""Reports of very many files: where nothing is to be said about one, it is listed and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from agreegen.model.report import DocumentFacts, FileReport, SignatureReport

MAX_DETAILED = 200
"""Settled files whose details are kept; of those that are not settled, every one is."""


def abridge(files: Iterable[FileReport]) -> Iterator[FileReport]:
    """Yield the reports, after the first two hundred settled files without what only their details show.

    A hundred thousand pledges under one seal differ in path and document; their signatures are one object.

    Args:
        files: In the order of the report; each is let go once it was yielded.
    """
    settled = 0
    shared: dict[SignatureReport, SignatureReport] = {}
    documents: dict[DocumentFacts, DocumentFacts] = {}
    for file in files:
        settled += file.settled
        yield _shorten(file, shared, documents) if file.settled and settled > MAX_DETAILED else file


def _shorten(
    file: FileReport,
    shared: dict[SignatureReport, SignatureReport],
    documents: dict[DocumentFacts, DocumentFacts],
) -> FileReport:
    signatures = (replace(s, time=None, reasons=(), details=()) for s in file.signatures)
    facts = None if file.document is None else _once(file.document, documents)
    return replace(
        file,
        document=facts,
        signatures=tuple(shared.setdefault(signature, signature) for signature in signatures),
        alarms=(),
        remarks=(),
        abridged=True,
    )


def _once(document: DocumentFacts, known: dict[DocumentFacts, DocumentFacts]) -> DocumentFacts:
    """Return the same facts with what they have in common with other documents kept once."""
    common = replace(document, id="")
    return replace(known.setdefault(common, common), id=document.id)
