"""A job file drafted from a roster and a few answers, with a comment at every key."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agreegen.errors import InputError
from agreegen.model.form import FieldType, Form, RoleKind, SignatureRole
from agreegen.rosters.survey import RosterSurvey, survey_roster

__all__ = ["JobDraft", "date_fields", "fitting_forms", "office_role", "write_draft"]


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
        role: The role in which that one signs.
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
    """Return the role in which the office signs: the first seal, else the first role."""
    seals = [role for role in form.roles if role.kind is RoleKind.SEAL]
    return next(iter([*seals, *form.roles]), None)


def date_fields(survey: RosterSurvey) -> list[str]:
    """Return the printed dates for which the roster has no column."""
    return [
        item.name
        for item in survey.form.fields
        if item.type is FieldType.DATE and item.printed and item.name not in survey.columns
    ]


def write_draft(draft: JobDraft, path: Path) -> str:
    """Return the text of the job file that will lie at `path`; paths in it are relative to that."""
    form, survey = draft.survey.form, draft.survey
    lines = [
        f"# 任务：按名册逐行生成《{form.title_zh}》。本文件中的路径均相对于本文件所在的文件夹。",
        f"# A job: one {form.title_en} for each row. Paths are relative to this file; see docs/batch.md.",
        f"form: {form.id}",
        "",
        "# 名册。已识别的列 / The roster; columns that were found:",
        *(f"#   {header} = {_label(form, name)}" for name, header in survey.columns.items()),
    ]
    if survey.others:
        lines.append(f"# 未使用的列 / Columns that are not read: {'、'.join(survey.others)}")
    roster: dict[str, object] = {"file": _relative(draft.roster, path)}
    if survey.sheet is not None:
        roster["sheet"] = survey.sheet
    if draft.columns:
        roster["columns"] = dict(draft.columns)
    lines += [f"roster: {_flow(roster)}", ""]
    lines += [
        "# 名册中没有或为空的内容，各行相同 / Values for all rows whose cell is empty or has no column.",
        f"defaults: {_flow(dict(draft.defaults))}",
        "",
        "# 文件、登记簿和失败的行写入此文件夹 / Documents, register and failed rows go into this folder.",
        f"output: {_text(_relative(draft.output, path))}",
        "",
        *_signature_lines(draft, path),
        "# 信任锚与吊销列表所在的文件或文件夹 / Trust anchors and revocation lists.",
        f"trust: [{', '.join(_text(_relative(each, path)) for each in draft.trust)}]",
        "",
        "# 文件名；不得含身份证号，且任何人都能看到 / File names: never an ID number, everybody sees them.",
        f'# name: "{{{form.row_keys[0] if form.row_keys else form.fields[0].name}}}"',
        "# 时间戳服务（B-T 及以上） / A timestamp service, for level B-T and above.",
        "# tsa: https://tsa.example/",
        "# 全部完成后归档 / Bags, when every row is done.",
        "# archive: {bags: archive, credential: credentials/archive-seal.yaml}",
    ]
    return "\n".join(lines) + "\n"


def _signature_lines(draft: JobDraft, path: Path) -> list[str]:
    form = draft.survey.form
    others = [role for role in form.roles if role.id != draft.role]
    key = next((name for name in form.row_keys if not form.field(name).identifying), None)
    hints = [
        f'#   - {{role: {role.id}, credential: "credentials/{role.id}/{{{key}}}.yaml", missing: leave-open}}'
        for role in others
        if key is not None
    ]
    lines = [
        "# 签名，按先后顺序。各人自己的凭证以 {字段} 区分；没有凭证文件的留空，由本人另行签署。",
        "# Signatures, in order. {field} makes a credential each row's own; where its file is missing, the",
        "# signature stays open, to be made later or on paper.",
    ]
    if draft.credential is None or draft.role is None:
        return [*lines, "signatures: []", *hints, ""]
    own = f"{{role: {draft.role}, credential: {_text(_relative(draft.credential, path))}, level: B-B}}"
    return [*lines, "signatures:", f"  - {own}", *hints, ""]


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
