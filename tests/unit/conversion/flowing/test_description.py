"""The description of a flowing form comes back as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.conversion.flowing.description import FlowingDescription

FORMS = Path(__file__).parents[4] / "forms"


@pytest.mark.parametrize("name", ["confidentiality-agreement", "data-use-agreement"])
def test_a_description_comes_back(name: str) -> None:
    data = (FORMS / name / "compiled.yaml").read_bytes()
    description = FlowingDescription.from_yaml(data)
    assert description is not None
    assert description.to_yaml() == data
    assert description.proved >= 20


def test_the_other_kind_of_compiled_form_is_none() -> None:
    data = (FORMS / "personal-pledge" / "compiled.yaml").read_bytes()
    assert FlowingDescription.from_yaml(data) is None
