"""Libraries that really die over a file: the process in which they open it ends by a signal, as with 134.

A module of the same name goes before the library on the path. It loads the library and lets its function that
opens files abort over those that hold certain bytes. Processes that commands start have the same path.
"""

from __future__ import annotations

import os
from pathlib import Path

_MARK = "AGREEGEN_TEST_DIES_OVER"
_MODULE = """
import os, sys
here, path = os.path.dirname(os.path.abspath(__file__)), list(sys.path)
sys.path[:] = [each for each in path if os.path.abspath(each or ".") != here]
del sys.modules[__name__]
import {library} as real
sys.path[:] = path
mark, opens = bytes.fromhex(os.environ["{mark}"]), real.{opens}

class Dying(opens if isinstance(opens, type) else object):
    def __new__(cls, source, *rest, **named):
        data = source if isinstance(source, bytes) else None
        if hasattr(source, "getvalue"):
            data = source.getvalue()
        elif data is None:
            data = open(source, "rb").read()
        if mark in data:
            os.abort()
        return super().__new__(cls) if isinstance(opens, type) else opens(source, *rest, **named)

real.{opens} = Dying
"""
LIBRARIES = {"pikepdf": "open", "pypdfium2": "PdfDocument"}
"""Each with what opens files."""


def put_before(folder: Path, library: str) -> Path:
    """Write the module; return the folder that goes before all others on the path."""
    folder.mkdir()
    text = _MODULE.format(library=library, opens=LIBRARIES[library], mark=_MARK)
    (folder / f"{library}.py").write_text(text, "utf-8")
    return folder


def environment(folder: Path, mark: bytes) -> dict[str, str]:
    """Return the environment of a command whose library dies over files that hold some bytes."""
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, _MARK: mark.hex()}
