"""ZIPs that are made as they are sent."""

from __future__ import annotations

import io
import os
import re
import subprocess
import zipfile
from pathlib import Path

from agreegen.web.work.archive.bag_folders import Bag, BagPlace
from agreegen.web.work.archive.zipping import bag_files, zip_pieces

_LARGE_MIB, _MOST_MIB = 400, 24


def peak_kb() -> int:
    """Return how much memory this process has taken at most since it was last asked to forget."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]


def test_a_zip_is_what_other_programs_unpack(tmp_path: Path) -> None:
    """Empty files, names that are not ASCII, days that ZIPs do not know."""
    files = {"甲/乙.txt": b"hello", "empty": b"", "data/one.pdf": bytes(3 << 20)}
    for name, data in files.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    os.utime(tmp_path / "in" / "empty", (0, 0))
    whole = b"".join(zip_pieces((tmp_path / "in" / name, name) for name in files))
    (tmp_path / "a.zip").write_bytes(whole)
    assert {e: zipfile.ZipFile(io.BytesIO(whole)).read(e) for e in files} == files
    subprocess.run(["unzip", "-tqq", tmp_path / "a.zip"], check=True)


def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    """Of 400 MiB a piece at a time."""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(_LARGE_MIB << 20)
    Path("/proc/self/clear_refs").write_text("5")
    before, size = peak_kb(), 0
    for piece in zip_pieces([(tmp_path / "large", "large")]):
        size += len(piece)
    assert size > _LARGE_MIB << 20
    assert peak_kb() - before < _MOST_MIB << 10


def test_links_do_not_lead_out_of_a_bag(tmp_path: Path) -> None:
    """A bag from elsewhere is given with its own files only, and with the list beside it."""
    for name in ("bag/bagit.txt", "bag.transfer/list.json", "bag.destroyed/order.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "secret").write_text("key")
    (tmp_path / "bag" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "bag" / "folder").symlink_to(tmp_path)
    place = BagPlace("b1", "b1", tmp_path, tmp_path / "acts", None, None, "/archive")
    assert [name for _, name in bag_files(Bag(place, "bag"))] == ["bag/bagit.txt", "bag.transfer/list.json"]
