"""Making the transfer list of a bag from what the bag says of its documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from agreegen.archive.four.inspection import inspect_pdf
from agreegen.archive.handover.transfer_list import TransferList, TransferRow
from agreegen.archive.interface import TAG_MANIFEST
from agreegen.files import sha256_of_file
from agreegen.json_text import parse_json

DOCUMENTS = "data/documents/"
_PARAMETERS = "data/parameters/"
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_DATED_ELSEWHERE = frozenset({"training_date", "birth_date"})
"""Dates that a document tells of something else than itself."""


def make_list(
    bag: Path, payload: Mapping[str, str], *, sender: str, receiver: str, day: date, by: str
) -> TransferList:
    """List the documents of a bag.

    Args:
        bag: The bag's folder; the caller has compared its files with the manifests.
        payload: Payload path → SHA-256, as `check_structure` found it.
        sender: Who hands over.
        receiver: Who takes over.
        day: The day of the list.
        by: Who makes it.

    Raises:
        OSError: A file cannot be read.
    """
    paths = sorted(path for path in payload if path.startswith(DOCUMENTS))
    rows = tuple(_row(bag, number, path, payload[path]) for number, path in enumerate(paths, 1))
    return TransferList(
        bag=bag.name,
        tag_manifest_sha256=sha256_of_file(bag / TAG_MANIFEST),
        sender=sender,
        receiver=receiver,
        day=day,
        by=by,
        rows=rows,
    )


def _row(bag: Path, number: int, path: str, sha256: str) -> TransferRow:
    relative = path.removeprefix(DOCUMENTS)
    known = _parameters(bag / f"{_PARAMETERS}{relative}.json")
    document, registration = known.get("document") or {}, known.get("registration") or {}
    values = document.get("values") or {}
    return TransferRow(
        number=number,
        reference=f"{bag.name}-{number:04d}",
        document=str(document.get("id", "")),
        responsible=str(registration.get("unit") or values.get("unit") or ""),
        title=_title(document, relative),
        day=_day(values),
        label="",
        pages=inspect_pdf(bag / path).pages,
        path=path,
        size=(bag / path).stat().st_size,
        sha256=sha256,
    )


def _parameters(path: Path) -> dict[str, Any]:
    """Return what the bag says of one document; nothing where it does not."""
    try:
        found = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _title(document: Mapping[str, Any], relative: str) -> str:
    """Return the printed title with the last person or party that signs; else the file's name."""
    title = str((document.get("form") or {}).get("title", ""))
    holders = [str(role["holder"]) for role in document.get("roles", ()) if role.get("holder")]
    if not title:
        return relative
    return f"{title}（{holders[-1]}）" if holders else title


def _day(values: Mapping[str, object]) -> str:
    """Return the day that a document was signed, as it says itself: the latest of its own dates."""
    days: Iterable[str] = (
        str(value)
        for name, value in values.items()
        if name.endswith("_date") and name not in _DATED_ELSEWHERE and _ISO_DAY.match(str(value))
    )
    return max(days, default="")
