"""A person's way through signing, and the answers about files: looked at in both languages and widths."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from agreegen.api import create_bag, load_credential
from agreegen.api.devices import office_tls
from agreegen.clock import read_clock
from tests.attacks.documents import annotate, signed
from tests.browser.support import CHROMIUM, LANGUAGES, WIDTHS, Watched, look
from tests.integration.device_support import DeviceOffice, device_office, make_office

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeviceOffice]:
    """Serve an office whose people sign on a tablet."""
    folder = tmp_path_factory.mktemp("signing")
    with device_office(make_office(folder), folder / "served") as served:
        office_tls(served.web.office.home.authority, "office", {"localhost"}, now=read_clock())
        yield served


def see(watched: Watched, name: str, language: str, problems: dict[str, object]) -> None:
    """Look at the page that is shown, in both widths."""
    for width, pixels in WIDTHS.items():
        watched.page.set_viewport_size({"width": pixels, "height": 900})
        found = look(watched, name, language, width)
        problems |= {f"{what} {language} {width}": each for what, each in found.items() if each}
    watched.page.set_viewport_size({"width": 820, "height": 1000})


def write(watched: Watched) -> None:
    """Write something that could be a name, with the mouse."""
    page, pad = watched.page, watched.page.locator("#pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    for n in range(40):
        page.mouse.move(box["x"] + 60 + 8 * n, box["y"] + 90 + 50 * math.sin(n / 4))
    page.mouse.up()


def read(watched: Watched) -> None:
    """Scroll through all pages."""
    page = watched.page
    for _ in range(200):
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(50)
        if not page.evaluate("document.getElementById('agreed').disabled"):
            return
    raise AssertionError("the pages were never read")


@pytest.mark.parametrize(("language", "person"), [("zh", "HN0001"), ("en", "HN0003")])
def test_every_page_of_signing(browser: Browser, office: DeviceOffice, language: str, person: str) -> None:
    """At the desk and by a link: chosen, read, agreed, signed, received; refused and unknown."""
    problems: dict[str, object] = {}
    watched = Watched(browser, office.web.url, language, 820)
    page = watched.page
    try:
        watched.log_in()
        watched.go("/desk")
        see(watched, "desk", language, problems)
        name = {"HN0001": "张伟", "HN0003": "欧阳晓云"}[person]
        page.click(f'tr:has-text("{name}") button')
        page.wait_for_selector("main form button")
        see(watched, "sign-who", language, problems)
        page.click("main form button")
        page.wait_for_selector(".leaf img")
        see(watched, "sign-read", language, problems)
        read(watched)
        page.check("#agreed")
        page.click("#go-on")
        page.wait_for_selector("#pad", state="visible")
        write(watched)
        see(watched, "sign-pad", language, problems)
        page.evaluate("document.getElementById('clear').click()")
        write(watched)
        page.click("#done")
        page.wait_for_url("**/done", timeout=60_000)
        see(watched, "sign-done", language, problems)
        used = page.url.removesuffix("/done").removeprefix(office.web.url)
        link = office.link("HN0004")
        for path, shot in ((link, "link-check"), (f"/s/{'x' * 43}", "link-unknown"), (used, "link-used")):
            watched.go(path)
            see(watched, shot, language, problems)
        watched.go("/desk")
        see(watched, "desk-after", language, problems)
        watched.go("/tls")
        assert page.query_selector("a[href$='office-root.crt']") is not None
        see(watched, "tls", language, problems)
    finally:
        watched.close()
    assert problems == {}
    assert watched.foreign == []


def files_to_drop(office: DeviceOffice, folder: Path) -> list[Path]:
    """Write files of every kind of answer."""
    data, certified = office.file("HN0002").read_bytes(), signed()
    made = {"open.pdf": data, "nothing.pdf": b"nothing", "stranger.pdf": certified}
    made |= {
        "altered.pdf": data.replace(b"2026", b"2027", 1),
        "noted.pdf": annotate(certified, (60, 600, 400, 740)),
    }
    for name, each in made.items():
        (folder / name).write_bytes(each)
    seal = load_credential(office.web.office.home.credentials / "archive-seal.yaml")
    create_bag(office.folder.output, folder / "bag", seal)
    seal.close()
    with zipfile.ZipFile(folder / "bag.zip", "w") as archive:
        for path in (folder / "bag").rglob("*"):
            archive.write(path, path.relative_to(folder))
    return [*(folder / name for name in made), folder / "bag.zip"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_about_files_and_bags(
    browser: Browser, office: DeviceOffice, tmp_path: Path, language: str
) -> None:
    """Open, unreadable, a stranger's, altered, noted after signing with pages before and after; a bag."""
    problems: dict[str, object] = {}
    with ThreadPoolExecutor(1) as apart:  # this thread has the event loop of playwright
        paths = apart.submit(files_to_drop, office, tmp_path).result()
    watched = Watched(browser, office.web.url, language, 1280)
    page = watched.page
    try:
        watched.go("/")
        page.set_input_files("#file", paths)
        page.click("#drop button:not(#report)")
        page.wait_for_selector(f"#answers article:nth-of-type({len(paths)})", timeout=60_000)
        assert page.query_selector("#answers .pair img") is not None, "pages before and after"
        see(watched, "answers", language, problems)
        *files, bag = paths
        for chosen in (files, [bag]):
            page.set_input_files("#file", chosen)
            with page.expect_download() as download:
                page.click("#report")
            kept = Path(download.value.path()).read_text(encoding="utf-8")
            names = [path.name for path in files] if chosen is files else ["DA/T 70-2018"]
            assert all(name in kept for name in names), "the report to keep tells of every file"
    finally:
        watched.close()
    assert problems == {}
    assert watched.foreign == []
