"""Inputs: counted and read page by page, whatever one of the pages is."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from agreegen.errors import InputError
from agreegen.recording.scan_inputs import expand, open_source


def _tiff(path: Path, count: int, *, big: bool = False) -> Path:
    pages = [Image.new("L", (200, 300), 40 * number) for number in range(count)]
    pages[0].save(path, save_all=True, append_images=pages[1:], dpi=(200, 200), big_tiff=big)
    return path


@pytest.mark.parametrize("big", [False, True])
def test_pages_of_a_tiff(tmp_path: Path, big: bool) -> None:
    source = open_source(_tiff(tmp_path / "a.tif", 4, big=big))
    assert source.count == 4
    assert source.grey(3).getpixel((5, 5)) == 80


def test_one_page_that_cannot_be_read_loses_no_other(tmp_path: Path) -> None:
    path = _tiff(tmp_path / "a.tif", 3)
    data = path.read_bytes()
    first = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[first : first + 2], "little")
    link = first + 2 + 12 * entries
    second = int.from_bytes(data[link : link + 4], "little")
    broken = bytearray(data)
    for entry in range(second + 2, second + 2 + 12 * int.from_bytes(data[second : second + 2], "little"), 12):
        if int.from_bytes(data[entry : entry + 2], "little") == 258:  # BitsPerSample
            broken[entry + 8 : entry + 10] = (13).to_bytes(2, "little")
    path.write_bytes(bytes(broken))
    source = open_source(path)
    assert source.count == 3
    with pytest.raises(SyntaxError):
        source.grey(2)
    assert source.grey(3).size == (200, 300)


def test_a_tiff_that_goes_in_circles_is_refused(tmp_path: Path) -> None:
    path = _tiff(tmp_path / "a.tif", 1)
    data = bytearray(path.read_bytes())
    first = int.from_bytes(data[4:8], "little")
    link = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    data[link : link + 4] = data[4:8]
    path.write_bytes(bytes(data))
    with pytest.raises(InputError):
        open_source(path)


def test_split_pages_are_turned_and_have_their_size(tmp_path: Path) -> None:
    (tmp_path / "out.pdf").write_bytes(open_source(_tiff(tmp_path / "a.tif", 2)).split(2, 1, 100.0))
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        assert [float(edge) for edge in pdf.pages[0].mediabox] == [0, 0, 216, 144]


def test_folders_are_searched(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("deep/b.PNG", "a.jpeg", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in expand([tmp_path])] == ["a.jpeg", "b.PNG"]
    with pytest.raises(InputError, match="not there"):
        expand([tmp_path / "none"])
