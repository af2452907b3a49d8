"""MuPDF by Debian's `mutool run`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tests.differential.readers.process import LineProcess
from tests.differential.readers.shots import Shot

_SCRIPT = Path(__file__).with_name("mupdf_server.js")


class MuPdf:
    """One `mutool` process that reads file after file."""

    name = "mupdf"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mupdf-")
        self._process = LineProcess(("stdbuf", "-oL", "mutool", "run", str(_SCRIPT), self._folder.name))

    def show(self, data: bytes) -> dict[str, Shot]:
        """Return the view `mupdf`, as on screen."""
        folder = Path(self._folder.name)
        file = folder / "file.pdf"
        file.write_bytes(data)
        answer = self._process.ask(str(file))
        if not answer.startswith("pages "):
            return {"mupdf": Shot(problem=answer)}
        pictures = []
        for number in range(int(answer.split()[1])):
            with Image.open(folder / f"page-{number}.png") as picture:
                pictures.append(np.array(picture.convert("RGB")))
        return {"mupdf": Shot(tuple(pictures))}

    def close(self) -> None:
        """End the process and remove its folder."""
        self._process.close()
        self._folder.cleanup()
