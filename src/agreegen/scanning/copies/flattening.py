"""Documents that are not plain, as those that came back may be, laid flat in a process with limits.

Libraries in C++ open them there; what they make of them is plain, and read without a library.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeVar

from agreegen.errors import InputError
from agreegen.foreign.confinement import ConfinedError, Runaway, shared
from agreegen.foreign.limits import Limits
from agreegen.messages import message

T = TypeVar("T")


def flattened(data: bytes) -> bytes:
    """Return the pages of a PDF as they look on paper, as a plain PDF of nothing else.

    Raises:
        InputError: See `call_confined`.
    """
    return call_confined(_flatten, data)


def call_confined(function: Callable[[bytes], T], data: bytes) -> T:
    """Call a function that opens a document with libraries in a process with limits.

    Args:
        function: Importable by name.
        data: The document.

    Raises:
        InputError: It cannot be opened, takes more than a file may, or a library dies over it, twice.
    """
    process = shared(Limits())
    try:
        try:
            return process.call(function, data)
        except ConfinedError as exc:
            if exc.why is not Runaway.DIED:
                raise
            # What ended the process may have been something else than this document.
            return process.call(function, data)
    except ConfinedError as exc:
        raise InputError(message("scanning.document-cannot-be-opened", why=exc)) from exc


def _flatten(data: bytes) -> bytes:
    """Lay it flat, in the confined process."""
    import pikepdf  # noqa: PLC0415 - after the limits

    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as source, pikepdf.new() as target:
        source.flatten_annotations("print")
        target.pages.extend(source.pages)
        for page in target.pages:
            for key in ("/Annots", "/B", "/StructParents"):
                if key in page.obj:
                    del page.obj[key]
        target.save(
            made,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
        )
    return made.getvalue()
