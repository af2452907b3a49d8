"""New ink that joins earlier ink is for a person to judge; forms that are filled in as usual are not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agreegen.verification.examination import examine
from agreegen.verification.interface import COVERS_CONTENT, UNSIGNED_CONTENT, Options
from agreegen.verification.pictures.findings import SEAL_OVER_CONTENT
from tests.attacks.ink_added import ATTACKS, HONEST


@pytest.mark.parametrize("name", ATTACKS)
def test_ink_that_joins_what_was_drawn_is_never_unaltered_unless_somebody_looked(name: str) -> None:
    data, now = ATTACKS[name](), datetime.now(UTC)
    report = examine(name, data, Options(now=now))
    assert report.unaltered is None
    (joins,) = (alarm for alarm in report.alarms if alarm.code == COVERS_CONTENT)
    assert joins.page == 1
    assert joins.picture_png is not None
    confirmed = examine(name, data, Options(now=now, seals_seen=frozenset({joins.picture_sha256 or ""})))
    assert confirmed.unaltered is True
    assert [remark.code for remark in confirmed.remarks] == [SEAL_OVER_CONTENT]
    assert UNSIGNED_CONTENT in {alarm.code for alarm in confirmed.alarms}


@pytest.mark.parametrize("name", HONEST)
def test_what_is_filled_in_as_usual_is_not_doubted(name: str) -> None:
    report = examine(name, HONEST[name](), Options(now=datetime.now(UTC)))
    assert report.unaltered is True
    assert COVERS_CONTENT not in {alarm.code for alarm in report.alarms}
