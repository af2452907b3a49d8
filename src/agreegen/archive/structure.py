"""The files of a bag against its manifests (RFC 8493, 3), stricter than the standard where it leaves room."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreegen.archive.evidence.store import is_evidence_file
from agreegen.archive.interface import (
    PAYLOAD_MANIFEST,
    SIGNATURE_NAME,
    TAG_MANIFEST,
    TOKEN_LABEL,
    TOKEN_NAME,
    BagLimits,
    BagProblem,
)
from agreegen.archive.manifests import (
    BAGIT_TXT,
    ManifestError,
    check_plain,
    fold,
    folder_depth,
    parse_info,
    parse_manifest,
)
from agreegen.errors import ArchiveError, UsageError
from agreegen.files import sha256_of_file
from agreegen.messages import foreign_text, message

_REQUIRED_TAGS = ("bagit.txt", "bag-info.txt", PAYLOAD_MANIFEST)
_UNLISTED = frozenset({TAG_MANIFEST, SIGNATURE_NAME, TOKEN_NAME})
_MOST_OF_A_KIND, _MOST_ABSENT = 1_000, 100_000
_MAX_INFO_BYTES = 1 << 20
"""A description is some lines; every line of it costs many times its size in memory."""
_OXUM = re.compile(r"(\d+)\.(\d+)\Z")


@dataclass(frozen=True, slots=True)
class BagContents:
    """The files of a bag after the comparison with its manifests.

    Attributes:
        payload: Payload path → SHA-256 as listed.
        right_payload: Those of them whose hash was right.
        tag_manifest: The bytes of the tag manifest, None where it cannot be read.
        problems: Everything that is wrong.
    """

    payload: dict[str, str]
    right_payload: dict[str, str]
    tag_manifest: bytes | None
    problems: tuple[BagProblem, ...]

    @property
    def right(self) -> int:
        """Number of payload files whose hash was right."""
        return len(self.right_payload)


def refuse_inside_bag(folder: Path) -> None:
    """Refuse to write into a bag: files that no manifest lists would spoil it.

    Raises:
        UsageError: The folder is a bag, or lies in one.
    """
    place = folder.resolve()
    for above in (place, *place.parents):
        if (above / "bagit.txt").is_file():
            raise UsageError(
                message("archive.extract-into-bag", folder=folder, bag=above),
                hint=message("archive.choose-another-folder"),
            )


def require_whole(bag: Path) -> BagContents:
    """Return what a bag holds, where every file is as its manifests say.

    Raises:
        ArchiveError: It is not; the first problem is named.
    """
    contents = check_structure(bag, BagLimits())
    if contents.problems:
        raise ArchiveError(
            message("archive.not-whole", bag=bag, problem=contents.problems[0]),
            hint=message("archive.run-agreegen-archive-verify"),
        )
    return contents


def check_structure(bag: Path, limits: BagLimits) -> BagContents:
    """Compare a bag's files with its manifests.

    1. What lies there: only plain files and folders, within the limits.
    2. The declaration, byte for byte.
    3. Both manifests: well-formed, no name twice; `data/` in one, tags in the other.
    4. Every file is listed (but the tag manifest itself, its signature and its token), and nothing else is
       listed; `fetch.txt` is refused: what is not in the bag cannot be judged offline.
    5. Every hash.
    6. Payload-Oxum.

    What the caller still owes: the signature and the token over the tag manifest.
    """
    sizes, problems = _list_files(bag, limits)
    if any(problem.code == "limit" for problem in problems):
        return BagContents({}, {}, None, tuple(problems))
    if "fetch.txt" in sizes:
        problems.append(
            BagProblem("fetch", "fetch.txt", message("archive.files-fetched-from-elsewhere-not-accepted"))
        )
    problems += _declaration_problems(bag, sizes)
    payload = _read_manifest(bag, PAYLOAD_MANIFEST, sizes, problems)
    tags = _read_manifest(bag, TAG_MANIFEST, sizes, problems)
    problems += _listing_problems(payload, tags, sizes)
    wrong = list(_hash_problems(bag, {**payload, **tags}, sizes))
    problems += wrong
    problems += _info_problems(bag, sizes)
    data = (bag / TAG_MANIFEST).read_bytes() if TAG_MANIFEST in sizes else None
    bad = {problem.path for problem in wrong}
    right = {path: digest for path, digest in payload.items() if path not in bad}
    return BagContents(payload, right, data, _bounded(problems))


def _bounded(problems: list[BagProblem]) -> tuple[BagProblem, ...]:
    """Keep the first problems of each kind: a hostile manifest names millions of files that are not there."""
    kept: list[BagProblem] = []
    counts = Counter[str]()
    for problem in problems:
        counts[problem.code] += 1
        if counts[problem.code] <= _MOST_OF_A_KIND:
            kept.append(problem)
    for code, count in counts.items():
        if count > _MOST_OF_A_KIND:
            kept.append(BagProblem(code, "", message("archive.more-kind", count=count - _MOST_OF_A_KIND)))
    return tuple(kept)


def _list_files(bag: Path, limits: BagLimits) -> tuple[dict[str, int], list[BagProblem]]:
    sizes: dict[str, int] = {}
    problems: list[BagProblem] = []
    total = 0
    for path, status in _walk(bag, limits.max_depth):
        reason = _reason_against(path, status, limits)
        if reason is not None:
            problems.append(reason)
            continue
        sizes[path] = status.st_size
        total += status.st_size
        if len(sizes) > limits.max_files or total > limits.max_total_bytes:
            problems.append(BagProblem("limit", "", message("archive.bag-larger-than-limits-allow")))
            break
    names: dict[str, str] = {}
    for path in sizes:
        if names.setdefault(fold(path), path) != path:
            problems.append(
                BagProblem(
                    "path", path, message("archive.one-name-on-some-systems-2", names=names[fold(path)])
                )
            )
    return sizes, problems


def _walk(bag: Path, max_depth: int) -> Iterator[tuple[str, os.stat_result]]:
    """Give every file, and every folder that lies too deep to be looked into."""
    pending = [""]
    while pending:
        current = pending.pop()
        with os.scandir(bag / current) as entries:
            for entry in sorted(entries, key=lambda item: item.name):
                path = f"{current}/{entry.name}" if current else entry.name
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) and folder_depth(path) < max_depth:
                    pending.append(path)
                else:
                    yield path, status


def _reason_against(path: str, status: os.stat_result, limits: BagLimits) -> BagProblem | None:
    if stat.S_ISDIR(status.st_mode):
        return BagProblem("limit", path[:80], message("archive.folder-lies-deeper-than-limits-allow"))
    if not stat.S_ISREG(status.st_mode):
        return BagProblem("link", _printable(path), message("archive.links-special-files-not-accepted-bag"))
    try:
        check_plain(path)
        path.encode()
    except (ManifestError, UnicodeEncodeError) as exc:
        return BagProblem("path", _printable(path), foreign_text(exc))
    if len(path) > limits.max_path_chars or folder_depth(path) > limits.max_depth:
        return BagProblem("limit", path[:80], message("archive.path-longer-or-deeper-than-limits"))
    most = limits.max_file_bytes if path.startswith("data/") else limits.max_tag_bytes
    if status.st_size > most:
        return BagProblem("limit", path, message("archive.file-larger-than-limits-allow"))
    return None


def _declaration_problems(bag: Path, sizes: dict[str, int]) -> Iterator[BagProblem]:
    if "bagit.txt" not in sizes:
        yield BagProblem("missing", "bagit.txt", message("archive.bag-declaration-missing-not-bag"))
    elif sizes["bagit.txt"] > 1_000 or (bag / "bagit.txt").read_bytes() != BAGIT_TXT:
        yield BagProblem("declaration", "bagit.txt", message("archive.does-not-declare-bagit-1-0"))


def _read_manifest(bag: Path, name: str, sizes: dict[str, int], problems: list[BagProblem]) -> dict[str, str]:
    if name not in sizes:
        problems.append(BagProblem("missing", name, message("archive.manifest-missing")))
        return {}
    data = (bag / name).read_bytes()
    if data.count(b"\n") > len(sizes) + _MOST_ABSENT:
        # A folder may be lost; millions of names that never were there are made to cost memory and time.
        problems.append(
            BagProblem("manifest", name, message("archive.lists-more-files-than", count=len(sizes)))
        )
        return {}
    listed, wrong = parse_manifest(data)
    problems += [BagProblem("manifest", name, message) for message in wrong]
    inside = name == PAYLOAD_MANIFEST
    for path in [path for path in listed if path.startswith("data/") is not inside]:
        problems.append(BagProblem("manifest", name, message("archive.does-not-belong-manifest", path=path)))
        del listed[path]
    return listed


def _listing_problems(
    payload: dict[str, str], tags: dict[str, str], sizes: dict[str, int]
) -> Iterator[BagProblem]:
    if not payload:
        yield BagProblem("missing", PAYLOAD_MANIFEST, message("archive.no-payload-listed"))
    for name in _REQUIRED_TAGS:
        if name not in tags:
            yield BagProblem("unlisted", name, message("archive.does-not-list", tag_manifest=TAG_MANIFEST))
    for path in sorted(sizes.keys() - payload.keys() - tags.keys() - _UNLISTED - set(_REQUIRED_TAGS)):
        if is_evidence_file(path):
            continue
        yield BagProblem("unlisted", path, message("archive.no-manifest-lists-file"))
    for path in sorted(tags.keys() & _UNLISTED):
        yield BagProblem("manifest", TAG_MANIFEST, message("archive.cannot-listed", path=path))


def _hash_problems(bag: Path, listed: dict[str, str], sizes: dict[str, int]) -> Iterator[BagProblem]:
    for path, digest in sorted(listed.items()):
        if path not in sizes:
            yield BagProblem("missing", path, message("archive.manifest-lists-but-not"))
            continue
        try:
            found = sha256_of_file(bag / path)
        except OSError as exc:
            yield BagProblem("unreadable", path, message("archive.cannot-read-2", exc=exc))
            continue
        if found != digest:
            yield BagProblem("changed", path, message("archive.its-sha-256-not-one-listed"))


def _info_problems(bag: Path, sizes: dict[str, int]) -> Iterator[BagProblem]:
    name = "bag-info.txt"
    if name not in sizes:
        yield BagProblem("missing", name, message("archive.bag-description-missing"))
        return
    if sizes[name] > _MAX_INFO_BYTES:
        yield BagProblem(
            "limit", name, message("archive.larger-than-mib", max_info_bytes=_MAX_INFO_BYTES >> 20)
        )
        return
    try:
        info = parse_info((bag / name).read_bytes())
    except ManifestError as exc:
        yield BagProblem("bag-info", name, foreign_text(exc))
        return
    if TOKEN_NAME not in sizes and any(label.lower() == TOKEN_LABEL.lower() for label, _ in info):
        yield BagProblem("missing", TOKEN_NAME, message("archive.names-token-but-not", name=name))
    values = [value for label, value in info if label.lower() == "payload-oxum"]
    found = [size for path, size in sizes.items() if path.startswith("data/")]
    match = _OXUM.match(values[0]) if len(values) == 1 else None
    if match is None or (int(match[1]), int(match[2])) != (sum(found), len(found)):
        yield BagProblem(
            "oxum", name, message("archive.payload-oxum-not", found=sum(found), count=len(found))
        )


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()
