"""Debian's Chromium, started once, and a window whose requests and complaints are noted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, ViewportSize, sync_playwright

from tests.visible_text import english_sentences, visible_text
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
WIDTHS = {"wide": 1280, "tablet": 820, "phone": 390}
SERIOUS = {"serious", "critical"}
SHOTS = os.environ.get("AGREEGEN_SCREENSHOTS")
"""A folder for pictures of the pages, to be looked at."""

_NAMES_PEOPLE = ("/users", "/account", "delivery-", "desk", "sign-", "link-")
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}
_NOTE_VIOLATIONS = """
window.violations = [];
const note = (event) => window.violations.push(event.violatedDirective);
document.addEventListener("securitypolicyviolation", note);
"""


_SQUEEZED = """() => {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest(".sr, select, datalist, script")) { continue; }
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const lines = [...range.getClientRects()];
    const size = parseFloat(getComputedStyle(parent).fontSize);
    if (lines.length > 2 && Math.max(...lines.map((line) => line.width)) < 2.5 * size) {
      found.push(walker.currentNode.textContent.trim());
    }
  }
  return found;
}"""
"""Finds texts that stand in three lines or more of two characters each: Chinese breaks at every character."""


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

    def log_in(self, name: str = "officer") -> None:
        """Log in as an officer."""
        self.page.goto(f"{self._url}/login")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url("**/batches")

    def go(self, path: str) -> None:
        """Go to a page and wait until it is whole."""
        self.page.goto(self._url + path, wait_until="load")

    def close(self) -> None:
        """Close the browser's window."""
        self._context.close()


def look(watched: Watched, path: str, language: str, width: str) -> dict[str, object]:
    """Return what is wrong with the page that is shown: serious findings, reports, width, language."""
    page = watched.page
    if SHOTS:
        name = path.strip("/").replace("/", "_").partition("?")[0] or "start"
        page.screenshot(path=Path(SHOTS) / f"{name}-{language}-{width}.png", full_page=True)
    violations = page.evaluate("window.violations")
    overflowing = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    chinese = language == "zh" or not page.evaluate(
        r"/[\u4e00-\u9fff]/.test([...document.querySelectorAll('h1, h2, label, button, nav, .lead')]"
        ".filter((each) => !each.closest('[lang=\"zh-CN\"]') && !each.lang)"
        ".map((each) => each.innerText).join())"
    )
    known = "普查员承诺书" in page.inner_text("body") or path.startswith(_NAMES_PEOPLE)
    return {
        path: _axe(page),
        f"{path} policy": violations,
        f"{path} is wider than the window": overflowing,
        f"{path} has squeezed columns": page.evaluate(_SQUEEZED),
        f"{path} speaks another language": not (chinese or known),
        f"{path} has English sentences": english_sentences(visible_text(page.content()))
        if language == "zh"
        else [],
    }


def _axe(page: Page) -> list[str]:
    """Return the serious findings of axe-core; its script is run by the debugger, not by the page."""
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text()
    page.evaluate(script)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {node['html'][:160]}"
        for found in result["violations"]
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]
