"""One document out of a bag, with all that proves it, as a ZIP."""

from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

from agreegen.api import extract_document
from agreegen.errors import ArchiveError, InputError
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.foreign.limits import Limits
from agreegen.messages import foreign_text, message
from agreegen.web.work.archive.bag_folders import Bag
from agreegen.web.work.archive.zipping import zip_pieces

_LIMITS = Limits(memory_bytes=3 << 30, cpu_s=120, wall_s=180.0)
_MOST_ALIKE = 20


def document_like(bag: Bag, wanted: str) -> str:
    """Return the one document whose path holds a text; the path itself counts before longer ones.

    Raises:
        InputError: There is none, or several.
    """
    alike = list(itertools.islice((path for path in bag.documents() if wanted in path), _MOST_ALIKE + 1))
    if wanted in alike:
        return wanted
    if not wanted or not alike:
        raise InputError(message("web.bag.no-document", wanted=wanted))
    if len(alike) > 1:
        names = "; ".join(alike[:_MOST_ALIKE])
        raise InputError(message("web.bag.several-documents", wanted=wanted, names=names))
    return alike[0]


def extract_alone(bag: Bag, document: str) -> bytes:
    """Return a document with its evidence record, certificates and lists, as a ZIP.

    Args:
        bag: The bag; others may have made it, so that a process of its own reads it.
        document: Path of the document in it.

    Raises:
        UsageError: The bag has no such document.
        ArchiveError: The bag was never timestamped, or is damaged.
    """
    process = Confinement(_LIMITS)
    try:
        with TemporaryDirectory() as place:
            process.call(extract_document, bag.path, document, Path(place))
            files = (path for path in sorted(Path(place).rglob("*")) if path.is_file())
            return b"".join(zip_pieces((path, path.relative_to(place).as_posix()) for path in files))
    except ConfinedError as exc:
        raise ArchiveError(foreign_text(exc)) from exc
    finally:
        process.close()
