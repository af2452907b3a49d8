"""Documents that a changed row would replace: which value changed, and whether their person has signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agreegen.batch.interface import Job
from agreegen.messages import Message, join_sentences, message
from agreegen.model.complaint import Complaint, Location, Severity
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.register.interface import DocumentRow

_MOST_NAMED = 10
_MOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Replacement:
    """A document in force that a row would replace.

    Attributes:
        document_id: The document.
        label: What people call its row.
        signed: The roles that its person has fulfilled.
        changes: Which value changed: `label: old → new`.
    """

    document_id: str
    label: str
    signed: tuple[str, ...]
    changes: tuple[Message, ...]

    @property
    def told(self) -> Message:
        """Whose document it is and what changed."""
        return message("batch.replacement", label=self.label, changes=join_sentences(self.changes))

    @property
    def reason(self) -> Message:
        """Why the row fails where the document is to be kept."""
        changed = join_sentences(self.changes)
        return message(
            "batch.its-document-signed-its-person-kept", document_id=self.document_id, changed=changed
        )


def person_signed(form: Form, row: DocumentRow) -> tuple[str, ...]:
    """Return the roles of a document that its person has fulfilled, with a certificate, a device or a pen."""
    return tuple(role.id for role in form.subject_roles if row.fulfilment(role.id) is not None)


def _find_replacement(
    form: Form, output: Path, row: DocumentRow, document: Document, label: str
) -> Replacement:
    """Say what a row changes of the document that it would replace."""
    # Most runs replace nothing, and reading files takes long to load.
    from agreegen.recording.own_documents import read_own  # noqa: PLC0415 - see above

    path = output / row.registration.path
    old = read_own(path.read_bytes()).document if path.is_file() else None
    changes = _changes(form, old, document) if old else (message("batch.its-file-cannot-read-see-what"),)
    return Replacement(row.registration.id, label, person_signed(form, row), changes)


def _changes(form: Form, old: Document, new: Document) -> tuple[Message, ...]:
    labels = {each.name: each.label_zh for each in form.fields}
    labels |= {each.name: each.label_zh for each in form.conditions}
    found: list[Message] = [
        *_differences(old.values, new.values, labels),
        *_differences(old.conditions, new.conditions, labels),
    ]
    if old.template_sha256 != new.template_sha256:
        found.append(
            message("batch.template-changed", old=old.template_sha256[:12], new=new.template_sha256[:12])
        )
    if old.form_version != new.form_version:
        found.append(
            message("batch.version-form", form_version=old.form_version, form_version2=new.form_version)
        )
    if old.seams != new.seams:
        found.append(message("batch.seam-changed"))
    return tuple(found) or (message("batch.what-tells-row-from-others-changed"),)


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], labels: Mapping[str, str]) -> list[Message]:
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [
        message(
            "batch.value-changed",
            label=labels.get(name, name),
            old=_shown(old.get(name)),
            new=_shown(new.get(name)),
        )
        for name in names
    ]


def _shown(value: object) -> Message | str:
    if value is None:
        return message("batch.nothing-there")
    text = "、".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


@dataclass(slots=True)
class Forecast:
    """Counts what would be, or was, replaced; the first ones with what changed.

    Attributes:
        replaced: Documents that nobody has signed yet.
        kept: Documents that their person has signed: they stay, unless the user wants them replaced, too.
        named: The first of both.
    """

    replaced: int = 0
    kept: int = 0
    named: list[Replacement] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether enough are named, so that the rest is only counted."""
        return len(self.named) >= _MOST_NAMED

    def add(self, replacement: Replacement | None, *, kept: bool) -> None:
        """Take in one document; without its replacement, it is only counted."""
        self.kept += kept
        self.replaced += not kept
        if replacement is not None and not self.full:
            self.named.append(replacement)

    def describe(self, *, done: bool) -> Message | None:
        """Return one line about the documents that are replaced, or None."""
        if not self.replaced:
            return None
        shown = [each.told for each in self.named if not each.signed] or [each.told for each in self.named]
        more = message("messages.and-others") if self.replaced > len(shown) else ""
        code = "batch.documents-were-replaced" if done else "batch.documents-would-be-replaced"
        return message(code, replaced=self.replaced, shown=tuple(shown), more=more)

    def consider(
        self,
        job: Job,
        row: DocumentRow | None,
        document: Document,
        label: str,
        *,
        replace_signed: bool = False,
    ) -> Replacement | None:
        """Take in what a row would make, and return the document that it cannot replace, if there is one.

        Args:
            job: The job.
            row: The document in force for the row, if any.
            document: What the row would make.
            label: What people call the row.
            replace_signed: Whether the user wants signed ones replaced, too.
        """
        if row is None or row.registration.id == document.id:
            return None
        kept = bool(person_signed(job.form, row)) and not replace_signed
        wanted = kept or not self.full
        found = _find_replacement(job.form, job.output, row, document, label) if wanted else None
        self.add(found, kept=kept)
        return found if kept else None

    def complaint(self, place: Location) -> Complaint | None:
        """Return the line as a warning about the roster, or None."""
        told = self.describe(done=False)
        remedy = message("batch.put-old-values-back-keep-them")
        return None if told is None else Complaint(place, told, remedy, Severity.WARNING)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `batch check --json`."""
        return {
            "documents": self.replaced + self.kept,
            "signed": self.kept,
            "first": [
                {
                    "document": each.document_id,
                    "row": each.label,
                    "signed": list(each.signed),
                    "changes": list(each.changes),
                }
                for each in self.named
            ],
        }
