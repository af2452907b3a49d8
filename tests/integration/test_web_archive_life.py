"""A bag's life in the browser: timestamps, one document alone, handed over encrypted, received, destroyed."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreegen.api import open_register
from agreegen.web.store.users import Role
from agreegen.web.work.archive.bag_folders import Bag
from agreegen.web.work.archive.deliveries import Deliveries
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.commands.children import ChildState
from tests.archive_office import PIN, SEAL, ArchiveOffice, archive_office, ended
from tests.web_office import WebOffice

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveOffice]:
    """Serve an office that keeps bags."""
    with archive_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def web(archive: ArchiveOffice) -> WebOffice:
    """Return its server."""
    return archive.web


@pytest.fixture(scope="module")
def batch(archive: ArchiveOffice) -> BatchFolder:
    """Make three documents and a bag of them."""
    folder = archive.make_batch()
    archive.web.visit(Role.OFFICER).post(f"/archive/{folder.path.name}/bags")
    ended(folder.archiving)
    assert [bag.name for bag in folder.bags] == ["bag-01"], folder.archiving.last_words("en")
    return folder


def bag_of(web: WebOffice, batch: BatchFolder, name: str = "bag-01") -> Bag:
    """Return a bag of a batch."""
    known = web.office.batches.find(batch.path.name)
    assert known is not None
    bag = batch.bag_place(known).bag(name)
    assert bag is not None
    return bag


def page_of(batch: BatchFolder, name: str = "bag-01") -> str:
    """Return the path of the page of a bag."""
    return f"/archive/{batch.path.name}/bags/{name}"


def user_id(web: WebOffice, name: str) -> str:
    """Return the id of an account."""
    user = web.office.users.find_name(name)
    assert user is not None
    return user.id


def acts(web: WebOffice) -> list[tuple[str, str, str]]:
    """Return account, act and result of the whole audit."""
    web.office.long_acts.settle()
    return [(each.act.who, each.act.act, each.act.result) for each in web.office.audit.entries()]


def test_a_bag_is_timestamped_renewed_and_parted(web: WebOffice, batch: BatchFolder) -> None:
    """Before: never timestamped, and no document alone; after: what ends first and when."""
    visit, bag, path = web.visit(Role.OFFICER), bag_of(web, batch), page_of(batch)
    assert "Not yet any evidence" not in visit.get(path).text
    refused = visit.post(f"{path}/extract", {"document": "nobody"})
    assert refused.status_code == 422
    here = re.search(r'name="next" value="([^"]+)"', refused.text)
    assert here is not None, "where the other language leads"
    back = visit.get(here[1])
    assert (back.status_code, back.headers["location"]) == (303, path)
    assert 'name="act"' not in visit.get(path).text
    visit.post(f"{path}/stamp")
    assert ended(bag.child("stamp")) == 0, bag.child("stamp").last_words("en")
    assert 'value="renew"' in visit.get(path).text
    assert visit.get(f"{path}?within=1825").text.count("status doubt") >= 1
    visit.post(f"{path}/stamp", {"act": "renew", "hash": "sha512"})
    assert ended(bag.child("stamp")) == 0, bag.child("stamp").last_words("en")
    name = next(iter(bag.documents()))
    assert visit.post(f"{path}/extract", {"document": ".pdf"}).status_code == 422  # several
    answer = visit.post(f"{path}/extract", {"document": name[:-4]})
    assert answer.headers["content-type"] == "application/zip", answer.text
    inside = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert {Path(name).name, f"{Path(name).name}.ers"} <= set(inside)


def test_a_bag_goes_to_another_office_and_comes_with_a_receipt(
    archive: ArchiveOffice, batch: BatchFolder
) -> None:
    """Listed, encrypted, taken in, decrypted with the PIN, checked, received; the PIN stays nowhere."""
    web = archive.web
    visit, bag, path = web.visit(Role.OFFICER), bag_of(web, batch), page_of(batch)
    visit.post(f"{path}/hand-over", {"sender": "甲办", "receiver": "档案馆", "credential": SEAL})
    assert ended(bag.child("hand-over")) == 0, bag.child("hand-over").last_words("en")
    assert visit.get(f"{path}/transfer/transfer-list.xlsx").content.startswith(b"PK")
    visit.post(f"{path}/seal", files=[("recipients", ("../to.pem", archive.recipient()))])
    assert ended(bag.child("seal")) == 0, bag.child("seal").last_words("en")
    sealed = visit.get(f"{path}/sealed/bag-01.p7m")
    assert web.visit(Role.READER).get(f"{path}/sealed/bag-01.p7m").status_code == 403

    delivery = visit.post("/archive/received", files=[("files", ("bag-01.p7m", sealed.content))])
    there = delivery.headers["location"]
    found = Deliveries(web.office.home).all()[0]
    for pin, code in (("", 6), ("wrong", 6), (PIN, 0)):
        visit.post(f"{there}/open", {"credential": "archive-recipient.yaml", "pin": pin})
        assert ended(found.opening) == code, found.opening.last_words("en")
    came = found.place.bag("bag-01")
    assert came is not None
    visit.post(f"{there}/receive", {"bag": "bag-01", "credential": SEAL, "signer": "0" * 64})
    assert ended(came.child("receive")) == 1, "another signer's list is not accepted"
    assert "verdict bad" in visit.get(there).text
    visit.post(f"{there}/receive", {"bag": "bag-01", "credential": SEAL})
    assert ended(came.child("receive")) == 0, came.child("receive").output.read_text()
    assert "verdict good" in visit.get(there).text
    inspector = web.visit(Role.INSPECTOR)
    receipt = inspector.get(f"/archive/{found.id}/bags/bag-01/transfer/receipt.json")
    assert all(check["right"] for check in json.loads(receipt.content)["checks"])
    assert "verdict good" in inspector.get(there).text
    zipped = visit.get(f"{path}/bag.zip")
    assert web.visit(Role.READER).get(f"{path}/bag.zip").status_code == 403
    plain = visit.post("/archive/received", files=[("files", ("bag-01.zip", zipped.content))])
    second = Deliveries(web.office.home).find(plain.headers["location"].rsplit("/", 1)[-1])
    assert second is not None
    visit.post(f"{plain.headers['location']}/receive", {"bag": "bag-01"})
    again = second.place.bag("bag-01")
    assert again is not None
    assert ended(again.child("receive")) == 0, "as a plain ZIP it comes whole, too"
    assert not any(PIN.encode() in each.read_bytes() for each in files_below(web.office.home.folder))


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every file."""
    return (path for path in folder.rglob("*") if path.is_file())


def test_a_zip_of_a_bag_is_a_delivery_too(web: WebOffice, batch: BatchFolder) -> None:
    """With its folder or without; what is none is refused and leaves no bag."""
    visit, bag = web.visit(Role.OFFICER), bag_of(web, batch)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path in files_below(bag.path):
            archive.write(path, Path("-o") / path.relative_to(bag.path))
        archive.writestr("-o.destroyed/order.json", "{}")
        archive.writestr("-o.transfer/receipt.json", "{}")
    answer = visit.post("/archive/received", files=[("files", ("came.zip", data.getvalue()))])
    assert answer.status_code == 303, answer.text
    found = Deliveries(web.office.home).find(answer.headers["location"].rsplit("/", 1)[-1])
    assert found is not None
    assert found.bags == ("-o",)
    assert not (found.place.folder / "-o.destroyed").exists(), "nobody else says that a bag was destroyed"
    assert visit.get(f"/archive/{found.id}/bags/-o").status_code == 200
    visit.post(f"/archive/received/{found.id}/receive", {"bag": "-o"})
    came = found.place.bag("-o")
    assert came is not None
    assert ended(came.child("receive")) == 3, "there is no transfer list"
    assert not (found.place.folder / "-o.transfer" / "receipt.json").exists(), (
        "a receipt is this office's own"
    )
    (came.path / "data" / "evidence").mkdir(exist_ok=True)
    for path in (came.path / "bagit.txt").parent.rglob("*.ers"):
        path.write_bytes(b"\x30\x80" * 5000)  # what others made may be anything
    for page in ("/archive", f"/archive/{found.id}/bags/-o"):
        assert visit.get(page).status_code == 200
    again = visit.post(
        f"/archive/received/{found.id}/parts", files=[("files", ("came.zip", data.getvalue()))]
    )
    assert again.status_code == 422
    nothing = visit.post("/archive/received", files=[("files", ("letter.txt", b"hello"))])
    assert nothing.status_code == 422


@pytest.mark.parametrize("name", ["%2e%2e", "output", "bag-09", "..%2fbag-01"])
def test_what_is_no_bag_is_not_there(web: WebOffice, batch: BatchFolder, name: str) -> None:
    """Nobody reads or destroys other folders by a path."""
    visit = web.visit(Role.OFFICER)
    for path in (page_of(batch, name), f"{page_of(batch, name)}/transfer/order.json"):
        assert visit.get(path).status_code in {404, 405}
    assert visit.get(f"{page_of(batch)}/transfer/..%2f..%2fjob.yaml").status_code == 404
    assert visit.get(f"{page_of(batch)}/sealed/nothing").status_code == 404


def test_a_bag_is_destroyed_by_two_officers_and_a_witness(archive: ArchiveOffice, batch: BatchFolder) -> None:
    """The dry run destroys nothing, who proposed cannot approve, another list is refused."""
    web = archive.web
    visit, bag, path = web.visit(Role.OFFICER), bag_of(web, batch), page_of(batch)
    other = user_id(web, "second")
    wish = {"approver": other, "witness": "王五", "reason": "保管期满", "early": "1"}
    for wrong in (
        {"witness": "李四"},
        {"witness": "officer 张三"},
        {"witness": ""},
        {"reason": " "},
    ):
        assert visit.post(f"{path}/destruction", {**wish, **wrong}).status_code == 422
    visit.post(f"{path}/destruction", {**wish, "approver": user_id(web, "officer")})
    visit.post(f"{path}/destruction", {**wish, "approver": user_id(web, "reader")})
    assert visit.post(f"{path}/destruction/approve").status_code == 404, "nobody can approve oneself"
    visit.post(f"{path}/destruction", wish)
    assert ended(bag.child("plan")) == 0, bag.child("plan").last_words("en")
    assert bag.is_there
    plan = json.loads(bag.child("plan").output.read_bytes())
    assert plan["originals"] == 3
    yes = {"code": plan["confirm"], "agreed": "1", "credential": SEAL}
    assert visit.post(f"{path}/destruction/approve", yes).status_code == 403
    approver = archive.second()
    for wrong in ({"code": "0" * 16}, {"agreed": ""}, {"credential": ""}):
        approver.post(f"{path}/destruction/approve", {**yes, **wrong})
    assert bag.child("destroy").state is ChildState.NEVER
    approver.post(f"{path}/destruction/approve", yes)
    assert ended(bag.child("destroy")) == 0, bag.child("destroy").last_words("en")
    assert not bag.path.exists()
    with open_register(batch.register) as register:
        assert {row.state.value for row in register.documents()} == {"destroyed"}
    reader = web.visit(Role.READER)
    assert "bag-01" in reader.get(f"/archive/{batch.path.name}").text
    order = json.loads(reader.get(f"{path}/destroyed/order.json").content)
    assert (order["by"], order["approved_by"], order["witness"]) == ("officer 张三", "李四", "王五")
    told = acts(web)
    assert ("officer", "destruction-propose", "done") in told
    assert ("officer", "destruction-approve", "refused") in told
    assert told.count(("second", "destruction-approve", "refused")) == 3
    assert ("second", "destruction-approve", "done") in told
    assert batch.next_bag == "bag-02", "a destroyed bag keeps its name"


def test_what_was_proposed_can_be_withdrawn(archive: ArchiveOffice) -> None:
    """Until it is begun."""
    web = archive.web
    visit = web.visit(Role.OFFICER)
    found = next(each for each in Deliveries(web.office.home).all() if each.bags)
    bag = found.place.bag(found.bags[0])
    assert bag is not None
    path = f"/archive/{found.id}/bags/{bag.name}"
    wish = {"approver": user_id(web, "second"), "witness": "王五", "reason": "误收", "early": "1"}
    visit.post(f"{path}/destruction", wish)
    assert ended(bag.child("plan")) == 0, bag.child("plan").last_words("en")
    assert archive.second().post(f"{path}/destruction/withdraw").status_code == 303
    plan = json.loads(bag.child("plan").output.read_bytes())
    yes = {"code": plan["confirm"], "agreed": "1", "credential": SEAL}
    assert archive.second().post(f"{path}/destruction/approve", yes).status_code == 404
    assert bag.is_there
