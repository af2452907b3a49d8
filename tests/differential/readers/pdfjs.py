"""pdf.js in Debian's Chromium: text, annotations and the drawn page."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.differential.readers.process import ANSWER_S
from tests.differential.readers.shots import SCALE, ReaderDiedError, Shot

_PAGE = Path(__file__).with_name("pdfjs_page.js")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    "--allow-file-access-from-files", "--remote-debugging-pipe",
)  # fmt: skip
_MOST_FILES = 2000
"""After so many files the browser is started anew, lest it grow."""


class _Browser:
    """A Chromium that is told what to do over a pair of pipes (DevTools protocol)."""

    def __init__(self, home: Path) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        command = ["chromium", *_FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        shell = f'exec 3<&{to_read} 4>&{to_write}; exec "$@"'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", shell, "bash", *command],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._count, self._rest = 0, b""
        page = home / "empty.html"
        page.write_text("<!doctype html><meta charset=utf-8>", encoding="utf-8")
        target = self._call("Target.createTarget", {"url": page.as_uri()})["targetId"]
        self._session = ""
        self._session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})[
            "sessionId"
        ]
        self._await_page(page.as_uri())
        self.evaluate(_PAGE.read_text(encoding="utf-8").replace("HOME", home.as_uri()))

    def _await_page(self, address: str) -> None:
        """Wait until the empty page stands there: what is told before is lost with the page before it."""
        for _ in range(200):
            with contextlib.suppress(ReaderDiedError):
                if self.evaluate("document.readyState + location.href") == f"complete{address}":
                    return
            time.sleep(0.05)
        raise ReaderDiedError("the browser does not open a page")

    def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if getattr(self, "_session", ""):
            message["sessionId"] = self._session
        watch = threading.Timer(ANSWER_S, self._process.kill)
        watch.start()
        try:
            self._send(json.dumps(message).encode() + b"\0")
            while True:
                answer = json.loads(self._receive())
                if answer.get("id") == self._count:
                    break
        except (OSError, EOFError) as problem:
            raise ReaderDiedError("the browser ended") from problem
        finally:
            watch.cancel()
        if "error" in answer:
            raise ReaderDiedError(f"the browser says {answer['error']}")
        return dict(answer["result"])

    def _send(self, message: bytes) -> None:
        while message:
            message = message[os.write(self._write, message) :]

    def _receive(self) -> bytes:
        while b"\0" not in self._rest:
            more = os.read(self._read, 1 << 20)
            if not more:
                raise EOFError
            self._rest += more
        line, self._rest = self._rest.split(b"\0", 1)
        return line

    def evaluate(self, expression: str) -> Any:
        """Run an expression in the page, wait for its promise and return its value."""
        wanted = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self._call("Runtime.evaluate", wanted)
        if "exceptionDetails" in answer:
            raise ReaderDiedError(json.dumps(answer["exceptionDetails"])[:400])
        return answer["result"].get("value")

    def close(self) -> None:
        """End the browser."""
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()


class PdfJs:
    """pdf.js from a folder with its package, in a browser that is started again when it dies.

    Args:
        home: The unpacked package `pdfjs-dist`.
    """

    name = "pdfjs"

    def __init__(self, home: Path) -> None:
        self._home = home
        self._browser: _Browser | None = None
        self._files = 0

    def show(self, data: bytes) -> dict[str, Shot]:
        """Return the view `pdfjs`: the drawn pages, text and annotations."""
        if self._browser is None or self._files >= _MOST_FILES:
            self.close()
            self._browser, self._files = _Browser(self._home), 0
        self._files += 1
        text = base64.b64encode(data).decode()
        try:
            answer = self._browser.evaluate(f"show('{text}', {SCALE})")
        except ReaderDiedError:
            self.close()
            raise
        found = json.loads(answer)
        if "problem" in found:
            return {"pdfjs": Shot(problem=found["problem"])}
        pictures = tuple(
            np.frombuffer(base64.b64decode(page["picture"]), np.uint8).reshape(
                page["height"], page["width"], 4
            )
            for page in found["pages"]
        )
        words = tuple((page, text, (box[0], box[1], box[2], box[3])) for page, text, box in found["words"])
        return {"pdfjs": Shot(pictures, words)}

    def close(self) -> None:
        """End the browser."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None
