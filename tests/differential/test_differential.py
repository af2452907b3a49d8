"""Every variant of the canonical form is shown alike by four readers; the run finds what it should."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.attacks import canonical_honest
from tests.attacks.canonical_honest import FORMS
from tests.attacks.documents import FORGED_TEXT, certified, content_number, signed
from tests.attacks.increments import append, stream
from tests.differential.bases import Base, load_bases
from tests.differential.generator import Sample, sample
from tests.differential.judging import Panel
from tests.differential.pdfjs_package import cached_package

_BINDINGS = (
    "import gi; gi.require_version('Poppler', '0.18'); from gi.repository import Poppler; import cairo"
)
_VARIANTS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    **{name: (certified if "certified" in name else signed, make) for name, make in FORMS.items()},
    "length of its own": (signed, canonical_honest.form_of_length),
    "packed": (signed, canonical_honest.everything_packed),
    "spare stream": (signed, canonical_honest.spare_section_stream),
}


def _has_bindings() -> bool:
    python = Path("/usr/bin/python3")
    if not python.exists() or shutil.which("mutool") is None or shutil.which("stdbuf") is None:
        return False
    return subprocess.run([python, "-c", _BINDINGS], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _has_bindings(), reason="needs mutool and poppler's bindings")


@pytest.fixture(scope="module")
def panel() -> Iterator[Panel]:
    """The readers; pdf.js where `make differential` has fetched it and a browser is there."""
    package = cached_package() if shutil.which("chromium") else None
    found = Panel(package, datetime.now(UTC))
    yield found
    found.close()


@pytest.mark.parametrize("name", sorted(_VARIANTS))
def test_variant_is_shown_alike(name: str, panel: Panel) -> None:
    before, make = _VARIANTS[name]
    base = Base(before.__name__, before(), len(before()))
    outcome = panel.judge(Sample(0, base, make(), (), (), (name,)))
    assert outcome.unaltered
    assert outcome.problems == {}


def test_readers_would_notice(panel: Panel) -> None:
    """Forged text is another picture to all of them; only `verify` is asked first."""
    data = append(signed(), {content_number(signed()): stream(FORGED_TEXT)})
    made = Sample(0, Base("signed", signed(), len(signed())), data, (), (), ("forged",))
    assert {"pdfium", "pdfium-print", "pdfium-progressive", "poppler", "mupdf"} <= dict(
        panel.differences(made)
    ).keys()


def test_numbers_name_files(tmp_path: Path, panel: Panel) -> None:
    """File K of a seed is always the same, and what is unaltered among the first looks unaltered."""
    bases = load_bases(tmp_path)
    assert bases == load_bases(tmp_path)
    made = [sample(7, index, bases) for index in range(40)]
    assert made == [sample(7, index, bases) for index in range(40)]
    outcomes = [panel.judge(one) for one in made]
    assert [outcome.problems for outcome in outcomes if outcome.problems] == []
    assert {outcome.unaltered for outcome in outcomes} >= {True, False}
