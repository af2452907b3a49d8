"""Whether a finished file is what was registered: quickly for every run, to the last byte when asked."""

from __future__ import annotations

import os
from pathlib import Path

from agreegen.files import sha256_of_file
from agreegen.messages import Message, message
from agreegen.register.interface import DocumentRow

_FIRST, _LAST, _LAST_WITHIN = b"%PDF-", b"%%EOF", 1_024


def find_damage(path: Path, row: DocumentRow, *, whole: bool) -> Message | None:
    """Say what is wrong with a finished file, or None.

    1. It is there, a plain file.
    2. Its size is the registered one, where the register knows it.
    3. It begins and ends as a PDF does: power cuts leave empty ends and files of zeros.
    4. With `whole`, its SHA-256 is the registered one.

    Args:
        path: The file.
        row: What the register knows of it.
        whole: Whether every byte is read.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            first = file.read(len(_FIRST))
            file.seek(max(0, size - _LAST_WITHIN))
            last = file.read()
        if row.size is not None and size != row.size:
            return message("batch.has-bytes-were-registered", size=size, size2=row.size)
        if first != _FIRST or _LAST not in last:
            return message("batch.does-not-begin-end-pdf-does")
        if whole and sha256_of_file(path) != row.sha256:
            return message("batch.its-sha-256-not-registered-one")
    except FileNotFoundError:
        return message("batch.gone")
    except OSError as exc:
        return message("batch.cannot-read-2", exc=exc)
    return None
