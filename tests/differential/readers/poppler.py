"""poppler by its GLib interface, in a process of Debian's Python."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from tests.differential.readers.process import LineProcess
from tests.differential.readers.shots import SCALE, Picture, Shot

_SCRIPT = Path(__file__).with_name("poppler_server.py")
_PYTHON = "/usr/bin/python3"


class Poppler:
    """One process that reads file after file."""

    name = "poppler"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="poppler-")
        self._process = LineProcess((_PYTHON, str(_SCRIPT), self._folder.name, str(SCALE)))

    def show(self, data: bytes) -> dict[str, Shot]:
        """Return the views `poppler` and `poppler-print`."""
        folder = Path(self._folder.name)
        file = folder / "file.pdf"
        file.write_bytes(data)
        answer = self._process.ask(str(file)).split()
        if not answer or answer[0] != "pages":
            nothing = Shot(problem=" ".join(answer))
            return {"poppler": nothing, "poppler-print": nothing}
        held = (folder / "pictures").read_bytes()
        found: dict[str, list[Picture]] = {"poppler": [], "poppler-print": []}
        start = 0
        for size in answer[1:]:
            width, height = (int(part) for part in size.split("x"))
            for view in found.values():
                picture = np.frombuffer(held, np.uint8, width * height * 4, start)
                view.append(picture.reshape(height, width, 4))
                start += width * height * 4
        return {name: Shot(tuple(view)) for name, view in found.items()}

    def close(self) -> None:
        """End the process and remove its folder."""
        self._process.close()
        self._folder.cleanup()
