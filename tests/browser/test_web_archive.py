"""A bag's whole life in a real Chromium: each page looked at in both languages and widths as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from agreegen.web.store.users import Role
from tests.archive_office import PIN, RECIPIENT, ArchiveOffice, archive_office
from tests.browser.support import CHROMIUM, LANGUAGES, WIDTHS, Watched, look
from tests.integration.test_web_batches import wait
from tests.web_office import WebOffice

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.timeout(900),
]
LONG_MS = 120_000


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveOffice]:
    """Serve an office with two officers, three documents and a ledger."""
    with archive_office(tmp_path_factory.mktemp("office")) as office:
        office.make_batch()
        office.web.visit(Role.OFFICER).post("/ledger")
        wait(office.web.office.home.ledger.is_file)
        yield office


class Walk:
    """Two officers at their browsers, and what is wrong with the pages that they see.

    Attributes:
        officer: The first one.
        second: The other one.
        problems: What was wrong, by page.
    """

    def __init__(self, browser: Browser, web: WebOffice, files: Path) -> None:
        self.officer = Watched(browser, web.url, "zh", 1280)
        self.second = Watched(browser, web.url, "zh", 1280)
        self.problems: dict[str, object] = {}
        self._web, self._files = web, files
        self.batch = web.office.batches.all()[0].id
        self._bag = f"/archive/{self.batch}/bags/bag-01"
        self.officer.log_in()
        self.second.log_in("second")

    def see(self, watched: Watched, path: str, name: str) -> None:
        """Look at a page in both languages and widths; then go on in Chinese, wide."""
        for width, pixels in WIDTHS.items():
            for language in LANGUAGES:
                watched.page.set_viewport_size({"width": pixels, "height": 900})
                watched.go(f"{path}?lang={language}")
                found = look(watched, name, language, width)
                self.problems |= {f"{what} {language} {width}": each for what, each in found.items() if each}
        watched.page.set_viewport_size({"width": 1280, "height": 900})
        watched.go(path)

    def press(self, button: str, shown: str, watched: Watched | None = None) -> None:
        """Press a button and wait until its command has ended and something is shown."""
        page = (watched or self.officer).page
        with page.expect_navigation():
            page.click(button)
        page.wait_for_selector("[data-reload]", state="detached", timeout=LONG_MS)
        page.wait_for_selector(shown, timeout=LONG_MS)

    def save(self, link: str) -> Path:
        """Press what downloads a file, and keep it."""
        with self.officer.page.expect_download() as download:
            self.officer.page.click(link)
        path = self._files / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def keep(self) -> None:
        """Write the bag, have it timestamped and renewed, take one document out of it."""
        page = self.officer.page
        self.officer.go(f"/archive/{self.batch}")
        self.press('form[action$="/bags"] button', "a[href$='/bags/bag-01']")
        self.see(self.officer, self._bag, "bag-new")
        self.press('form[action$="/stamp"] button', "#proof .note.good")
        self.press('form[action$="/stamp"] button', "#proof .note.good")
        page.fill("#document", ".pdf")
        page.click("#extract button")
        page.wait_for_selector(".note.bad")  # there are three
        self.see(self.officer, self._bag, "bag-stamped")
        documents = self._web.office.home.batches / self.batch / "output" / "documents"
        name = next(documents.rglob("*.pdf")).stem
        page.fill("#document", name)
        assert self.save("#extract button").name == f"{name}.zip"

    def send(self, recipient: bytes) -> Path:
        """Hand the bag over: its list signed, both encrypted; return what goes to the other office."""
        (self._files / "recipient.pem").write_bytes(recipient)
        page = self.officer.page
        page.fill("#receiver", "豫州市档案馆")
        self.press("#hand-over button", "a[href$='transfer-list.xlsx']")
        page.set_input_files("#recipients", self._files / "recipient.pem")
        self.press("#seal button", "a[href$='.p7m']")
        self.see(self.officer, self._bag, "bag-sealed")
        return self.save("a[href$='.p7m']")

    def receive(self, sealed: Path) -> None:
        """Take it in as the other office does: decrypted with a PIN, checked against its list."""
        page = self.officer.page
        self.see(self.officer, "/archive/received", "received-none")
        page.set_input_files("#files", sealed)
        self.press("#new button", "#open")
        delivery = urlsplit(page.url).path
        page.select_option("#open-credential", RECIPIENT)
        self.press("#open button", ".note.bad")
        self.see(self.officer, delivery, "delivery-without-pin")
        page.select_option("#open-credential", RECIPIENT)
        page.fill("#open-pin", PIN)
        self.press("#open button", "#receive")
        self.press("#receive button", ".verdict.good")
        self.see(self.officer, delivery, "delivery-received")
        self.see(self.officer, "/archive/received", "received")

    def propose(self) -> None:
        """Propose that the bag be destroyed, with a dry run."""
        page = self.officer.page
        page.fill("#witness", "王五")
        page.fill("#reason", "保管期满")
        page.check('#destruction input[name="early"]')
        self.press("#destruction button", "#destruction h3")

    def destroy(self) -> None:
        """Propose it, withdraw, propose again; the other officer approves what the dry run shows."""
        self.officer.go(self._bag)
        self.propose()
        self.press('form[action$="/withdraw"] button', "#witness")
        self.propose()
        self.see(self.officer, self._bag, "destruction-proposed")
        assert self.officer.page.query_selector("#destroy-credential") is None, "who proposes cannot approve"
        self.see(self.second, self._bag, "destruction-approving")
        self.second.page.check('#destruction input[name="agreed"]')
        self.press("#destruction button.danger", "a[href$='completion.json']", self.second)
        self.see(self.second, self._bag, "bag-destroyed")
        self.see(self.second, "/archive", "archive-of-all")

    def look_at_the_ledger(self) -> None:
        """Make one entry, and see that the destruction was entered."""
        page = self.officer.page
        self.officer.go("/ledger/acts")
        page.click("#add summary")
        page.fill("#add-item", "A-001")
        page.fill("#add-title", "关于加强普查保密管理工作的通知")
        page.fill("#add-giver", "省普查办")
        page.fill("#add-receiver", "张伟")
        self.press("#add form button", "#add .note.good")
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        self.see(self.officer, "/ledger/acts", "ledger-acts")
        self.see(self.officer, "/ledger", "ledger")
        assert "bag-01" in page.inner_text("main")

    def close(self) -> None:
        """Close both windows."""
        self.officer.close()
        self.second.close()


def test_a_bag_is_kept_handed_over_received_and_destroyed(
    browser: Browser, archive: ArchiveOffice, tmp_path: Path
) -> None:
    """By two officers, on every page that an archive has; the audit tells each act."""
    walk = Walk(browser, archive.web, tmp_path)
    try:
        walk.keep()
        walk.receive(walk.send(archive.recipient()))
        walk.destroy()
        walk.look_at_the_ledger()
        walk.officer.go("/audit")
        told = walk.officer.page.inner_text("main")
        acts = "加盖时间戳 续期时间戳 提取单份文件 编制移交清单 加密归档包 登记来包 解密来包 接收归档包"
        assert [act for act in f"{acts} 提请销毁 撤回销毁 批准销毁".split() if act not in told] == []
        assert walk.problems == {}
        assert walk.officer.foreign == walk.second.foreign == []
    finally:
        walk.close()
