"""A form of one's own, begun as a copy of another one."""

from __future__ import annotations

import re
from pathlib import Path

from agreegen.errors import InputError, UsageError
from agreegen.files import write_atomically
from agreegen.messages import message
from agreegen.model.form import Form

_FORM_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
_FIRST_VERSION = "0.1"
_NEXT_STEPS = """\
# 本表单由 {source} 复制而来，尚未发布。接下来：
#   1. 用 Word、WPS 或 LibreOffice 修改 template.docx 的文字；{{{{ 字段名 }}}} 处填入内容。
#   2. 在本文件中修改标题、字段和签名角色；每个键的含义见 docs/forms.md。
#   3. 运行 agreegen forms check {folder}，直到没有错误；再生成一份看一看。
# This form was copied from {source} and is not released yet. What is next:
#   1. Edit the text in template.docx; {{{{ field }}}} is where a value goes.
#   2. Edit title, fields and roles here; docs/forms.md explains every key.
#   3. Run agreegen forms check {folder} until it is content, then make one document and look at it.
"""


def start_form(source: Form, form_id: str, folder: Path) -> Path:
    """Copy a form's template and description under a new id; compiled pages and releases stay behind.

    Args:
        source: The form to begin with.
        form_id: The new form's id, which becomes its folder's name.
        folder: Folder of forms in which it is made.

    Returns:
        The new form's folder.

    Raises:
        UsageError: The id is no folder name, or there is such a form already.
        InputError: The description does not state its id and version in the usual way.
    """
    if not _FORM_ID.match(form_id):
        raise UsageError(
            message("forms.no-id-form", form_id=form_id),
            hint=message("forms.use-lower-case-letters-digits-such"),
        )
    target = folder / form_id
    if target.exists():
        raise UsageError(
            message("forms.already", target=target), hint=message("forms.choose-another-id-or-another-o")
        )
    text = (source.directory / "form.yaml").read_text("utf-8")
    for key, value in (("id", form_id), ("version", f'"{_FIRST_VERSION}"')):
        text, count = re.subn(rf"^{key}:.*$", f"{key}: {value}", text, count=1, flags=re.MULTILINE)
        if not count:
            raise InputError(
                message(
                    "forms.does-not-begin-line-its-own", directory=source.directory / "form.yaml", key=key
                )
            )
    steps = _NEXT_STEPS.format(source=f"{source.id} {source.version}", folder=target)
    write_atomically(target / "form.yaml", (steps + text).encode())
    write_atomically(target / "template.docx", source.template.read_bytes())
    return target
