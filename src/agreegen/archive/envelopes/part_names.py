"""Names of the parts: `FILE.p7m` alone, else `FILE.001-of-006.p7m`, so that a missing one is seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from agreegen.errors import UsageError
from agreegen.messages import message

_MOST_PARTS = 99_999
_PART = re.compile(r"(.+)\.(\d{3,5})-of-(\d{3,5})(\.[^.]*)\Z", re.DOTALL)


def part_names(output: Path, count: int) -> tuple[Path, ...]:
    """Return the names of so many parts.

    Raises:
        UsageError: There would be too many.
    """
    if count > _MOST_PARTS:
        raise UsageError(message("archive.seal-too-many", count=count))
    if count == 1:
        return (output,)
    stem, suffix = output.stem, output.suffix or ".p7m"
    return tuple(output.with_name(f"{stem}.{n:03d}-of-{count:03d}{suffix}") for n in range(1, count + 1))


def stale_parts(output: Path) -> tuple[Path, ...]:
    """Return the parts of an earlier seal of the same name, however many those were."""
    suffix = output.suffix or ".p7m"
    found = []
    for path in output.parent.iterdir() if output.parent.is_dir() else ():
        match = _PART.match(path.name)
        if path == output or (match and (match[1], match[4]) == (output.stem, suffix)):
            found.append(path)
    return tuple(sorted(found))


def all_parts(named: Sequence[Path]) -> tuple[Path, ...]:
    """Return all parts of one seal in their order: those that are named, or those beside the one that is.

    Raises:
        UsageError: One is missing, or they are of several seals.
    """
    matches = [_PART.match(path.name) for path in named]
    first = matches[0]
    if first is None:
        if len(named) > 1:
            raise UsageError(message("archive.open-one-seal"), hint=message("archive.open-one-seal.hint"))
        return tuple(named)
    count = int(first[3])
    wanted = part_names(named[0].with_name(f"{first[1]}{first[4]}"), count)
    given = {path.name: path for path in named}
    if len(named) > 1 and given.keys() != {path.name for path in wanted}:
        raise UsageError(message("archive.open-one-seal"), hint=message("archive.open-one-seal.hint"))
    parts = tuple(given.get(path.name, path) for path in wanted)
    for path in parts:
        if not path.is_file():
            raise UsageError(
                message("archive.open-part-missing", path=path), hint=message("archive.open-one-seal.hint")
            )
    return parts
