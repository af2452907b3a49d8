"""Reports of very many files: where nothing new is to be said about one, it is listed and no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from agreegen.model.report import Alarm, DocumentFacts, FileReport, SignatureReport, Verdict

MAX_DETAILED = 200
"""Files of a kind whose details are kept: the settled ones are one kind, the others go by their finding."""

_Kind = tuple[Verdict, frozenset[str]] | None


def abridge(files: Iterable[FileReport]) -> Iterator[FileReport]:
    """Yield the reports, after the first two hundred of a kind without what only their details show.

    A hundred thousand pledges under one seal differ in path and document; their signatures are one object.
    What is not settled keeps its alarms and the reasons of its signatures; a finding of few files keeps all.

    Args:
        files: In the order of the report; each is let go once it was yielded.
    """
    seen: Counter[_Kind] = Counter()
    shared = _Shared()
    for file in files:
        kind = _kind(file)
        seen[kind] += 1
        yield file if seen[kind] <= MAX_DETAILED else shared.shorten(file)


def _kind(file: FileReport) -> _Kind:
    """Return what tells findings apart: verdict and codes of alarms and reasons; None where settled."""
    if file.settled:
        return None
    reasons = (reason.code for signature in file.signatures for reason in signature.reasons)
    return file.verdict, frozenset([*(alarm.code for alarm in file.alarms), *reasons])


@dataclass(slots=True)
class _Shared:
    """What many reports have in common, kept once.

    Attributes:
        signatures: Without time and details.
        documents: Without their ids.
        alarms: Of one file each.
    """

    signatures: dict[SignatureReport, SignatureReport] = field(default_factory=dict)
    documents: dict[DocumentFacts, DocumentFacts] = field(default_factory=dict)
    alarms: dict[tuple[Alarm, ...], tuple[Alarm, ...]] = field(default_factory=dict)

    def shorten(self, file: FileReport) -> FileReport:
        """Return a report without what only its details show."""
        settled = file.settled
        signatures = (
            replace(each, time=None, reasons=() if settled else each.reasons, details=())
            for each in file.signatures
        )
        return replace(
            file,
            document=None if file.document is None else self._document(file.document),
            signatures=tuple(self.signatures.setdefault(each, each) for each in signatures),
            alarms=() if settled else self.alarms.setdefault(file.alarms, file.alarms),
            remarks=(),
            abridged=True,
        )

    def _document(self, document: DocumentFacts) -> DocumentFacts:
        common = replace(document, id="")
        return replace(self.documents.setdefault(common, common), id=document.id)
