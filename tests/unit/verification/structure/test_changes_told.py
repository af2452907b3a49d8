"""Of very many findings a report tells some, and how many others there are."""

from __future__ import annotations

from agreegen.pdf.limits import Limits
from agreegen.verification.structure.changes import MAX_TOLD
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.documents import in_catalog, signed


def test_five_thousand_changes_are_not_told_one_by_one() -> None:
    hostile = in_catalog(signed(), b" ".join(b"/Key%d true" % number for number in range(5_000)))
    structure = scan_structure(hostile, Limits())
    told = [alarm.message for alarm in structure.alarms if alarm.code == "forbidden-change"]
    assert structure.sound is False
    assert len(told) == MAX_TOLD + 1
    assert str(told[-1]) == f"after signing, {5_000 - MAX_TOLD} further things were changed"
