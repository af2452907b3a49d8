"""The `form.yaml` of a proposed form, commented for whoever goes on with it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence

from agreegen.forms.drafting.blanks import SigningPlace
from agreegen.forms.drafting.form_words import known_words, lone_signer, usual_label
from agreegen.forms.drafting.proposing import Proposal, ProposedField
from agreegen.forms.drafting.yaml_comments import comment
from agreegen.messages import message
from agreegen.model.form import FieldType

_FOR_ROSTERS = ("staff_no", "id_number", "unit")
"""What a roster has beside the blanks: numbers that tell its rows apart, and the unit."""
_SEAL_SIZE, _SIGNATURE_SIZE = "width_mm: 42, height_mm: 42", "width_mm: 40, height_mm: 14"
_HEAD = """\
id: {id}
version: "0.1"
title:
  zh: {title}
  en: {id}
source: {title}
{subject_comment}
subject: {subject}
row_keys: [{keys}]

{fields_comment}
fields:
"""


def describe_proposal(proposal: Proposal, form_id: str) -> str:
    """Return the text of `form.yaml` (docs/forms.md) for a proposed form."""
    fields = _with_keys(proposal.fields)
    subject = _subject(fields)
    keys = [f.name for kind in (FieldType.STAFF_NO, FieldType.RESIDENT_ID) for f in fields if f.type is kind]
    parts = [
        _HEAD.format(
            id=form_id,
            title=_quoted(proposal.title),
            subject_comment=comment(message("forms.draft.subject")),
            subject=subject.name,
            keys=", ".join(keys),
            fields_comment=comment(message("forms.draft.fields")),
        )
    ]
    labels = {field.label for field in fields}
    parts += [line for field in fields for line in _field_lines(field, labels, required=field is subject)]
    parts.append(f"\n{comment(message('forms.draft.roles'))}\nroles:\n")
    parts += _role_lines(proposal.roles, subject)
    parts.append(f"\n{comment(message('forms.draft.fonts'))}\nfonts:\n")
    parts += [
        f"  {_quoted(name)}: [{', '.join(map(_quoted, chain))}]\n" for name, chain in proposal.fonts.items()
    ]
    return "".join(parts)


def _with_keys(fields: Sequence[ProposedField]) -> tuple[ProposedField, ...]:
    """Add what a roster needs and the page does not ask for."""
    types, names = {field.type for field in fields}, {field.name for field in fields}
    persons = types & {FieldType.PERSON_NAME, FieldType.ORGANISATION_NAME}
    wanted = _FOR_ROSTERS if persons else ("person_name", *_FOR_ROSTERS)
    asked = dict(known_words().values())
    added = [name for name in wanted if name not in names and asked[name] not in types]
    return (*fields, *(ProposedField(n, usual_label(n), asked[n], printed=False) for n in added))


def _words_for(name: str) -> list[str]:
    return [word for word, (asked, _) in known_words().items() if asked == name]


def _subject(fields: Sequence[ProposedField]) -> ProposedField:
    for kind in (FieldType.PERSON_NAME, FieldType.ORGANISATION_NAME):
        found = next((field for field in fields if field.type is kind), None)
        if found is not None:
            return found
    return fields[0]


def _field_lines(field: ProposedField, labels: Collection[str], *, required: bool) -> Iterator[str]:
    yield f"  - name: {field.name}\n"
    yield f"    label: {{zh: {_quoted(field.label)}, en: {field.name}}}\n"
    yield f"    type: {field.type.value}\n"
    if required:
        yield "    required: true\n"
    if not field.printed:
        yield "    printed: false\n"
        if field.type is FieldType.RESIDENT_ID:
            yield "    identifying: true\n"
    # A header that is the label of another field is that field's: two fields cannot be read from one column.
    known = (word for word in _words_for(field.name) if word not in labels)
    aliases = dict.fromkeys((field.label, *known))
    yield f"    aliases: [{', '.join(map(_quoted, aliases))}]\n"


def _role_lines(roles: Sequence[SigningPlace], subject: ProposedField) -> Iterator[str]:
    if not roles:
        yield f"  - id: signer\n    label: {{zh: {lone_signer()}, en: Signer}}\n    kind: signature\n"
        yield "    required: true\n    order: 1\n"
    signatures = [role for role in roles if not role.seal]
    for number, role in enumerate(roles, start=1):
        kind, size = ("seal", _SEAL_SIZE) if role.seal else ("signature", _SIGNATURE_SIZE)
        yield f"  - id: signer_{number}\n"
        yield f"    label: {{zh: {_quoted(role.label)}, en: signer_{number}}}\n"
        yield f"    kind: {kind}\n    required: true\n    order: {number}\n"
        if subject.type is FieldType.PERSON_NAME and signatures == [role]:
            yield f"    holder: {subject.name}\n"
        yield f"    place: {{bookmark: signer_{number}, {size}, offset_x_mm: 22, offset_y_mm: 5}}\n"


def _quoted(text: str) -> str:
    """Return a text as a YAML scalar that is nothing but that text."""
    return json.dumps(text, ensure_ascii=False)
