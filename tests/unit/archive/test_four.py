"""What a reader of later times must know of a PDF: what runs in it, what it lacks, what it says it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from agreegen.archive.four.inspection import inspect_pdf

Edit = Callable[[pikepdf.Pdf], None]


def _font(pdf: pikepdf.Pdf) -> None:
    font = pdf.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Courier)
    )
    pdf.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def _launch(pdf: pikepdf.Pdf) -> None:
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[0, 0, 9, 9],
        A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("x.exe")),
    )
    pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(link)])


def _named_script(pdf: pikepdf.Pdf) -> None:
    tree = pikepdf.Dictionary(Names=[pikepdf.String("a"), pikepdf.Dictionary(S=pikepdf.Name("/JavaScript"))])
    pdf.Root.Names = pikepdf.Dictionary(JavaScript=tree)


def _plain(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Array([pdf.pages[0].obj, pikepdf.Name.Fit])


def _written(path: Path, edit: Edit, **how: Any) -> Path:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    edit(pdf)
    pdf.save(path, **how)
    return path


@pytest.mark.parametrize(
    ("edit", "actions"),
    [
        (_plain, ()),
        (_script, ("JavaScript",)),
        (_named_script, ("JavaScript",)),
        (_launch, ("Launch",)),
    ],
)
@pytest.mark.parametrize("streams", [pikepdf.ObjectStreamMode.disable, pikepdf.ObjectStreamMode.generate])
def test_what_runs_is_found_wherever_it_stands(
    tmp_path: Path, edit: Edit, actions: tuple[str, ...], streams: pikepdf.ObjectStreamMode
) -> None:
    found = inspect_pdf(_written(tmp_path / "a.pdf", edit, object_stream_mode=streams))
    assert (found.problem, found.pages, found.actions) == ("", 1, actions)


def test_a_font_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert inspect_pdf(_written(tmp_path / "a.pdf", _font)).loose_fonts == ("Courier",)


def test_encryption_is_told(tmp_path: Path) -> None:
    path = _written(tmp_path / "a.pdf", _plain, encryption=pikepdf.Encryption(owner="o", user=""))
    assert inspect_pdf(path).encrypted


def test_what_does_not_open_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7 and no more")
    assert inspect_pdf(path).problem
