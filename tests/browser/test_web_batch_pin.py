"""A batch that signs with a PIN, in Chromium: each state of its page, in both languages and all widths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from playwright.sync_api import Browser

from agreegen.clock import read_clock
from agreegen.demo.paper import draw_scans
from agreegen.demo.run import invented_roster
from agreegen.example_pki.maker import make_example_pki
from agreegen.web.sample_office import fill_from_demo
from agreegen.web.work.batch_folder import BatchFolder
from tests.archive_office import ask_for_pin
from tests.browser.support import CHROMIUM, LANGUAGES, WIDTHS, Watched, look
from tests.web_office import WebOffice, serving

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.timeout(600),
]
LONG_MS = 120_000
SEAL = "unit-seal"
_OPEN = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
PIN = f'input[name="secret passphrase of {SEAL}"]'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an office where two people decide on each page, and everything is signed with one seal."""
    folder = tmp_path_factory.mktemp("office")
    make_example_pki(folder / "pki", now=read_clock(), key_bits=2048)
    fill_from_demo(folder / "home", folder / "pki")
    settings = yaml.safe_load((folder / "home" / "office.yaml").read_text("utf-8"))
    settings |= {"register_credential": f"credentials/{SEAL}.yaml", "four_eyes": True}
    (folder / "home" / "office.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    return folder / "home"


@pytest.fixture(scope="module")
def web(home: Path) -> Iterator[WebOffice]:
    """Serve it."""
    with serving(home) as office:
        yield office


class Walk:
    """An officer with a PIN, and what is wrong with the pages that she sees.

    Attributes:
        watched: Her window.
        problems: What was wrong, by page.
    """

    def __init__(self, browser: Browser, web: WebOffice) -> None:
        self.watched = Watched(browser, web.url, "zh", 1280)
        self.problems: dict[str, object] = {}
        self.watched.log_in()

    def see(self, name: str) -> None:
        """Look at the page that is shown, which names people as a desk does; go on in Chinese, wide."""
        path = urlsplit(self.watched.page.url).path
        for width, pixels in WIDTHS.items():
            for language in LANGUAGES:
                self.watched.page.set_viewport_size({"width": pixels, "height": 900})
                self.watched.go(f"{path}?lang={language}")
                found = look(
                    self.watched, f"desk-{name}", language, width
                )  # it names people, as the desk does
                self.problems |= {f"{what} {language} {width}": each for what, each in found.items() if each}
        self.watched.page.set_viewport_size({"width": 1280, "height": 900})
        self.watched.go(f"{path}?lang=zh")

    def send(self, form: str, secret: str) -> None:
        """Type a PIN into a form, send it, and wait until what it began has ended."""
        page = self.watched.page
        page.fill(f"{form} {PIN}", secret)
        with page.expect_navigation(timeout=LONG_MS):
            page.click(f"{form} button")
        for working in ("[data-reload]", "#run"):
            page.wait_for_selector(working, state="detached", timeout=LONG_MS)


def test_a_batch_that_asks_for_its_pin(browser: Browser, web: WebOffice, home: Path, tmp_path: Path) -> None:
    """Made after a wrong PIN, printed, its scans read; no address holds the PIN, and nothing keeps it."""
    pin = ask_for_pin(home, SEAL)
    walk = Walk(browser, web)
    page, asked = walk.watched.page, []
    page.on("request", lambda request: asked.append(request.url))
    try:
        (tmp_path / "people.csv").write_bytes(invented_roster(3).encode("utf-8-sig"))
        page.set_input_files("#roster", tmp_path / "people.csv")
        page.click("#new button")
        page.wait_for_selector(f'form[action$="/run"] {PIN}', timeout=LONG_MS)
        batch = urlsplit(page.url).path.rpartition("/")[2]
        walk.see("batch-asks")
        walk.send('form[action$="/run"]', "not the PIN")
        page.wait_for_selector(".head .status.doubt", timeout=LONG_MS)
        assert str(home) not in page.inner_text("main"), "places of the server mean nothing to an officer"
        walk.see("batch-wrong-pin")
        walk.send('form[action$="/run"]', pin)
        page.wait_for_selector(".head .status.good", timeout=LONG_MS)
        walk.see("batch-made-with-pin")
        walk.send('form[action$="/print"]', pin)
        folder = BatchFolder(home / "batches" / batch)
        printed = json.loads(folder.printing.output.read_bytes())["documents"]
        draw_scans(folder.print_file, [(each["page"], []) for each in printed], tmp_path / "scans.pdf")
        walk.watched.go(f"/scans/{batch}")
        page.set_input_files("#scans", tmp_path / "scans.pdf")
        walk.send("#drop", pin)
        page.wait_for_selector("#decide", timeout=LONG_MS)
        walk.see("scans-with-pin")
    finally:
        walk.watched.close()
    assert walk.problems == {}
    assert walk.watched.foreign == []
    assert [url for url in asked if pin in url] == []
    assert [path for path in home.rglob("*") if path.is_file() and pin.encode() in path.read_bytes()] == []
