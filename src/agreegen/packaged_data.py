"""Where the packaged forms and sample data lie: inside an installed package, or in the source tree."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from agreegen.errors import MissingProgramError
from agreegen.messages import message

_PACKAGE = Path(__file__).resolve().parent


@cache
def data_folder(name: str) -> Path:
    """Return the folder `forms` or `batch` that belongs to this copy of agreegen; looked for once a process.

    Raises:
        MissingProgramError: The installation is incomplete.
    """
    for folder in (_PACKAGE.parent.parent / name, _PACKAGE / "packaged" / name):
        if folder.is_dir() and (_PACKAGE.parent.name == "src" or "packaged" in folder.parts):
            return folder
    raise MissingProgramError(
        message("packaged_data.packaged-folder-not", name=name),
        hint=message("packaged_data.install-agreegen-again"),
    )


def samples_folder() -> Path:
    """Return the folder with the sample rosters, jobs and parameter files."""
    return data_folder("batch")
