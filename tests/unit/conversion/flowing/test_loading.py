"""Loading a form whose text flows: its base holds the colour profile, or it is refused."""

from __future__ import annotations

import io
import shutil
import zlib
from pathlib import Path

import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.flowing.engine import FlowingForm
from agreegen.conversion.flowing.loading import read_profile
from agreegen.conversion.interface import StaleCompiledForm
from agreegen.errors import ConversionError
from agreegen.forms.description import load_form

FOLDER = Path(__file__).parents[4] / "forms" / "data-use-agreement"


def base(*, packed: bool = True, intents: bool = True) -> bytes:
    """A base with an output intent."""
    target = io.BytesIO()
    with Pdf.new() as pdf:
        pdf.add_blank_page()
        profile = pdf.make_stream(b"profile")
        profile.N = 3
        if packed:
            profile.write(zlib.compress(b"profile"), filter=Name.FlateDecode)
        intent = Dictionary(Type=Name.OutputIntent, DestOutputProfile=profile)
        pdf.Root.OutputIntents = Array([intent] if intents else [])
        pdf.save(target, compress_streams=False)
    return target.getvalue()


def test_a_profile_is_taken_as_it_is_stored() -> None:
    profile = read_profile(base())
    assert zlib.decompress(profile.data) == b"profile"
    assert profile.entries == b"/N 3/Filter/FlateDecode"


@pytest.mark.parametrize("data", [b"no PDF", base(packed=False), base(intents=False)])
def test_what_holds_none_is_no_base(data: bytes) -> None:
    with pytest.raises(ConversionError, match="not the base of a compiled form"):
        read_profile(data)


def test_the_kind_of_a_description_says_who_loads_it(tmp_path: Path) -> None:
    assert isinstance(load_compiled_form(load_form(FOLDER)), FlowingForm)
    copy = shutil.copytree(FOLDER, tmp_path / FOLDER.name)
    path = copy / "compiled.yaml"
    path.write_text(path.read_text("utf-8").replace("kind: flowing", "kind: another"), "utf-8")
    with pytest.raises(StaleCompiledForm, match=r"compiled\.yaml") as caught:
        load_compiled_form(load_form(copy))
    assert "agreegen forms compile data-use-agreement" in str(caught.value.hint)


def test_a_form_that_was_not_compiled_has_none(tmp_path: Path) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / FOLDER.name, ignore=shutil.ignore_patterns("compiled*"))
    assert load_compiled_form(load_form(copy)) is None
