"""A file that the second parser refuses is open where anything stands behind a signature, else told of."""

from __future__ import annotations

import re

from agreegen.pdf.limits import Limits
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.documents import signed
from tests.attacks.increments import last_xref
from tests.attacks.signer import signed_again
from tests.attacks.updates import stored


def _refused() -> bytes:
    """A signed revision whose /Prev is a real number, which qpdf does not read."""
    data = signed()
    place = last_xref(data)
    return signed_again(data[:place] + re.sub(rb"/Prev (\d+)", rb"/Prev \1.0", data[place:]))


def test_refusal_is_told_where_nothing_stands_behind() -> None:
    structure = scan_structure(_refused(), Limits())
    assert [alarm.code for alarm in structure.alarms] == ["second-parser-refuses"]
    assert structure.sound is True


def test_refusal_leaves_open_what_stands_behind() -> None:
    structure = scan_structure(stored(_refused()), Limits())
    assert [alarm.code for alarm in structure.alarms] == ["second-parser-refuses"]
    assert structure.sound is None


def test_what_is_altered_anyway_is_not_asked_about() -> None:
    """A library in C dies over some broken files, and nobody signs, extends or takes in an altered one."""
    data = stored(_refused())
    entry = re.compile(rb"(\d{10}) 00000 n").search(data, last_xref(data))
    assert entry is not None
    moved = b"%010d" % (int(entry[1]) + 3)
    structure = scan_structure(data[: entry.start()] + moved + data[entry.start() + 10 :], Limits())
    assert "second-parser-refuses" not in {alarm.code for alarm in structure.alarms}
    assert structure.sound is False
