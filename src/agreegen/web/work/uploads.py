"""Uploaded files, as they come and without trust in their names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from starlette.datastructures import FormData, UploadFile

_MOST_NAME_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded file.

    Attributes:
        name: The last part of its name, printable.
        file: Its content, from the start.
    """

    name: str
    file: UploadFile

    def read(self) -> bytes:
        """Return the whole content."""
        self.file.file.seek(0)
        return self.file.file.read()


def uploads_in(form: FormData, field: str) -> Iterator[Upload]:
    """Yield the files of a field that were really chosen; a browser sends an empty one for none."""
    for value in form.getlist(field):
        if isinstance(value, UploadFile) and (value.filename or value.size):
            yield Upload(plain_name(value.filename or ""), value)


def plain_name(name: str) -> str:
    """Return the last part of a file's name as the other side gave it, printable and not too long."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(character if character.isprintable() else "_" for character in last)
    return shown[-_MOST_NAME_CHARACTERS:] or "file"
