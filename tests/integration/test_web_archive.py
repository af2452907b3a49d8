"""A batch is archived from the browser: its bag written, verified, and the four properties reported."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
import yaml

from agreegen.web.store.users import Role
from agreegen.web.work.commands.children import ChildState
from tests.integration.batch_support import make_pki
from tests.integration.test_web_batches import folder_of, upload, wait
from tests.web_office import WebOffice, serving

_SIGNED = {"signatures": [{"role": "unit", "credential": "credentials/unit-seal.yaml", "level": "B-B"}]}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebOffice]:
    """Serve an office that has a seal for its bags."""
    make_pki(tmp_path / "pki")
    home = tmp_path / "home"
    for name in ("credentials", "trust"):
        shutil.copytree(tmp_path / "pki" / name, home / name)
    settings = {
        "archive_credential": "credentials/archive-seal.yaml",
        "register_credential": "credentials/archive-seal.yaml",
        "forms": {"personal-pledge": {**_SIGNED, "defaults": {"pledge_date": "2018-05-10"}}},
    }
    (home / "office.yaml").write_text(yaml.safe_dump(settings))
    with serving(home) as office:
        yield office


@pytest.mark.timeout(300)
def test_a_bag_is_written_verified_and_reported(web: WebOffice) -> None:
    visit = web.visit(Role.OFFICER)
    batch = upload(visit, 3)
    folder = folder_of(web.office.home.folder, batch)
    archive = f"/archive/{batch.rsplit('/', 1)[-1]}"
    wait(lambda: folder.check.state is ChildState.ENDED)
    visit.post(f"{batch}/run")
    wait(lambda: folder.run.state is ChildState.ENDED)
    assert visit.get(f"{archive}/four-properties.html").status_code == 404
    assert visit.post(f"{archive}/bags").status_code == 303
    wait(lambda: folder.archiving.state is ChildState.ENDED)
    assert [bag.name for bag in folder.bags] == ["bag-01"], folder.archiving.last_words("en")
    # An inspector looks, twice: the second report replaces the first.
    inspector = web.visit(Role.INSPECTOR)
    for _ in range(2):
        inspector.post(f"{archive}/verify", {"bag": "bag-01"})
        wait(lambda: folder.bag_check.state is ChildState.ENDED)
    page = inspector.get(archive).text
    assert f"{archive}/four-properties.html" in page
    report = inspector.get(f"{archive}/four-properties.html")
    assert report.headers["content-disposition"].startswith("attachment")
    assert "DA/T 70-2018" in report.text
    workbook = openpyxl.load_workbook(io.BytesIO(inspector.get(f"{archive}/four-properties.xlsx").content))
    assert workbook.active is not None
    assert workbook.active.max_row > 10
