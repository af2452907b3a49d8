"""Folders as one stream of bytes that `tar x` reads (POSIX.1-2001, pax), and back, strictly."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agreegen.archive.envelopes.problems import ContentError
from agreegen.archive.manifests import ManifestError, check_plain
from agreegen.messages import message

_RECORD = 512
_BLOCK_BYTES = 1 << 20
_MOST_PAX_BYTES = 64 << 10
_MOST_FILLING = 64 << 10
_MOST_ENTRIES = 2_000_000
_END = bytes(2 * _RECORD)
_PLAIN_FILE, _FOLDER, _PAX = (b"0", b"\0"), b"5", b"x"
_KNOWN_KEYS = frozenset({b"path", b"size", b"mtime"})


class ByteSource(Protocol):
    """Where bytes come from."""

    def read(self, count: int) -> bytes:
        """Return so many bytes, fewer only at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Packing:
    """Folders that are to be packed.

    Attributes:
        entries: Path in the tar, and the file or folder, in order.
        size: Bytes of the stream.
    """

    entries: tuple[tuple[str, Path], ...]
    size: int

    def stream(self) -> Iterator[bytes]:
        """Yield the bytes.

        Raises:
            ContentError: A file is not what it was when this was planned.
            OSError: It cannot be read.
        """
        written = 0
        for name, path in self.entries:
            for block in _entry(name, path):
                written += len(block)
                yield block
        if written + len(_END) != self.size:
            raise ContentError(message("archive.tar-changed"))
        yield _END


def plan(folders: dict[str, Path]) -> Packing:
    """List what is packed: plain files and folders below each, under its name.

    Raises:
        ContentError: There is something else.
        OSError: A folder cannot be read.
    """
    entries: list[tuple[str, Path]] = []
    for name, folder in folders.items():
        entries.append((name, folder))
        for current, below, files in os.walk(folder):
            below.sort()
            for each in sorted((*below, *files)):
                path = Path(current, each)
                entries.append((f"{name}/{path.relative_to(folder).as_posix()}", path))
    return Packing(tuple(entries), sum(_size(*entry) for entry in entries) + len(_END))


def _header(name: str, path: Path) -> tuple[bytes, int]:
    status = path.lstat()
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = stat.S_IMODE(status.st_mode) & 0o777, int(status.st_mtime)
    if stat.S_ISDIR(status.st_mode):
        info.type = tarfile.DIRTYPE
    elif stat.S_ISREG(status.st_mode):
        info.size = status.st_size
    else:
        raise ContentError(message("archive.not-plain", path=name))
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict"), info.size


def _size(name: str, path: Path) -> int:
    header, size = _header(name, path)
    return len(header) + _padded(size)


def _padded(size: int) -> int:
    return -(-size // _RECORD) * _RECORD


def _entry(name: str, path: Path) -> Iterator[bytes]:
    header, size = _header(name, path)
    yield header
    if not size:
        return
    left = size
    with path.open("rb") as file:
        while left and (block := file.read(min(left, _BLOCK_BYTES))):
            left -= len(block)
            yield block
    if left:
        raise ContentError(message("archive.tar-changed"))
    yield bytes(_padded(size) - size)


def extract(source: ByteSource, target: Path) -> frozenset[str]:
    """Write the files of a stream below a new folder, and read it to its end; return the names at its top.

    1. Only plain files and folders; no links, devices, sparse files or unknown headers.
    2. Every path is plain, stands once, and its folder came before.
    3. What fills a record behind a file is zeros.
    4. The stream ends with the end mark and nothing behind it but what fills a block of `tar`.

    Raises:
        ContentError: It does not.
        OSError: The folder cannot be written.
    """
    tops: set[str] = set()
    for _ in range(_MOST_ENTRIES):
        head = _exactly(source, _RECORD)
        if head == bytes(_RECORD):
            _require_end(source)
            return frozenset(tops)
        name = _unpack(source, head, target)
        tops.add(name.partition("/")[0])
    raise ContentError(message("archive.tar-too-many"))


def _require_end(source: ByteSource) -> None:
    rest = _exactly(source, _RECORD)
    while len(rest) <= _MOST_FILLING and (block := source.read(_MOST_FILLING)):
        rest += block
    if rest.strip(b"\0") or len(rest) > _MOST_FILLING:
        raise ContentError(message("archive.tar-more"))


def _unpack(source: ByteSource, head: bytes, target: Path) -> str:
    info = _parse(head)
    name, size = info.name, info.size
    if info.type == _PAX:
        known = _read_pax(_body(source, info.size))
        info = _parse(_exactly(source, _RECORD))
        name = known.get(b"path", info.name.encode("utf-8", "surrogateescape")).decode("utf-8", "strict")
        size = int(known.get(b"size", str(info.size).encode()))
    name = name.removesuffix("/")
    try:
        check_plain(name)
    except ManifestError as exc:
        raise ContentError(message("archive.cannot-stand-bag", path=ascii(name), exc=exc)) from exc
    path, mode = target / name, info.mode & 0o777
    if info.type == _FOLDER and size == 0:
        path.mkdir(mode=0o700)
        path.chmod(mode | 0o700)
    elif info.type in _PLAIN_FILE and size >= 0:
        _write(source, path, size, mode)
    else:
        raise ContentError(message("archive.not-plain", path=name))
    return name


def _parse(head: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError as exc:
        raise ContentError(message("archive.tar-unreadable")) from exc


def _read_pax(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    while data:
        length, space, _ = data.partition(b" ")
        if not space or not length.isdigit() or not len(length) + 1 < int(length) <= len(data):
            raise ContentError(message("archive.tar-unreadable"))
        key, equals, value = data[len(length) + 1 : int(length) - 1].partition(b"=")
        if not equals or key not in _KNOWN_KEYS or key in found or b"\0" in value:
            raise ContentError(message("archive.tar-unreadable"))
        found[key] = value
        data = data[int(length) :]
    return found


def _body(source: ByteSource, size: int) -> bytes:
    if not 0 < size <= _MOST_PAX_BYTES:
        raise ContentError(message("archive.tar-unreadable"))
    data = _exactly(source, size)
    _skip_padding(source, size)
    return data


def _skip_padding(source: ByteSource, size: int) -> None:
    """Read what fills the last record of a file: zeros, so that no byte of a stream can be another one."""
    if _exactly(source, _padded(size) - size).strip(b"\0"):
        raise ContentError(message("archive.tar-unreadable"))


def _write(source: ByteSource, path: Path, size: int, mode: int) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
        left = size
        while left:
            block = source.read(min(left, _BLOCK_BYTES))
            if not block:
                raise ContentError(message("archive.tar-cut-off"))
            file.write(block)
            left -= len(block)
        _skip_padding(source, size)
        os.fchmod(file.fileno(), mode | 0o400)


def _exactly(source: ByteSource, count: int) -> bytes:
    parts: list[bytes] = []
    while count and (block := source.read(count)):
        parts.append(block)
        count -= len(block)
    if count:
        raise ContentError(message("archive.tar-cut-off"))
    return b"".join(parts)
