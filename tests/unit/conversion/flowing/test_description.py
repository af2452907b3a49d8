"""The description of a flowing form comes back as it was written; what is none is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agreegen.conversion.compiled.description import FLOWING, Description, read_description
from agreegen.conversion.flowing.description import FlowingDescription
from agreegen.errors import ConversionError

FORMS = Path(__file__).parents[4] / "forms"


@pytest.mark.parametrize("name", ["confidentiality-agreement", "data-use-agreement"])
def test_a_description_comes_back(name: str) -> None:
    data = (FORMS / name / "compiled.yaml").read_bytes()
    raw = read_description(data)
    assert raw["kind"] == FLOWING
    description = FlowingDescription.from_raw(raw)
    assert description.to_yaml() == data
    assert description.proved >= 20


def test_the_other_kind_of_compiled_form_names_no_kind() -> None:
    raw = read_description((FORMS / "personal-pledge" / "compiled.yaml").read_bytes())
    assert "kind" not in raw
    with pytest.raises(ConversionError):
        FlowingDescription.from_raw(raw)
    assert Description.from_raw(raw).bases


@pytest.mark.parametrize(
    "data", [b"", b"- 1\n", b"format: 1\n", b"format: [", b"format: 2\nengine: compiled/1\n"]
)
def test_what_is_no_description_is_refused(data: bytes) -> None:
    with pytest.raises(ConversionError):
        read_description(data)


@pytest.mark.parametrize(
    "change", [{"styles": [{"font": "x"}]}, {"blocks": [{}]}, {"proved": "many"}, {"page": 3}]
)
def test_a_part_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    raw = read_description((FORMS / "data-use-agreement" / "compiled.yaml").read_bytes())
    with pytest.raises(ConversionError):
        FlowingDescription.from_raw({**raw, **change})
