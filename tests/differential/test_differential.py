"""Every variant of the canonical form is shown alike by four readers; the run finds what it should."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.attacks import canonical_honest
from tests.attacks.canonical_honest import FORMS
from tests.attacks.documents import FORGED_TEXT, certified, content_number, signed
from tests.attacks.increments import append, body_of, stream
from tests.differential.bases import Base, load_bases
from tests.differential.generator import Sample, sample
from tests.differential.judging import Panel
from tests.differential.numbering import CATALOG, FONT, PAGE
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bases of a run, made once."""
    found = tmp_path_factory.mktemp("bases")
    load_bases(found)
    return found


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


def test_numbers_name_files(folder: Path, panel: Panel) -> None:
    """File K of a seed is always the same, and what is unaltered among the first looks unaltered."""
    bases = load_bases(folder)
    assert bases == load_bases(folder)
    made = [sample(7, index, bases) for index in range(40)]
    assert made == [sample(7, index, bases) for index in range(40)]
    outcomes = [panel.judge(one) for one in made]
    assert [outcome.problems for outcome in outcomes if outcome.problems] == []
    assert {outcome.unaltered for outcome in outcomes} >= {True, False}


def test_parts_of_own_documents_have_the_known_numbers(folder: Path) -> None:
    """What an operation writes lands in the object that it saw, and every object has one number only."""
    own = [base for base in load_bases(folder) if base.numbering is not None]
    assert len(own) >= 4
    for base in own:
        numbering = base.numbering
        assert numbering is not None
        listing = numbering.listing(base.data)
        shown = [int(number) for number in re.findall(rb"(?m)^(\d+) 0 obj$", listing)]
        assert len(shown) == len(set(shown))
        assert b"/Type /Catalog" in body_of(listing, CATALOG)
        assert b"/Type /Page " in body_of(listing, PAGE) + b" "
        assert b"/Type/Font" in body_of(listing, FONT)
        written = numbering.own_objects({number: body_of(listing, number) for number in shown})
        assert written == {number: body_of(base.data, number) for number in written}
