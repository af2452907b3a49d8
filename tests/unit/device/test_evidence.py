"""The evidence file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from agreegen.errors import InputError
from agreegen.model.document import canonical_json
from tests.unit.device.conftest import DeviceOffice


def test_it_is_written_in_one_way_and_says_everything(office: DeviceOffice) -> None:
    data = office.evidence().to_json()
    said = json.loads(data)
    assert canonical_json(said) == data
    assert set(said) == {
        *("version", "document", "role", "pages", "consent", "issued", "opened", "consented", "signed"),
        *("occasion", "address", "browser", "pointer", "witness", "strokes_sha256"),
    }


@pytest.mark.parametrize("step", ["issued", "opened", "consented"])
def test_steps_out_of_order_are_refused(office: DeviceOffice, step: str) -> None:
    moments = office.evidence().moments
    with pytest.raises(InputError, match="order"):
        replace(moments, **{step: moments.signed + timedelta(seconds=1)})


def test_a_document_of_too_many_pages_is_refused(office: DeviceOffice) -> None:
    with pytest.raises(InputError, match="bytes"):
        office.evidence(pages=("0" * 64,) * 1000).to_json()
