"""Whose document it is: by the roster, by a bag, by the name of its file; never by a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from agreegen.batch.interface import Job
from agreegen.batch.job.job_roster import open_job_roster
from agreegen.batch.planning.planner import conditions_for
from agreegen.batch.planning.row_seams import seams_of_row
from agreegen.batch.rebuilding.interface import BagFacts, FoundDocument
from agreegen.model.document import Document, build_document, canonical_json, seams_to_json
from agreegen.model.form import Form
from agreegen.model.row_key import RowKey
from agreegen.register.interface import Registration
from agreegen.register.registering import registration_of
from agreegen.register.store import Register
from agreegen.rosters.row import RosterRow

_SUFFIX = 9
"""Characters that a replaced document's file name has more: a hyphen and eight of its id."""


@dataclass(slots=True)
class Identifier:
    """Finds out which row each document belongs to.

    Args:
        form: The form.
        register: The new register, for its secret.
        bags: What bags say, by document id.

    Attributes:
        by_id: Roster rows by the document id that they make.
        by_content: Roster rows that only an ID number tells apart, by what is printed for them.
    """

    form: Form
    register: Register
    bags: Mapping[str, BagFacts]
    by_id: dict[str, RosterRow] = field(default_factory=dict)
    by_content: dict[bytes, list[RosterRow]] = field(default_factory=dict)

    def read_roster(self, job: Job) -> None:
        """Take in the rows of a job's roster.

        Raises:
            InputError: It cannot be read.
        """
        roster = open_job_roster(job)
        for row in roster.rows():
            if row.failed or row.key is None:
                continue
            document = build_document(
                job.form,
                row.values,
                conditions=conditions_for(job, row.values),
                register_secret=self.register.secret,
                aliases=job.aliases,
                seams=seams_of_row(job, row.values).seals,
            )
            if row.key.identifying:
                self.by_content.setdefault(content_of(document), []).append(row)
            else:
                self.by_id[document.id] = row

    def registration(self, found: FoundDocument, others: Mapping[bytes, int]) -> tuple[Registration, bool]:
        """Return what is known of a document, and whether its row is.

        Args:
            found: The document.
            others: How many documents in force print the same, by what they print.
        """
        document = found.document
        row = self.by_id.get(document.id)
        if row is None:
            content = content_of(document)
            rows = self.by_content.get(content, [])
            if len(rows) == 1 and (others.get(content) == 1 or self._same_person(document.id, rows[0])):
                row = rows[0]
        if row is not None and row.key is not None:
            key = self.register.row_key(row.key)
            known = registration_of(self.form, document, row.values, row_key=key, path=found.path)
            return known, True
        return self._without_row(found)

    def _same_person(self, document_id: str, row: RosterRow) -> bool:
        facts = self.bags.get(document_id)
        return facts is not None and facts.registration.get("id_number") == row.id_number

    def _without_row(self, found: FoundDocument) -> tuple[Registration, bool]:
        document = found.document
        facts = self.bags.get(document.id)
        said: dict[str, Any] = {} if facts is None else dict(facts.registration)
        number = said.get("staff_no") or self._number_in_name(found)
        personal = said.get("id_number")
        key = f"document:{document.id}"
        if number:
            key = self.register.row_key(RowKey("staff_no", str(number)))
        elif personal:
            key = self.register.row_key(RowKey("id_number", str(personal), identifying=True))
        hidden = {name: said[name] for name in said if name not in {"staff_no", "unit", "id_number"}}
        registration = Registration(
            id=document.id,
            form_id=document.form_id,
            form_version=document.form_version,
            template_sha256=document.template_sha256,
            row_key=key,
            name=self.form.subject_of(document.values),
            path=found.path,
            staff_no=None if number is None else str(number),
            id_number=None if personal is None else str(personal),
            unit=said.get("unit"),
            metadata=canonical_json(hidden).decode(),
        )
        return registration, bool(number or personal)

    def _number_in_name(self, found: FoundDocument) -> str | None:
        """Return the number in a file's name, if the document's own id follows from it."""
        stem, document = PurePosixPath(found.path).stem, found.document
        if found.replaced:
            stem = stem[:-_SUFFIX]
        if self.form.id != document.form_id or not any(f.name == "staff_no" for f in self.form.fields):
            return None
        again = build_document(
            self.form,
            {**document.values, "staff_no": stem},  # type: ignore[dict-item]  # values as JSON holds them
            conditions=document.conditions,
            register_secret=self.register.secret,
            seams=document.seams,
        )
        return stem if again.id == document.id else None


def content_of(document: Document) -> bytes:
    """Return what a document prints, for comparison."""
    facts = (document.form_id, document.form_version, document.template_sha256)
    seams = seams_to_json(document.seams)
    return canonical_json([*facts, dict(document.values), dict(document.conditions), *seams.values()])


def count_contents(documents: Iterable[FoundDocument]) -> dict[bytes, int]:
    """Count the documents in force by what they print."""
    counts: dict[bytes, int] = {}
    for found in documents:
        if not found.replaced:
            content = content_of(found.document)
            counts[content] = counts.get(content, 0) + 1
    return counts
