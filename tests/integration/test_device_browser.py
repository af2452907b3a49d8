"""A real browser signs on the pad with touch events; independent programs look at what came out.

Every request that the browser sends goes through a proxy that records it: none carries a private key, and
none goes anywhere but to the office.
"""

from __future__ import annotations

import base64
import math
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zxingcpp
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from PIL import Image
from playwright.sync_api import Browser, Page, Request

from agreegen.model.report import Verdict
from agreegen.verification.one_file import verify_bytes
from tests.browser.support import chromium
from tests.integration.device_support import DeviceOffice, device_office, make_office
from tests.judges import verapdf
from tests.recording_proxy import Recording, recording_proxy
from tests.web_office import PASSWORD

_CONTENTS = re.compile(rb"/Contents <([0-9a-fA-F]+)> /ByteRange \[0 (\d+) (\d+) (\d+)")
WATCH = """
const make = crypto.subtle.generateKey.bind(crypto.subtle);
window.made = [];
crypto.subtle.generateKey = async (kind, extractable, uses) => {
  const pair = await make(kind, extractable, uses);
  const given = await crypto.subtle.exportKey("pkcs8", pair.privateKey).then(() => true, () => false);
  window.made.push([kind.namedCurve, extractable, given]);
  console.log("key " + JSON.stringify(window.made));
  return pair;
};
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeviceOffice]:
    folder = tmp_path_factory.mktemp("browser")
    with device_office(make_office(folder), folder / "served") as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


class Tablet:
    """A tablet in a browser, with everything that it says written down.

    Args:
        browser: The browser.
        width: Of the screen, in pixels.
        language: Of the person.
        proxy: Address of a proxy for everything that it sends.
    """

    def __init__(
        self, browser: Browser, width: int = 820, language: str = "zh-CN", proxy: str | None = None
    ) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 1000},
            has_touch=True,
            locale=language,
            # Chromium sends nothing for loopback through a proxy unless it is told to.
            proxy=None if proxy is None else {"server": proxy, "bypass": "<-loopback>"},
        )
        context.add_init_script(WATCH)
        self.page: Page = context.new_page()
        self.requests: list[Request] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108 - wants a function
        self.page.on("console", lambda message: self.said.append(message.text))
        self._touch = context.new_cdp_session(self.page)

    def begin_at_desk(self, office: DeviceOffice, name: str) -> None:
        """Log in, choose a person and hand the tablet over."""
        page = self.page
        page.goto(f"{office.web.url}/login")
        page.fill("#name", "desk")
        page.fill("#password", PASSWORD)
        page.click("main form button")
        page.goto(f"{office.web.url}/desk")
        page.click(f'tr:has-text("{name}") button')
        page.click("main form button")
        page.wait_for_selector(".leaf img")

    def read(self) -> None:
        """Scroll through all pages."""
        self._wait("[...document.images].every((one) => one.complete)")
        for _ in range(20):
            self.page.mouse.wheel(0, 300)
            self.page.wait_for_timeout(40)
        self._wait("!document.getElementById('agreed').disabled")

    def _wait(self, condition: str) -> None:
        """Ask from outside until something holds: the page's policy lets nobody evaluate text in it."""
        for _ in range(200):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(condition)

    def agree(self) -> None:
        self.page.check("#agreed")
        self.page.click("#go-on")
        self.page.wait_for_selector("#pad", state="visible")

    def touch(self, points: list[tuple[float, float]]) -> None:
        """Draw one stroke; points are shares of the pad."""
        box = self.page.locator("#pad").bounding_box()
        assert box is not None

        def at(point: tuple[float, float]) -> dict[str, float]:
            x, y = box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"]
            return {"x": x, "y": y, "force": 0.6, "id": 1}

        for kind, some in (("touchStart", points[:1]), ("touchMove", points[1:])):
            for point in some:
                self._touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at(point)]})
        self._touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def write(self, seed: float) -> None:
        """Write something that could be a name."""
        self.touch([(0.15 + n / 100, 0.3 + 0.2 * math.sin(n / 3 + seed)) for n in range(25)])
        self.touch([(0.5 + n / 80, 0.5 + 0.3 * math.cos(n / 4 + seed)) for n in range(30)])

    def confirm(self) -> None:
        self.page.click("#done")
        self.page.wait_for_url("**/done", timeout=60_000)

    def take(self, name: str, folder: Path) -> Path:
        """Download a file from the receipt."""
        with self.page.expect_download() as waiting:
            self.page.click(f'a[href$="{name}"]')
        waiting.value.save_as(folder / name)
        return folder / name


@pytest.fixture(scope="module")
def recording() -> Iterator[Recording]:
    with recording_proxy() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def signed(
    office: DeviceOffice, browser: Browser, recording: Recording, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tablet, Path]:
    """Somebody signed in the browser and took the files along."""
    tablet, folder = Tablet(browser, proxy=recording.address), tmp_path_factory.mktemp("taken")
    tablet.begin_at_desk(office, "张伟")
    tablet.read()
    tablet.agree()
    tablet.write(0.0)
    tablet.confirm()
    tablet.take("document.pdf", folder)
    tablet.take("evidence.json", folder)
    return tablet, folder


def test_the_file_is_valid(office: DeviceOffice, signed: tuple[Tablet, Path]) -> None:
    data = (signed[1] / "document.pdf").read_bytes()
    report = verify_bytes("document.pdf", data, office.options)
    assert report.verdict is Verdict.VALID
    assert report.signatures[1].to_dict()["method"] == "device"
    assert report.signatures[1].to_dict()["evidence"] == "intact"


def test_pdfsig_finds_it_valid(signed: tuple[Tablet, Path]) -> None:
    command = ["pdfsig", "-nocert", str(signed[1] / "document.pdf")]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert shown.count("Signature Validation: Signature is Valid.") == 2


@pytest.mark.verapdf
def test_verapdf_finds_it_pdfa_3b(signed: tuple[Tablet, Path]) -> None:
    path = signed[1] / "document.pdf"
    assert verapdf.validate([path]) == {path: (True, [])}


def test_openssl_verifies_it_and_shows_what_sha256sum_prints(
    office: DeviceOffice, signed: tuple[Tablet, Path], tmp_path: Path
) -> None:
    data = (signed[1] / "document.pdf").read_bytes()
    found = list(_CONTENTS.finditer(data))[-1]
    first, second, length = (int(found[n]) for n in (2, 3, 4))
    info = cms.ContentInfo.load(bytes.fromhex(found[1].decode()))
    (tmp_path / "signature.p7s").write_bytes(info.dump())
    (tmp_path / "content").write_bytes(data[:first] + data[second : second + length])
    root = office.web.office.home.authority / "root.pem"
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature.p7s"]
    command += ["-content", "content", "-CAfile", str(root), "-purpose", "any", "-cades", "-out", "/dev/null"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    for choice in info["content"]["certificates"]:
        certificate = x509.load_der_x509_certificate(choice.chosen.dump())
        if "张伟" in certificate.subject.rfc4514_string():
            (tmp_path / "signer.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    shown = _output(["openssl", "x509", "-in", str(tmp_path / "signer.pem"), "-noout", "-text"])
    digest = _output(["sha256sum", str(signed[1] / "evidence.json")]).split()[0]
    assert digest in shown


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_no_request_carries_a_private_key(signed: tuple[Tablet, Path], recording: Recording) -> None:
    tablet = signed[0]
    whole = recording.requests
    asked = {request.url.split("?")[0].encode() for request in tablet.requests if request.url[:5] == "http:"}
    went = {re.sub(rb"\?.*", b"", request.split(b" ", 2)[1]) for request in whole}
    assert asked <= went  # the proxy saw everything that the browser asked for
    assert any(b'name="drawing"' in request for request in whole)
    for body in whole:
        assert b"PRIVATE" not in body
        assert b'"d":' not in body  # a private JWK
        for text in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", body):
            _require_no_key(text)
    assert any('["P-256",false,false]' in line for line in tablet.said)  # made here, and not to be had


def _require_no_key(text: bytes) -> None:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return
    with pytest.raises(ValueError, match=r"deserialize|ASN\.1|encrypted"):
        load_der_private_key(data, None)


def test_nothing_is_asked_of_others_and_no_rule_is_broken(
    office: DeviceOffice, signed: tuple[Tablet, Path]
) -> None:
    tablet = signed[0]
    assert {request.url.split("/")[2] for request in tablet.requests} == {office.web.url.split("/")[2]}
    assert not [line for line in tablet.said if "Content Security Policy" in line]


def test_dots_and_empty_pads_cannot_be_confirmed(office: DeviceOffice, browser: Browser) -> None:
    tablet = Tablet(browser, width=390, language="en-GB")
    tablet.begin_at_desk(office, "李敏")
    tablet.read()
    tablet.agree()
    page = tablet.page
    ready: Callable[[], bool] = lambda: not page.is_disabled("#done")  # noqa: E731 - asked four times
    assert not ready()
    tablet.touch([(0.5, 0.5)])
    assert not ready()
    tablet.write(1.0)
    assert ready()
    page.click("#clear")
    assert not ready()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390  # nothing runs off a phone's screen


def test_a_mouse_will_do(office: DeviceOffice, browser: Browser) -> None:
    tablet = Tablet(browser, width=1280)
    tablet.begin_at_desk(office, "欧阳晓云")
    tablet.read()
    tablet.agree()
    page, box = tablet.page, tablet.page.locator("#pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 60)
    page.mouse.down()
    for n in range(40):
        page.mouse.move(box["x"] + 100 + 8 * n, box["y"] + 90 + 50 * math.sin(n / 4))
    page.mouse.up()
    tablet.confirm()
    assert "签署完成" in page.inner_text("h1")


def test_the_code_on_paper_reads_as_the_link(office: DeviceOffice, browser: Browser, tmp_path: Path) -> None:
    page = browser.new_context(viewport={"width": 1000, "height": 900}).new_page()
    page.goto(f"{office.web.url}/login")
    page.fill("#name", "officer")
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.goto(f"{office.web.url}/desk")
    page.click('tr:has-text("HN0004") input[type="checkbox"]')
    page.click('button[form="links"]')
    link = page.inner_text(".slip .code")
    page.emulate_media(media="print")
    page.screenshot(path=tmp_path / "slips.png", full_page=True)
    with Image.open(tmp_path / "slips.png") as picture:
        assert [code.text for code in zxingcpp.read_barcodes(picture)] == [link]
