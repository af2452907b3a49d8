"""What is known of each document of a bag, kept on the disk: a bag may hold a hundred thousand."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import Self

from agreegen.register.columns import row_from_values, row_values
from agreegen.register.interface import DocumentRow


class KeptRows:
    """Documents in a temporary file without a name, which ends with this process; read again and again.

    Attributes:
        count: Number of documents.

    Raises:
        OSError: The disk is full.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - this object is its context
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._file.close()

    def add(self, row: DocumentRow) -> None:
        """Keep one more document."""
        self._file.write(json.dumps(row_values(row)).encode() + b"\n")
        self.count += 1

    def __iter__(self) -> Iterator[DocumentRow]:
        self._file.seek(0)
        for line in self._file:
            yield row_from_values(json.loads(line))
