"""Comparing the signatures found with those that the form declares, and with what the standard allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

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
            "placeholder-signature", f"{_label(candidate)} was prepared, but never made, or was erased"
        )
    last = len(views) - 1
    seen: dict[bytes, Covered] = {}
    for item in covered:
        label = _label(item.candidate)
        yield from _undeclared(item.candidate, label, last)
        if item.contents is not None and not item.contents.strip(b"\x00"):
            yield Alarm("placeholder-signature", f"{label} is an empty placeholder", alters=True)
        subfilter = item.candidate.value.get("SubFilter")
        if subfilter not in SUPPORTED:
            yield Alarm("unsupported-signature", f"{label} is of a kind that is not supported")
        yield from _duplicates(item, label, seen)
        yield from _repeated_keys(item, label)
    if rights:
        yield Alarm(
            "usage-rights", "the file carries a usage rights signature, which says nothing about its content"
        )
    if covered and not file.locked:
        yield from _same_names(views[-1])
    yield from _tail(file, covered)


def _undeclared(candidate: Candidate, label: str, last: int) -> Iterator[Alarm]:
    names = candidate.names
    if not names:
        yield Alarm("undeclared-signature", f"no form field declares {label}")
    elif last not in names:
        yield Alarm(
            "stripped-signature",
            f"{label} was declared by an earlier revision and is gone from the current one",
            alters=True,
        )
    elif names[last] != names[min(names)]:
        yield Alarm("renamed-field", f"the field of {label} had another name before", alters=True)


def _label(candidate: Candidate) -> str:
    names = candidate.names
    return f"the signature “{names[max(names)]}”" if names else f"the signature in object {candidate.number}"


def _repeated_keys(item: Covered, label: str) -> Iterator[Alarm]:
    """Of two values some readers take the first and some the last; both of them are signed."""
    repeated = item.candidate.value.repeated if isinstance(item.candidate.value, Repeating) else ()
    for key in repeated:
        zh = f"签名的字典中同一键 /{key} 出现两次，不同的阅读软件会取不同的值"
        yield Alarm("repeated-key", f"the dictionary of {label} has the key /{key} twice", message_zh=zh)


def _same_names(view: View) -> Iterator[Alarm]:
    """Two fields of one name are one to some readers, who may show another one's signature."""
    try:
        count = Counter(field.name for field in form_fields(view) if field.name)
    except LimitError:
        raise
    except StructureError:
        return  # a form that nobody can read shows no names
    for name, number in islice(((n, c) for n, c in count.items() if c > 1), _MOST_NAMES):
        text = f"{number} fields of the form have the same name, “{name}”"
        yield Alarm("same-name", text, message_zh=f"表单中有 {number} 个域同名：“{name}”")


def _duplicates(item: Covered, label: str, seen: dict[bytes, Covered]) -> Iterator[Alarm]:
    if not item.contents or not item.contents.strip(b"\x00"):
        return
    twin = seen.setdefault(item.contents, item)
    if twin is not item:
        yield Alarm("duplicate-signature", f"{label} is a copy of another one in the file", alters=True)


def _tail(file: PdfFile, covered: list[Covered]) -> Iterator[Alarm]:
    """Readers look for the end mark in the last 1,024 bytes; where they miss it, they rebuild the file."""
    rest = file.data[file.revisions[-1].end :]
    signed = any(item.coverage is not Coverage.PARTIAL for item in covered)
    if rest.strip(b"\x00\t\n\x0c\r ") or (signed and (b"\x00" in rest or len(rest) > MAX_WHITE)):
        yield Alarm("trailing-bytes", f"{len(rest)} bytes follow the end of the last revision", alters=signed)
