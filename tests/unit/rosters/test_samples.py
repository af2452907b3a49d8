"""The sample input is real input: it reads without an error, in every format to the same values."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from agreegen.forms.catalog import find_form
from agreegen.rosters.parameters import read_parameters
from agreegen.rosters.roster import open_roster

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "batch"
FORMS = ROOT / "forms"


def test_the_roster_reads_alike_from_xlsx_and_gb18030() -> None:
    form = find_form("personal-pledge", FORMS)
    rosters = [open_roster(SAMPLES / name, form) for name in ("enumerators.xlsx", "enumerators.gb18030.csv")]
    one, other = ([dict(row.values) for row in roster.rows()] for roster in rosters)
    assert one == other
    assert len(one) == 24
    names = [str(values["pledger_name"]) for values in one]
    assert names.count("张伟") == 2
    assert "阿卜杜热合曼·买买提" in names
    assert any(name.startswith("㛃") for name in names)
    assert [values["staff_no"] for values in one] == [f"HN{number:04d}" for number in range(1, 25)]
    for roster in rosters:
        assert roster.check() == [], "their ID numbers tell the two 张伟 apart"


@pytest.mark.parametrize("form_id", ["confidentiality-agreement", "data-use-agreement"])
def test_the_agreements_read(form_id: str) -> None:
    values = read_parameters(SAMPLES / f"{form_id}.yaml", find_form(form_id, FORMS))
    items = values["protected_items"]
    assert isinstance(items, tuple)
    assert 6 <= len(items) <= 8
    assert values["party_a_signing_date"] == date(2018, 5, 10)


def test_the_pledge_reads() -> None:
    values = read_parameters(SAMPLES / "pledge.yaml", find_form("personal-pledge", FORMS))
    assert values["pledge_date"] == date(2018, 5, 10)
    assert values["holds_state_secrets"] is False
