"""What `agreegen.json` says about a document, held against the released form and the values.

Whoever makes a file writes what he likes into it: fewer roles, none of them required, another holder. So
roles, order, holders and title are taken from the form, and where the file says otherwise, that is told and
keeps it from `valid`. A registered name may differ from the printed one (`generate --alias`); whether
it is the same person nobody can tell from the file, so whoever verifies has to say so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from agreegen.messages import Message, message
from agreegen.model.document import DeclaredRole, Document, declare_roles
from agreegen.model.form import Form
from agreegen.model.report import Alarm, HolderAlias, RoleFacts

ROLES_DIFFER = "roles-differ"
_MOST_PRINTED = 20_000
_LONGEST = 200
"""Characters of a name that are shown; a stranger's file may hold millions."""
ALIAS_UNCONFIRMED, ALIAS = "alias-unconfirmed", "alias"


@dataclass(frozen=True, slots=True)
class HeldRoles:
    """The roles of a document as its form and values give them.

    Attributes:
        roles: In signing order; a holder that is printed under another name has the registered one.
        title: The form's title.
        aliases: Holders whose certificates carry another name than is printed.
        alarms: Where the file says otherwise.
        labels_en: Role id and English label of each role; none where the form is not known here.
    """

    roles: tuple[DeclaredRole, ...]
    title: str
    aliases: tuple[HolderAlias, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    labels_en: tuple[tuple[str, str], ...] = ()

    def describe_roles(self) -> tuple[RoleFacts, ...]:
        """Return what people call the roles, and by which printed names their holders go."""
        english = dict(self.labels_en)
        printed = {alias.role: alias.printed for alias in self.aliases}
        return tuple(
            RoleFacts(
                role.id[:_LONGEST],
                role.label[:_LONGEST],
                english.get(role.id, ""),
                printed.get(role.id) or (role.holder and role.holder[:_LONGEST]),
            )
            for role in self.roles
        )


def hold_to_form(document: Document, form: Form | None, confirmed: Mapping[str, str]) -> HeldRoles:
    """Take a document's roles from its form, and say where the file differs.

    Args:
        document: What `agreegen.json` says.
        form: The release of its form; None where it is not known here: then nothing but the file speaks,
            which another alarm says.
        confirmed: Printed name → registered name, as whoever verifies knows them.
    """
    if form is None:
        return HeldRoles(document.roles, document.title)
    expected = declare_roles(form, document.values)
    stated = {role.id: role for role in document.roles}
    roles, aliases = [], []
    for role in expected:
        own = stated.get(role.id)
        holder = role.holder if own is None or role.holder is None or own.holder is None else own.holder
        if role.holder is not None and holder is not None and holder != role.holder:
            known = confirmed.get(role.holder) == holder
            aliases.append(HolderAlias(role.id, role.holder[:_LONGEST], holder[:_LONGEST], known, role))
        roles.append(replace(role, holder=holder))
    alarms = (*_differences(document, form, expected), *_alias_alarms(aliases))
    labels_en = tuple((role.id, role.label_en) for role in form.roles)
    return HeldRoles(tuple(roles), form.title_zh, tuple(aliases), alarms, labels_en)


def _differences(document: Document, form: Form, expected: tuple[DeclaredRole, ...]) -> Iterator[Alarm]:
    """Yield an alarm for each thing that the file states otherwise than its form."""
    stated = {role.id: role for role in document.roles}
    wanted = {role.id: role for role in expected}
    found: list[Message] = []
    if len(stated) != len(document.roles):
        found.append(message("verification.stated-role-twice"))
    for name in wanted.keys() - stated.keys():
        found.append(message("verification.stated-without-role", role=wanted[name]))
    for name in stated.keys() - wanted.keys():
        shown = name[:_LONGEST]
        found.append(message("verification.stated-foreign-role", role=shown))
    for name in wanted.keys() & stated.keys():
        found += _role_differences(wanted[name], stated[name])
    if document.title != form.title_zh:
        title = document.title[:_LONGEST]
        found.append(message("verification.stated-title", title=title))
    printed = {field.name for field in form.fields if field.printed}
    if document.values.keys() - printed:
        found.append(message("verification.stated-unprinted-values"))
    needed = {field.name for field in form.fields if field.printed and field.required}
    if needed - document.values.keys():
        found.append(message("verification.stated-without-value"))
    if any(_is_odd(value) for value in document.values.values()):
        found.append(message("verification.stated-invisible-characters"))
    if document.conditions.keys() - {condition.name for condition in form.conditions}:
        found.append(message("verification.stated-foreign-conditions"))
    for difference in sorted(found, key=str):
        yield Alarm(ROLES_DIFFER, message("verification.roles-differ", difference=difference))


def _is_odd(value: str | bool | list[str]) -> bool:
    """Tell whether a value holds what no parameter file gives: spaces at an end, characters nobody sees.

    The page prints the same with and without them, so that two values would be one name to the eye.
    """
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return any(
        len(text) > _MOST_PRINTED
        or text != text.strip()
        or any(unicodedata.category(c) in {"Cf", "Cc"} and c != "\n" for c in text)
        for text in texts
    )


def _role_differences(wanted: DeclaredRole, stated: DeclaredRole) -> Iterator[Message]:
    if wanted.order != stated.order:
        yield message("verification.stated-order", role=wanted)
    if wanted.required != stated.required:
        code = "verification.stated-not-required" if wanted.required else "verification.stated-required"
        yield message(code, role=wanted)
    if (wanted.holder is None) != (stated.holder is None):
        yield message("verification.stated-holder", role=wanted)


def _alias_alarms(aliases: list[HolderAlias]) -> Iterator[Alarm]:
    for alias in aliases:
        if alias.confirmed:
            continue
        yield Alarm(
            ALIAS_UNCONFIRMED,
            message(
                "verification.alias-unconfirmed",
                role=alias.declared or alias.role,
                printed=alias.printed,
                registered=alias.registered,
            ),
        )


def alias_remarks(aliases: tuple[HolderAlias, ...]) -> Iterator[Alarm]:
    """Yield a remark for each alias that was confirmed: it is shown in every report."""
    for alias in aliases:
        if alias.confirmed:
            yield Alarm(
                ALIAS,
                message(
                    "verification.alias-confirmed",
                    role=alias.declared or alias.role,
                    printed=alias.printed,
                    registered=alias.registered,
                ),
            )
