"""One document signed on paper: its scan recorded in the browser, and a wrong record taken back."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image

from agreegen.api import DocumentRow, open_register
from agreegen.clock import read_clock
from agreegen.example_pki.maker import make_example_pki
from agreegen.web.sample_office import fill_from_demo
from agreegen.web.store.users import Role
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.commands.children import ChildState
from tests.integration.test_web_batches import folder_of, upload, wait
from tests.web_office import WebOffice, serving

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    """Serve the sample office: somebody signs its registers."""
    folder = tmp_path_factory.mktemp("office")
    make_example_pki(folder / "pki", now=read_clock(), key_bits=2048)
    fill_from_demo(folder / "home", folder / "pki")
    with serving(folder / "home") as office:
        yield office


def test_a_scan_is_recorded_and_its_record_taken_back(web: WebOffice) -> None:
    """By the officer alone, with a reason; the audit and the register tell both."""
    visit = web.visit(Role.OFFICER)
    batch = upload(visit, 2)
    folder = folder_of(web.office.home.folder, batch)
    wait(lambda: folder.check.state is ChildState.ENDED)
    visit.post(f"{batch}/run")
    wait(lambda: folder.run.state is ChildState.ENDED)
    document = first(folder).registration.id
    page, child = f"{batch}/documents/{document}", folder.paper(document)
    data = io.BytesIO()
    Image.new("RGB", (850, 1100), "white").save(data, "PNG", dpi=(100, 100))
    reader = web.visit(Role.READER)
    assert reader.post(f"{page}/paper", files=[("scan", ("a.png", data.getvalue()))]).status_code == 403
    assert "/paper" not in reader.get(page).text
    visit.post(f"{page}/paper", files=[("scan", ("a.exe", data.getvalue()))])
    assert child.state is ChildState.NEVER
    visit.post(f"{page}/paper", files=[("scan", ("../../a.png", data.getvalue()))])
    wait(lambda: child.state is ChildState.ENDED)
    assert child.exit_code == 0, child.last_words("en")
    assert len(first(folder, document).scans) == 1
    visit.post(f"{page}/retract", {"reason": " "})
    assert len(first(folder, document).scans) == 1
    visit.post(f"{page}/retract", {"reason": "另一个人的签字"})
    wait(lambda: not first(folder, document).scans)
    wait(lambda: child.state is ChildState.ENDED)
    assert child.exit_code == 0, child.last_words("en")

    def results() -> set[tuple[str, str]]:
        return {(each.act.act, each.act.result) for each in web.office.audit.entries()}

    wait(
        lambda: (
            {(act, end) for act in ("paper-add", "paper-retract") for end in ("refused", "done")} <= results()
        )
    )
    other = "0" * 32
    assert visit.post(f"{batch}/documents/{other}/retract", {"reason": "x"}).status_code == 404


def first(folder: BatchFolder, document: str | None = None) -> DocumentRow:
    """Return a document of a batch as the register has it now; the first one where none is named."""
    with open_register(folder.register) as register:
        return next(row for row in register.documents() if document in {None, row.registration.id})
