"""Manifests and tag files of BagIt (RFC 8493, 2.1 to 2.2): one writer, one strict reader. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from agreegen.messages import Message, message

BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
"""The bag declaration, byte for byte (RFC 8493, 2.1.1)."""

_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+(\S.*)\Z")
_ESCAPES = {"%": "%25", "\n": "%0A", "\r": "%0D"}
_ESCAPED = re.compile(r"%(.{0,2})", re.DOTALL)
_WINDOWS = re.compile(r"[A-Za-z]:")


class ManifestError(ValueError):
    """A line or a path of a manifest that no honest writer writes."""


def manifest_lines(hashes: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """Yield the lines of a manifest (RFC 8493, 2.1.3).

    Args:
        hashes: Path from the top of the bag, with forward slashes, and lower-case hex SHA-256; sorted.
    """
    for path, sha256 in hashes:
        yield f"{sha256}  {encode_path(path)}\n".encode()


def encode_path(path: str) -> str:
    """Percent-encode LF, CR and the percent sign, and nothing else (RFC 8493, 2.1.3)."""
    return "".join(_ESCAPES.get(character, character) for character in path)


def decode_path(text: str) -> str:
    """Read a path of a manifest.

    Raises:
        ManifestError: Any other escape than those of LF, CR and percent, or a path that is not plain.
    """

    def character(match: re.Match[str]) -> str:
        found = {"0A": "\n", "0D": "\r", "25": "%"}.get(match[1].upper())
        if found is None:
            raise ManifestError(message("archive.encodes-character-manifests-do-not-encode", match=match[1]))
        return found

    path = _ESCAPED.sub(character, text)
    check_plain(path)
    return path


def check_plain(path: str) -> None:
    """Refuse a path that could mean another place or that looks like another one.

    Raises:
        ManifestError: It is absolute, has empty, `.` or `..` parts, a backslash, a drive, `~`, a control
            character, or a character that shows as nothing.
    """
    parts = path.split("/")
    if not path or path.startswith(("/", "~")) or _WINDOWS.match(path):
        raise ManifestError(message("archive.path-leads-out-bag"))
    if any(part in {"", ".", ".."} for part in parts):
        raise ManifestError(message("archive.path-has-empty-or-part"))
    if "\\" in path:
        raise ManifestError(message("archive.path-has-backslash"))
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} for character in path):
        raise ManifestError(message("archive.path-has-character-cannot-seen"))
    if any(part != part.strip() for part in parts):
        raise ManifestError(message("archive.part-path-begins-or-ends-space"))


def parse_manifest(data: bytes) -> tuple[dict[str, str], list[Message]]:
    """Read a manifest.

    Returns:
        Path → lower-case hex SHA-256, and the problems, one sentence each.
    """
    found: dict[str, str] = {}
    folded: dict[str, str] = {}
    problems: list[Message] = []
    try:
        text = data.decode("utf-8", errors="strict")
    except UnicodeDecodeError:
        return {}, [message("archive.not-utf-8")]
    if text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}"):
        problems.append(message("archive.begins-byte-order-mark"))
    for number, line in enumerate(text.replace("\r\n", "\n").removesuffix("\n").split("\n"), 1):
        if not text:
            break
        try:
            path, digest = _parse_line(line)
            _refuse_double(path, found, folded)
        except ManifestError as exc:
            problems.append(message("archive.line", number=number, cause=exc))
        else:
            found[path] = digest
            folded[fold(path)] = path
    return found, problems


def _parse_line(line: str) -> tuple[str, str]:
    match = _LINE.match(line)
    if match is None:
        raise ManifestError(message("archive.not-sha-256-path"))
    return decode_path(match[2]), match[1].lower()


def _refuse_double(path: str, found: Mapping[str, str], folded: Mapping[str, str]) -> None:
    if path in found:
        raise ManifestError(message("archive.stands-twice", path=path))
    if fold(path) in folded:
        raise ManifestError(message("archive.one-name-on-some-systems", path=path, folded=folded[fold(path)]))


def fold(path: str) -> str:
    """Return what two names have in common that some file system takes for one."""
    return unicodedata.normalize("NFC", path).casefold()


def format_info(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the bytes of `bag-info.txt` (RFC 8493, 2.2.2)."""
    return "".join(f"{label}: {' '.join(value.split())}\n" for label, value in pairs).encode()


def parse_info(data: bytes) -> list[tuple[str, str]]:
    """Read `bag-info.txt`, with folded lines.

    Raises:
        ManifestError: It is not UTF-8, or a line has no label.
    """
    try:
        text = data.decode("utf-8", errors="strict")
    except UnicodeDecodeError as exc:
        raise ManifestError(message("archive.not-utf-8")) from exc
    pairs: list[tuple[str, str]] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if line[:1] in {" ", "\t"} and pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {line.strip()}")
        elif line:
            label, colon, value = line.partition(":")
            if not colon or not label.strip():
                raise ManifestError(message("archive.line-has-no-label", line=line[:40]))
            pairs.append((label.strip(), value.strip()))
    return pairs


def folder_depth(path: str) -> int:
    """Return how many folders a path goes down."""
    return len(PurePosixPath(path).parts) - 1
