"""What reading one file may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost.

    Attributes:
        timeout_s: Wall time for one file.
        memory_bytes: Address space of the process that judges it.
        max_file_bytes: Larger files are not read.
        max_objects: Objects in all revisions together.
        max_depth: Nesting of arrays and dictionaries.
        max_stream_bytes: A decompressed stream.
        max_cms_bytes: A CMS in `/Contents`.
        native: Whether libraries in C may look at the file; not where one has just failed on it.
        files_per_process: So many files are judged by one worker process, which is then replaced.
    """

    timeout_s: float = 60.0
    memory_bytes: int = 2 << 30
    max_file_bytes: int = 512 << 20
    max_objects: int = 500_000
    max_depth: int = 200
    max_stream_bytes: int = 128 << 20
    max_cms_bytes: int = 4 << 20
    native: bool = True
    files_per_process: int = 5_000
