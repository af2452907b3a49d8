"""A job file drafted from a roster and a few answers, with a comment at every key."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agreegen.errors import InputError
from agreegen.forms.drafting.yaml_comments import comment
from agreegen.messages import message
from agreegen.model.form import FieldType, Form, RoleKind, SignatureRole
from agreegen.rosters.survey import RosterSurvey, survey_roster


@dataclass(frozen=True, slots=True)
class JobDraft:
    """The answers from which a job file is written.

    Attributes:
        survey: What the roster's header says to the form.
        roster: The roster.
        output: Folder of the documents.
        columns: Field name → header, where the form's aliases do not know it.
        defaults: Field name → value for all rows.
        credential: Who signs for the office; None where the job only makes the documents.
        role: The role in which that one signs; None where it signs the register alone.
        trust: Anchors and revocation lists.
    """

    survey: RosterSurvey
    roster: Path
    output: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    credential: Path | None = None
    role: str | None = None
    trust: tuple[Path, ...] = ()


def fitting_forms(path: Path, forms: Sequence[Form], *, sheet: int | str | None = None) -> list[RosterSurvey]:
    """Return the forms that a roster may be for, the best fit first.

    Raises:
        InputError: The file cannot be read at all.
    """
    found: list[RosterSurvey] = []
    error: InputError | None = None
    for form in forms:
        try:
            survey = survey_roster(path, form, sheet=sheet)
        except InputError as exc:
            error = exc
            continue
        if survey.tells_rows_apart:
            found.append(survey)
    if not found and error is not None:
        raise error
    return sorted(found, key=lambda survey: (-len(survey.columns), len(survey.missing)))


def office_role(form: Form) -> SignatureRole | None:
    """Return the role in which the office signs: the first seal, else the first that is nobody's own."""
    seals = [role for role in form.roles if role.kind is RoleKind.SEAL]
    open_roles = [role for role in form.roles if role.holder is None]
    return next(iter([*seals, *open_roles]), None)


def date_fields(survey: RosterSurvey) -> list[str]:
    """Return the printed dates for which the roster has no column."""
    return [
        item.name
        for item in survey.form.fields
        if item.type is FieldType.DATE and item.printed and item.name not in survey.columns
    ]


def write_draft(draft: JobDraft, path: Path) -> str:
    """Return the text of the job file that will lie at `path`, with comments in the reader's language."""
    form, survey = draft.survey.form, draft.survey
    lines = [
        comment(message("batch.draft-about", title=form.title)),
        f"form: {form.id}",
        "",
        comment(message("batch.draft-columns-found")),
        *(f"#   {header} = {_label(form, name)}" for name, header in survey.columns.items()),
    ]
    if survey.others:
        lines.append(comment(message("batch.draft-columns-not-read", headers=tuple(survey.others))))
    roster: dict[str, object] = {"file": _relative(draft.roster, path)}
    if survey.sheet is not None:
        roster["sheet"] = survey.sheet
    if draft.columns:
        roster["columns"] = dict(draft.columns)
    lines += [f"roster: {_flow(roster)}", ""]
    lines += [
        comment(message("batch.draft-values-for-all")),
        f"defaults: {_flow(dict(draft.defaults))}",
        "",
        comment(message("batch.draft-output")),
        f"output: {_text(_relative(draft.output, path))}",
        "",
        *_signature_lines(draft, path),
        *_register_lines(draft, path),
        comment(message("batch.draft-trust")),
        f"trust: [{', '.join(_text(_relative(each, path)) for each in draft.trust)}]",
        "",
        comment(message("batch.draft-name")),
        f'# name: "{{{form.row_keys[0] if form.row_keys else form.fields[0].name}}}"',
        comment(message("batch.draft-tsa")),
        "# tsa: https://tsa.example/",
        *_seam_lines(form),
        comment(message("batch.draft-bags")),
        "# archive: {bags: archive, credential: credentials/archive-seal.yaml}",
    ]
    return "\n".join(lines) + "\n"


def _signature_lines(draft: JobDraft, path: Path) -> list[str]:
    form = draft.survey.form
    others = [role for role in form.roles if role.id != draft.role]
    hints = [hint for role in others if (hint := _signature_hint(form, role)) is not None]
    lines = [comment(message("batch.draft-signatures"))]
    if draft.credential is None or draft.role is None:
        return [*lines, "signatures: []", *hints, ""]
    own = f"{{role: {draft.role}, credential: {_text(_relative(draft.credential, path))}, level: B-B}}"
    return [*lines, "signatures:", f"  - {own}", *hints, ""]


def _register_lines(draft: JobDraft, path: Path) -> list[str]:
    """Name who signs the register, where the office signs no document."""
    if draft.credential is None or draft.role is not None:
        return []
    credential = _text(_relative(draft.credential, path))
    return [comment(message("batch.draft-register")), f"register_credential: {credential}", ""]


def _signature_hint(form: Form, role: SignatureRole) -> str | None:
    """Return a commented line for a role: the office has one seal, others have a credential each."""
    if role.kind is RoleKind.SEAL and role == office_role(form):
        return f'#   - {{role: {role.id}, credential: "credentials/{role.id}.yaml"}}'
    key = next((name for name in form.row_keys if not form.field(name).identifying), None)
    if key is None:
        return None
    own = f'"credentials/{role.id}/{{{key}}}.yaml"'
    return f"#   - {{role: {role.id}, credential: {own}, missing: leave-open}}"


def _seam_lines(form: Form) -> list[str]:
    role = office_role(form)
    if role is None or role.kind is not RoleKind.SEAL:
        return []
    return [comment(message("batch.draft-seam")), f"# seam: {{{role.id}: credentials/{role.id}.yaml}}"]


def _label(form: Form, name: str) -> str:
    return f"{form.field(name).label_zh} ({name})"


def _relative(target: Path, job: Path) -> str:
    return Path(os.path.relpath(target.resolve(), job.resolve().parent)).as_posix()


def _text(value: str) -> str:
    """Write a text as a YAML scalar that reads back as it is."""
    return json.dumps(value, ensure_ascii=False)


def _flow(mapping: Mapping[str, object]) -> str:
    parts = (
        f"{key}: {_flow(value) if isinstance(value, Mapping) else _text(str(value))}"
        for key, value in mapping.items()
    )
    return "{" + ", ".join(parts) + "}"
