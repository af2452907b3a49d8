"""Debian's Chromium, started once, and a window whose requests and complaints are noted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Request, ViewportSize, sync_playwright

from tests.web_office import PASSWORD

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}
_NOTE_VIOLATIONS = """
window.violations = [];
const note = (event) => window.violations.push(event.violatedDirective);
document.addEventListener("securitypolicyviolation", note);
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """A page whose requests and complaints are noted.

    Attributes:
        page: The page.
        foreign: Requests that left the origin.
        complaints: What the console said.
    """

    def __init__(self, browser: Browser, url: str, language: str, width: int) -> None:
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        viewport = ViewportSize(width=width, height=900)
        self._context = browser.new_context(locale=LANGUAGES[language], viewport=viewport)
        self._context.add_init_script(_NOTE_VIOLATIONS)
        self.page: Page = self._context.new_page()
        self._url = url
        self.page.on("request", self._note)
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, request: Request) -> None:
        url = request.url
        if not url.startswith((self._url, "blob:", "data:")):
            self.foreign.append(url)

    def log_in(self) -> None:
        """Log in as the officer."""
        self.page.goto(f"{self._url}/login")
        self.page.fill("#name", "officer")
        self.page.fill("#password", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url("**/batches")

    def go(self, path: str) -> None:
        """Go to a page and wait until it is whole."""
        self.page.goto(self._url + path, wait_until="load")

    def close(self) -> None:
        """Close the browser's window."""
        self._context.close()
