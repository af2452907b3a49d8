"""Packed folders: what `tar` reads, and what of others' is refused."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from agreegen.archive.envelopes.problems import ContentError
from agreegen.archive.envelopes.tar_stream import extract, plan


def _packed(*members: tarfile.TarInfo, data: bytes = b"", form: int = tarfile.PAX_FORMAT) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(data) if member.size else None)
    return io.BytesIO(stream.getvalue().rstrip(b"\0").ljust(512, b"\0") + bytes(2048))


def _member(name: str, kind: bytes = tarfile.REGTYPE, **more: object) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    for key, value in more.items():
        setattr(member, key, value)
    return member


def test_a_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    long = "很长的名字" * 12
    for name, data in {"a.txt": b"", "data/b": b"x" * 512, f"data/{long}.pdf": b"y" * 1_000_001}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "a.txt").chmod(0o600)
    packing = plan({"bag": folder})
    data = b"".join(packing.stream())
    assert len(data) == packing.size
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert f"bag/data/{long}.pdf" in tar.getnames()
    (tmp_path / "out").mkdir()
    assert extract(io.BytesIO(data), tmp_path / "out") == {"bag"}
    back = tmp_path / "out/bag"
    assert {path.relative_to(back) for path in back.rglob("*")} == {
        path.relative_to(folder) for path in folder.rglob("*")
    }
    assert (back / f"data/{long}.pdf").read_bytes() == b"y" * 1_000_001
    assert (back / "a.txt").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "member",
    [
        _member("link", tarfile.SYMTYPE, linkname="/etc/passwd"),
        _member("hard", tarfile.LNKTYPE, linkname="bag"),
        _member("pipe", tarfile.FIFOTYPE),
        _member("device", tarfile.CHRTYPE),
        _member("../out", size=3),
        _member("/etc/out", size=3),
        _member("a/../../out", size=3),
        _member("hidden\u200b", size=3),
        _member("sparse", tarfile.GNUTYPE_SPARSE, size=3),
        _member("bag/new\nline", size=3),
    ],
    ids=lambda member: repr(member.name),
)
def test_what_leads_elsewhere_is_refused(tmp_path: Path, member: tarfile.TarInfo) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(ContentError):
        extract(_packed(member, data=b"abc"), tmp_path / "in")
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    once = _member("a", size=3)
    with pytest.raises((ContentError, OSError)):
        extract(_packed(once, _member("a", size=3), data=b"abc"), tmp_path)


@pytest.mark.parametrize(
    "headers",
    [
        {"path": "../out"},
        {"linkpath": "/etc"},
        {"GNU.sparse.major": "1"},
        {"comment": "hello"},
        {"path": "x" * 100_000},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_extended_headers_are_read_strictly(tmp_path: Path, headers: dict[str, str]) -> None:
    member = _member("a", size=3)
    member.pax_headers = headers
    with pytest.raises(ContentError):
        extract(_packed(member, data=b"abc"), tmp_path)


def test_what_is_cut_off_or_goes_on_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    folder.mkdir()
    (folder / "a").write_bytes(os.urandom(5_000))
    data = b"".join(plan({"bag": folder}).stream())
    for number, length in enumerate((0, 100, 512, 3_000, len(data) - 512, len(data) - 1)):
        (tmp_path / f"out{number}").mkdir()
        with pytest.raises(ContentError):
            extract(io.BytesIO(data[:length]), tmp_path / f"out{number}")
    for number, more in enumerate((b"x", bytes(100) + b"x", bytes(1 << 20), data)):
        (tmp_path / f"more{number}").mkdir()
        with pytest.raises(ContentError):
            extract(io.BytesIO(data + more), tmp_path / f"more{number}")
    (tmp_path / "filled").mkdir()
    assert extract(io.BytesIO(data + bytes(9_216)), tmp_path / "filled") == {"bag"}


def test_no_byte_behind_a_file_can_be_another(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    folder.mkdir()
    (folder / "a").write_bytes(b"\xff" * 600)
    data = bytearray(b"".join(plan({"bag": folder}).stream()))
    end = data.rindex(b"\xff") + 1
    for number, place in enumerate((end, end + 300, -(-end // 512) * 512 - 1)):
        changed = bytearray(data)
        changed[place] ^= 1
        (tmp_path / f"out{number}").mkdir()
        with pytest.raises(ContentError):
            extract(io.BytesIO(changed), tmp_path / f"out{number}")


def test_a_file_that_changes_while_it_is_packed_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    folder.mkdir()
    (folder / "a").write_bytes(b"x" * 3_000_000)
    stream = plan({"bag": folder}).stream()
    next(stream)
    (folder / "a").write_bytes(b"x" * 3)
    with pytest.raises(ContentError):
        list(stream)


def test_links_are_not_packed(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    folder.mkdir()
    (folder / "a").symlink_to("/etc/passwd")
    with pytest.raises(ContentError):
        plan({"bag": folder})
