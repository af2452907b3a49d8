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

from agreegen.model.document import DeclaredRole, Document, declare_roles
from agreegen.model.form import Form
from agreegen.model.report import Alarm, HolderAlias

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
    """

    roles: tuple[DeclaredRole, ...]
    title: str
    aliases: tuple[HolderAlias, ...] = ()
    alarms: tuple[Alarm, ...] = ()


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
            aliases.append(HolderAlias(role.id, role.holder[:_LONGEST], holder[:_LONGEST], known))
        roles.append(replace(role, holder=holder))
    alarms = (*_differences(document, form, expected), *_alias_alarms(aliases))
    return HeldRoles(tuple(roles), form.title_zh, tuple(aliases), alarms)


def _differences(document: Document, form: Form, expected: tuple[DeclaredRole, ...]) -> Iterator[Alarm]:
    """Yield an alarm for each thing that the file states otherwise than its form."""
    stated = {role.id: role for role in document.roles}
    wanted = {role.id: role for role in expected}
    found: list[tuple[str, str]] = []
    if len(stated) != len(document.roles):
        found.append(("names a role twice", "重复列出同一角色"))
    for name in wanted.keys() - stated.keys():
        found.append((f"leaves out the role {name}", f"缺少角色“{wanted[name].label or name}”"))
    for name in stated.keys() - wanted.keys():
        shown = name[:_LONGEST]
        found.append((f"names a role {shown}, which the form does not have", f"多出表单没有的角色“{shown}”"))
    for name in wanted.keys() & stated.keys():
        found += _role_differences(wanted[name], stated[name])
    if document.title != form.title_zh:
        title = document.title[:_LONGEST]
        found.append((f"has the title “{title}”", f"标题写作“{title}”"))
    printed = {field.name for field in form.fields if field.printed}
    if document.values.keys() - printed:
        found.append(("holds values that the form does not print", "含有表单不打印的值"))
    needed = {field.name for field in form.fields if field.printed and field.required}
    if needed - document.values.keys():
        found.append(("leaves out a value that the form requires", "缺少表单必填的值"))
    if any(_is_odd(value) for value in document.values.values()):
        found.append(("holds values with characters that nobody sees", "含有看不见的字符"))
    if document.conditions.keys() - {condition.name for condition in form.conditions}:
        found.append(("holds conditions that the form does not have", "含有表单没有的条件"))
    for text, text_zh in sorted(found):
        yield Alarm(
            ROLES_DIFFER,
            f"agreegen.json {text}: it does not agree with the released form",
            message_zh=f"agreegen.json 与已发布的表单不一致：{text_zh}",
        )


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


def _role_differences(wanted: DeclaredRole, stated: DeclaredRole) -> Iterator[tuple[str, str]]:
    name, label = wanted.id, wanted.label or wanted.id
    if wanted.order != stated.order:
        yield f"gives the role {name} another place in the order", f"角色“{label}”的签署顺序不同"
    if wanted.required != stated.required:
        was = "required" if wanted.required else "not required"
        yield f"says otherwise of the role {name}, which is {was}", f"角色“{label}”是否必须签署写得不同"
    if (wanted.holder is None) != (stated.holder is None):
        yield f"says otherwise whether the role {name} has a holder", f"角色“{label}”的签署人写得不同"


def _alias_alarms(aliases: list[HolderAlias]) -> Iterator[Alarm]:
    for alias in aliases:
        if alias.confirmed:
            continue
        yield Alarm(
            ALIAS_UNCONFIRMED,
            f"the role {alias.role} is printed for {alias.printed}, but made for a certificate of "
            f"{alias.registered}: confirm that this is the same holder",
            message_zh=f"角色“{alias.role}”打印的是{alias.printed}，证书登记名为{alias.registered}，"
            "请确认是同一签署人",
        )


def alias_remarks(aliases: tuple[HolderAlias, ...]) -> Iterator[Alarm]:
    """Yield a remark for each alias that was confirmed: it is shown in every report."""
    for alias in aliases:
        if alias.confirmed:
            yield Alarm(
                ALIAS,
                f"the role {alias.role} is printed for {alias.printed}; the certificate carries the "
                f"registered name {alias.registered}, as was confirmed",
                message_zh=f"角色“{alias.role}”打印的是{alias.printed}，证书登记名为{alias.registered}，已确认",
            )
