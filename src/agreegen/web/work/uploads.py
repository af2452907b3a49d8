"""Uploaded files, as they come and without trust in their names."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from starlette.datastructures import FormData, UploadFile

from agreegen.files import replacing

_ZIP = b"PK\x03\x04"
_MOST_NAME_CHARACTERS = 120
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded file.

    Attributes:
        name: The last part of its name, printable.
        file: Its content, from the start.
    """

    name: str
    file: UploadFile

    @property
    def is_zip(self) -> bool:
        """Whether it is a ZIP by name and content; a PDF is never taken for one."""
        self.file.file.seek(0)
        return self.name.lower().endswith(".zip") and self.file.file.read(len(_ZIP)) == _ZIP

    def open(self) -> BinaryIO:
        """Return the file itself, at its start."""
        self.file.file.seek(0)
        return self.file.file

    def read(self) -> bytes:
        """Return the whole content."""
        self.file.file.seek(0)
        return self.file.file.read()

    def keep_at(self, path: Path) -> None:
        """Write the content to a file of the owner's only, however large it is.

        Raises:
            OSError: It cannot be written; nothing is left behind.
        """
        with replacing(path, mode=_OWNER_ONLY) as fresh, fresh.open("wb") as target:
            shutil.copyfileobj(self.open(), target)


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
