"""An office whose people sign on devices: a batch of pledges, an authority, and visitors who sign."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests
import yaml

from agreegen.api import open_register, read_job, run_batch
from agreegen.api.devices import POLICY, ROOT_KEY, AuthorityPlan, make_authority
from agreegen.example_pki.maker import make_example_pki
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.web.home import Home
from agreegen.web.office import Office
from agreegen.web.store.batches import Batch
from agreegen.web.store.users import Role
from agreegen.web.work.batch_folder import BatchFolder
from tests.unit.device.conftest import Device, drawing_text
from tests.web_office import Visit, WebOffice, serving

ROSTER = """编号,姓名,身份证号码,单位
HN0001,张伟,11010519491231002X,豫州市统计局
HN0002,李敏,,豫州市统计局
HN0003,欧阳晓云,410101198503120026,豫州市统计局
HN0004,阿卜杜热合曼·买买提,410101199001010016,豫州市农业农村局
"""
OFFICE_NAME = "豫州市普查办公室"
_SEAL = {"role": "unit", "credential": "credentials/unit-seal.yaml", "level": "B-B"}
_LINK = re.compile(r"/s/[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class DeviceOffice:
    """A served office with a batch of pledges that their people have yet to sign.

    Attributes:
        web: Its server.
        batch: The batch.
    """

    web: WebOffice
    batch: Batch

    @property
    def folder(self) -> BatchFolder:
        return BatchFolder.of(self.web.office.home, self.batch)

    @property
    def options(self) -> Options:
        """Return by what the office verifies."""
        home = self.web.office.home
        trust = load_trust([home.trust])
        return Options(
            now=datetime.now(UTC),
            anchors_der=trust.anchors_der,
            crls_der=trust.crls_der,
            policy_file=home.authority / POLICY,
        )

    def document(self, staff_no: str) -> str:
        """Return the id of a person's document."""
        with open_register(self.folder.register) as register:
            known = [row.registration for row in register.documents()]
        return str(next(each.id for each in known if each.staff_no == staff_no))

    def file(self, staff_no: str) -> Path:
        """Return the file of a person's document."""
        with open_register(self.folder.register) as register:
            row = register.document(self.document(staff_no))
        assert row is not None
        return self.folder.output / row.registration.path

    def begin(self, staff_no: str) -> tuple[Visit, str]:
        """Begin on the tablet; return its visit, and the path."""
        visit = self.web.visit(Role.DESK)
        values = {"batch": self.batch.id, "document": self.document(staff_no)}
        answer = visit.post("/desk/here", values)
        assert answer.status_code == 303, answer.text
        return visit, answer.headers["location"]

    def link(self, staff_no: str) -> str:
        """Make a link for somebody elsewhere; return its path."""
        values = {"batch": self.batch.id, "document": self.document(staff_no)}
        answer = self.web.visit(Role.OFFICER).post("/desk/links", values)
        assert answer.status_code == 200, answer.text
        found = _LINK.findall(answer.text)
        assert len(found) == 1
        return str(found[0])


@dataclass(slots=True)
class Signer:
    """A person with a device, as the pages' script is.

    Attributes:
        visit: The browser.
        path: `/s/<token>`.
        device: The key.
    """

    visit: Visit
    path: str
    device: Device

    def step(self, name: str, **fields: str) -> requests.Response:
        return self.visit.post(f"{self.path}/{name}", fields)

    def read(self) -> None:
        """Begin and look at all pages."""
        assert self.step("check").status_code == 303
        assert self.visit.get(self.path).status_code == 200
        assert self.visit.get(f"{self.path}/pages/1.png").status_code == 200

    def agree(self) -> None:
        self.read()
        assert self.step("consent", version="1").status_code == 200

    def prepare(self, drawing: str | None = None, device: Device | None = None) -> requests.Response:
        """Have the key certified and the document prepared; another device may give the proof."""
        key = base64.b64encode(self.device.public).decode()
        info = base64.b64decode(self.step("key", key=key).json()["request"])
        proof = base64.b64encode((device or self.device).sign(info)).decode()
        drawn = drawing_text() if drawing is None else drawing
        return self.step("prepare", key=key, proof=proof, drawing=drawn, pointer="touch")

    def finish(self, attributes: str, device: Device | None = None) -> requests.Response:
        signature = (device or self.device).sign(base64.b64decode(attributes))
        return self.step("finish", signature=base64.b64encode(signature).decode())

    def sign(self, drawing: str | None = None) -> requests.Response:
        """Do all of it."""
        self.agree()
        answer = self.prepare(drawing)
        assert answer.status_code == 200, answer.text
        return self.finish(answer.json()["attributes"])


def drawing_of(seed: int) -> str:
    """Return a drawing that nobody else makes."""
    data = json.loads(drawing_text())
    data["strokes"][0].append([3000 + seed, 700, 500, 16 * 29 + seed % 100])
    return json.dumps(data)


def make_office(folder: Path) -> Path:
    """Make an office with one batch made and an authority; return its home."""
    now = datetime.now(UTC).replace(microsecond=0)
    pki = make_example_pki(folder / "pki", now=now, key_bits=2048, people=(), port=9)
    home = Home.open(folder / "home")
    shutil.copytree(pki.trust, home.trust, dirs_exist_ok=True)
    shutil.copytree(pki.credentials, home.folder / "credentials")
    seal = "credentials/archive-seal.yaml"
    settings: dict[str, object] = {"name": OFFICE_NAME}
    settings |= {"archive_credential": seal, "register_credential": seal}
    settings |= {"forms": {"personal-pledge": {"signatures": [_SEAL]}}}
    home.settings_file.write_text(yaml.safe_dump(settings, allow_unicode=True))
    plan = AuthorityPlan(OFFICE_NAME, folder / ROOT_KEY, None, clock=True, trust=home.trust)
    make_authority(home.authority, plan, now=now)
    office = Office.open(home.folder)
    batch = office.batches.add("承诺书", "personal-pledge", "roster.csv", "officer", now=now)
    batch_folder = BatchFolder.of(office.home, batch)
    batch_folder.path.mkdir()
    (batch_folder.path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    values = {"pledge_date": "2026-11-28"}
    batch_folder.write_job(office.home, office.settings, "personal-pledge", "roster.csv", values)
    run_batch(read_job(batch_folder.job))
    return home.folder


@contextmanager
def device_office(made: Path, folder: Path) -> Iterator[DeviceOffice]:
    """Serve a copy of an office that `make_office` made."""
    shutil.copytree(made, folder)
    with serving(folder) as web:
        yield DeviceOffice(web, web.office.batches.all()[0])
