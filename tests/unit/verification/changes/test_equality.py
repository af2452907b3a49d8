"""Values of two revisions that say the same."""

from __future__ import annotations

from agreegen.pdf.document import open_file
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import Ref
from agreegen.verification.changes.equality import Equality
from tests.attacks.documents import fill, signed
from tests.attacks.increments import append, body_of, number_of, size_of


def _number(data: bytes) -> int:
    return number_of(data, b"(remark)")


def test_a_copy_under_another_number_says_the_same() -> None:
    data, free = signed(), size_of(signed())
    data = append(data, {free: body_of(data, _number(data))})
    old, new = open_file(data, Limits()).views()[-2:]
    equality = Equality(old, new, frozenset())
    assert equality.kept(Ref(_number(data), 0), Ref(free, 0))
    assert not equality.kept(Ref(_number(data), 0), Ref(1, 0))


def test_the_same_reference_is_kept_but_not_untouched() -> None:
    data = fill(signed())
    old, new = open_file(data, Limits()).views()[-2:]
    here = Ref(_number(data), 0)
    equality = Equality(old, new, frozenset({here.num}))
    assert equality.kept(here, here)
    assert not equality.untouched(here, here)
    assert Equality(old, new, frozenset()).untouched(here, here)
