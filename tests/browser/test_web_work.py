"""The officer's work in a real Chromium: roster, print, scans, review, coverage; an agreement and back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser

from agreegen.clock import read_clock
from agreegen.demo.paper import draw_scans
from agreegen.example_pki.maker import make_example_pki
from agreegen.packaged_data import samples_folder
from agreegen.scanning.comparing.references import signature_boxes
from agreegen.scanning.copies.stamp import Box
from agreegen.web.home import Home
from agreegen.web.sample_office import fill_from_demo
from agreegen.web.work.batch_folder import BatchFolder
from tests.browser.support import CHROMIUM, Watched
from tests.web_office import WebOffice, serving

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.timeout(900),
]
LONG_MS = 240_000
NOT_SIGNED = (3, 5)
"""Numbers, from 0, of the sheets that nobody signed: they are left for the officer."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make throw-away keys for both parties."""
    folder = tmp_path_factory.mktemp("pki") / "pki"
    make_example_pki(folder, now=read_clock(), key_bits=2048)
    return folder


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Iterator[WebOffice]:
    """Serve an office that has credentials."""
    home = tmp_path_factory.mktemp("office") / "home"
    fill_from_demo(home, pki)
    with serving(home) as office:
        yield office


def test_from_roster_to_full_coverage(browser: Browser, web: WebOffice, tmp_path: Path) -> None:
    """Every sheet is signed with a pen but two, which the officer decides on by keyboard."""
    watched = Watched(browser, web.url, "zh", 1280)
    page = watched.page
    try:
        watched.log_in()
        page.set_input_files("#roster", samples_folder() / "enumerators.xlsx")
        page.click("#new button")
        page.click('form[action$="/run"] button', timeout=LONG_MS)
        page.wait_for_selector(".head .status.good", timeout=LONG_MS)
        batch = page.url.rpartition("/")[2].partition("#")[0]
        page.click('form[action$="/print"] button')
        with page.expect_download(timeout=LONG_MS) as download:
            page.click('a[href$="/print.pdf"]', timeout=LONG_MS)
        download.value.save_as(tmp_path / "print.pdf")
        folder = BatchFolder(Home(web.office.home.folder).batches / batch)
        draw_scans(tmp_path / "print.pdf", places_to_sign(folder), tmp_path / "scans.pdf")
        watched.go(f"/scans/{batch}")
        page.set_input_files("#scans", tmp_path / "scans.pdf")
        page.click("#drop button")
        page.wait_for_selector("#decide", timeout=LONG_MS)
        page.click("#matched summary")
        rows = page.locator("#matched tbody tr")
        assert rows.count() == len(places_to_sign(folder)), "every page, with whom it was matched"
        assert page.locator("#matched tbody .status.good").count() == rows.count() - len(NOT_SIGNED)
        first = page.get_attribute("#decide input[name=page]", "value")
        with page.expect_navigation():
            page.keyboard.press("ArrowRight")
        assert page.get_attribute("#decide input[name=page]", "value") != first, "put off, not decided"
        for left in (1, 0):
            with page.expect_navigation():
                page.keyboard.press("y")
            assert page.locator("#decide").count() == left
        page.click('form[action$="/record"] button')
        page.wait_for_selector("[data-reload]", state="detached", timeout=LONG_MS)
        watched.go(f"/coverage?batch={batch}&state=all")
        page.wait_for_selector(".note.good", timeout=LONG_MS)
        assert page.inner_text(".figure b") == "100%"
        assert watched.foreign == []
    finally:
        watched.close()


def places_to_sign(folder: BatchFolder) -> list[tuple[int, list[Box]]]:
    """Return where people sign on each sheet; nobody on two of them."""
    printed = json.loads(folder.printing.output.read_bytes())["documents"]
    some = next((folder.output / "documents").rglob("*.pdf"))
    place = signature_boxes(some.read_bytes())["pledger"][1]
    return [(each["page"], [] if number in NOT_SIGNED else [place]) for number, each in enumerate(printed)]


@pytest.mark.libreoffice
def test_an_agreement_goes_to_the_other_party_and_comes_back(
    browser: Browser, web: WebOffice, pki: Path, tmp_path: Path
) -> None:
    """Filled in, signed twice here, twice there; what is another document is refused."""
    values = yaml.safe_load((samples_folder() / "confidentiality-agreement.yaml").read_text("utf-8"))
    watched = Watched(browser, web.url, "zh", 1280)
    page = watched.page
    try:
        watched.log_in()
        watched.go("/agreements/new/confidentiality-agreement")
        page.click("form.card button")
        page.wait_for_selector(".field.wrong")
        for name, value in values.items():
            page.fill(f"#{name}", "\n".join(value) if isinstance(value, list) else str(value))
        page.click("form.card button", timeout=LONG_MS)
        for credential in ("party-a-seal.yaml", "party-a-representative.yaml"):
            page.select_option("#credential", credential, timeout=LONG_MS)
            with page.expect_navigation(timeout=LONG_MS):
                page.click('form[action$="/sign"] button')
        with page.expect_download() as download:
            page.click('a[href$="/file.pdf"]')
        download.value.save_as(tmp_path / "sent.pdf")
        (tmp_path / "back.pdf").write_bytes(signed_there((tmp_path / "sent.pdf").read_bytes(), pki))
        page.set_input_files("#file", tmp_path / "back.pdf")
        page.click('form[action$="/returned"] button', timeout=LONG_MS)
        page.wait_for_selector(".note.good", timeout=LONG_MS)
        assert len(page.query_selector_all("main .status.good")) == 4
        (tmp_path / "other.pdf").write_bytes(b"%PDF-1.7 another")
        page.set_input_files("#file", tmp_path / "other.pdf")
        page.click('form[action$="/returned"] button')
        page.wait_for_selector(".note.bad", timeout=LONG_MS)
        assert watched.foreign == []
    finally:
        watched.close()


def signed_there(pdf: bytes, pki: Path) -> bytes:
    """Sign as the other party does, at its own place; apart from this thread, which has an event loop."""
    command = [sys.executable, "-m", "agreegen", "sign"]
    source = pki / "sent.pdf"
    source.write_bytes(pdf)
    for name in ("party-b-seal", "party-b-representative"):
        target = pki / f"{name}.pdf"
        credential = f"--credential={pki / 'credentials' / name}.yaml"
        subprocess.run(
            [*command, str(source), "-o", str(target), credential], check=True, capture_output=True
        )
        source = target
    return source.read_bytes()
