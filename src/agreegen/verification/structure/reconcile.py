"""Comparing the signatures found with those that the form declares, and with what the standard allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from agreegen.messages import Message, message
from agreegen.model.report import Alarm, Coverage
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.fields import form_fields
from agreegen.pdf.finding import Candidate
from agreegen.pdf.layout import MAX_WHITE
from agreegen.pdf.objects import LimitError, Repeating, StructureError
from agreegen.verification.structure.coverage import Covered

SUPPORTED = frozenset(
    {
        "adbe.pkcs7.detached",
        "ETSI.CAdES.detached",
        "PBAD.PAdES",
        "ETSI.RFC3161",
        "adbe.pkcs7.sha1",
        "adbe.x509.rsa_sha1",
    }
)
_MOST_NAMES = 20


def reconcile(
    file: PdfFile,
    views: list[View],
    covered: list[Covered],
    rights: list[Candidate],
    prepared: list[Candidate],
) -> Iterator[Alarm]:
    """Yield an alarm for every signature that is not what and where it should be."""
    for candidate in prepared:
        yield Alarm(
            "placeholder-signature",
            message("verification.prepared-but-never-made-or-erased", value=_label(candidate)),
        )
    last = len(views) - 1
    seen: dict[bytes, Covered] = {}
    for item in covered:
        label = _label(item.candidate)
        yield from _undeclared(item.candidate, label, last)
        if item.contents is not None and not item.contents.strip(b"\x00"):
            yield Alarm(
                "placeholder-signature", message("verification.empty-placeholder", label=label), alters=True
            )
        subfilter = item.candidate.value.get("SubFilter")
        if subfilter not in SUPPORTED:
            yield Alarm("unsupported-signature", message("verification.kind-not-supported", label=label))
        yield from _duplicates(item, label, seen)
        yield from _repeated_keys(item, label)
    if rights:
        yield Alarm("usage-rights", message("verification.file-carries-usage-rights-signature-says"))
    if covered and not file.locked:
        yield from _same_names(views[-1])
    yield from _tail(file, covered)


def _undeclared(candidate: Candidate, label: Message, last: int) -> Iterator[Alarm]:
    names = candidate.names
    if not names:
        yield Alarm("undeclared-signature", message("verification.no-form-field-declares", label=label))
    elif last not in names:
        yield Alarm(
            "stripped-signature",
            message("verification.declared-by-earlier-revision-gone-from", label=label),
            alters=True,
        )
    elif names[last] != names[min(names)]:
        yield Alarm(
            "renamed-field", message("verification.field-had-another-name-before", label=label), alters=True
        )


def _label(candidate: Candidate) -> Message:
    names = candidate.names
    return (
        message("verification.signature", names=names[max(names)])
        if names
        else message("verification.signature-object", number=candidate.number)
    )


def _repeated_keys(item: Covered, label: Message) -> Iterator[Alarm]:
    """Of two values some readers take the first and some the last; both of them are signed."""
    repeated = item.candidate.value.repeated if isinstance(item.candidate.value, Repeating) else ()
    for key in repeated:
        yield Alarm("repeated-key", message("verification.repeated-key", label=label, key=key))


def _same_names(view: View) -> Iterator[Alarm]:
    """Two fields of one name are one to some readers, who may show another one's signature."""
    try:
        count = Counter(field.name for field in form_fields(view) if field.name)
    except LimitError:
        raise
    except StructureError:
        return  # a form that nobody can read shows no names
    for name, number in islice(((n, c) for n, c in count.items() if c > 1), _MOST_NAMES):
        yield Alarm("same-name", message("verification.same-name", number=number, name=name))


def _duplicates(item: Covered, label: Message, seen: dict[bytes, Covered]) -> Iterator[Alarm]:
    if not item.contents or not item.contents.strip(b"\x00"):
        return
    twin = seen.setdefault(item.contents, item)
    if twin is not item:
        yield Alarm(
            "duplicate-signature", message("verification.copy-another-one-file", label=label), alters=True
        )


def _tail(file: PdfFile, covered: list[Covered]) -> Iterator[Alarm]:
    """Readers look for the end mark in the last 1,024 bytes; where they miss it, they rebuild the file."""
    rest = file.data[file.revisions[-1].end :]
    signed = any(item.coverage is not Coverage.PARTIAL for item in covered)
    if rest.strip(b"\x00\t\n\x0c\r ") or (signed and (b"\x00" in rest or len(rest) > MAX_WHITE)):
        yield Alarm(
            "trailing-bytes",
            message("verification.bytes-follow-end-last-revision", count=len(rest)),
            alters=signed,
        )
