"""Words that the form prints beside a value."""

from __future__ import annotations

import pytest

from agreegen.model.complaint import Location, Severity
from agreegen.rendering.printed import check_doubling

from .conftest import packaged_form


@pytest.mark.parametrize(
    ("form_id", "name", "value", "doubled"),
    [
        ("confidentiality-agreement", "working_group_name", "数据处理工作组", "工作组"),
        ("confidentiality-agreement", "working_group_name", "数据处理", None),
        ("confidentiality-agreement", "work_description", "数据录入相关工作", "相关工作"),
        ("confidentiality-agreement", "work_description", "工作", None),
        ("confidentiality-agreement", "party_a_name", "甲方：某局", "甲方："),
        ("data-use-agreement", "data_description", "提供普查数据", "提供"),
        ("data-use-agreement", "use_purpose", "评估的相关工作", "的相关工作"),
        ("data-use-agreement", "use_purpose", "评估的", None),
        ("personal-pledge", "pledger_name", "李敏", None),
    ],
)
def test_doubled_words_are_a_warning(form_id: str, name: str, value: str, doubled: str | None) -> None:
    complaints = check_doubling(packaged_form(form_id), {name: value}, lambda field: Location(field=field))
    assert [(c.location.field, c.severity) for c in complaints] == (
        [(name, Severity.WARNING)] if doubled else []
    )
    assert all(str(c.remedy) == f"leave {doubled} out" for c in complaints)
