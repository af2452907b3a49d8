"""`agreegen archive hand-over` and `receive`: bags in, bags out, the sender's signature kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from agreegen.example_pki.layout import ExamplePki
from tests.cli.conftest import Agreegen, Result, files_below
from tests.judges import openssl


@pytest.fixture
def sent(agreegen: Agreegen, pki: ExamplePki, bag: Path) -> Path:
    """A bag with its transfer list."""
    seal = ("--credential", pki.credential("archive-seal"), "--trust", pki.trust)
    names = ("--sender", "海宁市统计局", "--receiver", "海宁市档案馆", "--by", "王芳")
    assert agreegen("archive", "hand-over", bag, *seal, *names).code == 0
    return bag


def _receive(agreegen: Agreegen, pki: ExamplePki, bag: Path, *more: object) -> Result:
    return agreegen("archive", "receive", bag, "--trust", pki.trust, "--json", *more)


def _wrong(result: Result) -> set[str]:
    return {check["code"] for check in result.json()["checks"] if not check["right"]}


def test_a_list_has_the_columns_of_an_archive(sent: Path) -> None:
    folder = sent.parent / "bag.transfer"
    assert files_below(folder) == {
        "transfer-list.json",
        "transfer-list.json.p7s",
        "transfer-list.xlsx",
    }
    sheet, rows = openpyxl.load_workbook(folder / "transfer-list.xlsx").worksheets
    facts = {row[0]: row[1] for row in sheet.iter_rows(values_only=True)}
    assert facts["handed over by (unit)"] == "海宁市统计局"
    assert facts["documents"] == "3"
    head, first, *others = rows.iter_rows(values_only=True)
    assert head[:9] == (
        "No.",
        "archival code",
        "document number",
        "responsible",
        "title",
        "date",
        "classification",
        "pages",
        "remarks",
    )
    assert (first[0], first[1], first[4], first[7]) == (1, "bag-0001", "保密承诺书（张伟）", 1)
    assert len(others) == 2


def test_a_bag_goes_into_the_store_with_list_signature_and_receipt(
    agreegen: Agreegen, pki: ExamplePki, sent: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    before = {path: (sent / path).read_bytes() for path in files_below(sent)}
    taken = ("-o", store, "--credential", pki.credential("unit-seal"), "--by", "李娜")
    result = _receive(agreegen, pki, sent, *taken)
    assert result.code == 0, result.out
    assert result.json()["accepted"] is True
    assert {path: (store / "bag" / path).read_bytes() for path in files_below(store / "bag")} == before
    kept = store / "bag.transfer"
    for name in ("transfer-list.json", "transfer-list.json.p7s"):
        assert (kept / name).read_bytes() == (sent.parent / "bag.transfer" / name).read_bytes()
    receipt = json.loads((kept / "receipt.json").read_bytes())
    assert (receipt["by"], receipt["documents"], receipt["bag"]) == ("李娜", 3, "bag")
    for name in ("transfer-list.json", "receipt.json"):
        right, told = openssl.verify_cms(kept / f"{name}.p7s", kept / name, [pki.trust / "root.pem"])
        assert right, told
    assert agreegen("archive", "verify", store / "bag", "--trust", pki.trust).code == 0
    assert _receive(agreegen, pki, sent, *taken).code == 2  # the store has it


def test_a_bag_may_be_received_where_it_lies(agreegen: Agreegen, pki: ExamplePki, sent: Path) -> None:
    assert _receive(agreegen, pki, sent).json()["receipt"] == "written"
    receipt = (sent.parent / "bag.transfer/receipt.json").read_bytes()
    again = _receive(agreegen, pki, sent)
    assert (again.code, again.json()["receipt"]) == (0, "known")
    assert (sent.parent / "bag.transfer/receipt.json").read_bytes() == receipt
    line = ("archive", "hand-over", sent, "--credential", pki.credential("archive-seal"))
    assert agreegen(*line, "--sender", "A", "--receiver", "B", "--force").code == 2


def _change_a_document(bag: Path) -> None:
    path = next((bag / "data/documents").rglob("*.pdf"))
    path.write_bytes(path.read_bytes() + b"\n")


def _add_a_document(bag: Path) -> None:
    path = next((bag / "data/documents").rglob("*.pdf"))
    shutil.copyfile(path, path.with_name("more.pdf"))


def _remove_a_document(bag: Path) -> None:
    next((bag / "data/documents").rglob("*.pdf")).unlink()


def _edit_the_list(bag: Path) -> None:
    path = bag.parent / "bag.transfer/transfer-list.json"
    path.write_bytes(path.read_bytes().replace("海宁市统计局".encode(), "嘉兴市统计局".encode()))


def _drop_a_row(bag: Path) -> None:
    path = bag.parent / "bag.transfer/transfer-list.json"
    listed = json.loads(path.read_bytes())
    path.write_text(json.dumps({**listed, "rows": listed["rows"][1:]}), "utf-8")


def _list_twice(bag: Path) -> None:
    path = bag.parent / "bag.transfer/transfer-list.json"
    listed = json.loads(path.read_bytes())
    path.write_text(json.dumps({**listed, "rows": [*listed["rows"], listed["rows"][0]]}), "utf-8")


def _unsign_the_list(bag: Path) -> None:
    (bag.parent / "bag.transfer/transfer-list.json.p7s").unlink()


def _another_bag(bag: Path) -> None:
    (bag / "bag-info.txt").write_bytes((bag / "bag-info.txt").read_bytes() + b"Note: another\n")
    (bag / "tagmanifest-sha256.txt").write_bytes(b"")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (_change_a_document, {"differs", "bag"}),
        (_add_a_document, {"bag"}),
        (_remove_a_document, {"differs", "bag"}),
        (_edit_the_list, {"list-signature"}),
        (_drop_a_row, {"list-signature", "unlisted", "counts"}),
        (_list_twice, {"list-signature", "counts"}),
        (_unsign_the_list, {"list-signature"}),
        (_another_bag, {"same-bag", "bag"}),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_differs_is_named_and_nothing_kept(
    agreegen: Agreegen,
    pki: ExamplePki,
    sent: Path,
    tmp_path: Path,
    change: Callable[[Path], None],
    wrong: set[str],
) -> None:
    change(sent)
    result = _receive(agreegen, pki, sent, "-o", tmp_path / "store")
    assert result.code == 1
    assert _wrong(result) == wrong
    assert list((tmp_path / "store").iterdir()) == []
    assert not (sent.parent / "bag.transfer/receipt.json").exists()


def test_the_sender_may_be_pinned(agreegen: Agreegen, pki: ExamplePki, sent: Path) -> None:
    other = pki.folder / "responder/ca.pem"
    assert _wrong(_receive(agreegen, pki, sent, "--signer", other)) == {"list-signature"}
    assert _wrong(agreegen("archive", "receive", sent, "--json")) == {"list-signature", "bag"}


def test_half_of_a_killed_receipt_is_done_again(
    agreegen: Agreegen, pki: ExamplePki, sent: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    shutil.copytree(sent.parent / "bag.transfer", store / "bag.transfer")
    assert _receive(agreegen, pki, sent, "-o", store).code == 0
    shutil.rmtree(store / "bag")
    (store / "bag.transfer/transfer-list.json").write_bytes(b"of somebody else")
    assert _receive(agreegen, pki, sent, "-o", store).code == 2


def test_what_cannot_be_received(agreegen: Agreegen, pki: ExamplePki, sent: Path, tmp_path: Path) -> None:
    assert _receive(agreegen, pki, tmp_path / "nothing").code == 2
    assert _receive(agreegen, pki, sent, "--list", tmp_path / "nothing").code == 3
    (tmp_path / "list.json").write_text('{"schema": "agreegen/transfer-list/1", "rows": [{"number": "1"}]}')
    assert _receive(agreegen, pki, sent, "--list", tmp_path / "list.json").code == 3
    (sent / "data/link.pdf").symlink_to(pki.folder / "responder/ca.key")
    assert _receive(agreegen, pki, sent, "-o", tmp_path / "store").code == 7
    line = ("archive", "hand-over", sent, "--credential", pki.credential("archive-seal"))
    assert agreegen(*line, "--sender", "A", "--receiver", "B", "--force").code == 7  # it is not whole


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_a_receipt_that_was_put_there_is_no_receipt(
    agreegen: Agreegen, pki: ExamplePki, sent: Path, signed: bool
) -> None:
    """Whoever brings a bag could put one beside it, and the archive would then give none of its own."""
    folder = sent.parent / "bag.transfer"
    assert _receive(agreegen, pki, sent, "--credential", pki.credential("unit-seal")).code == 0
    assert _receive(agreegen, pki, sent, "--credential", pki.credential("unit-seal")).code == 0  # its own
    receipt = json.loads((folder / "receipt.json").read_bytes())
    (folder / "receipt.json").write_text(json.dumps({**receipt, "by": "nobody"}), "utf-8")
    if not signed:
        (folder / "receipt.json.p7s").unlink()
    result = _receive(agreegen, pki, sent, "--credential", pki.credential("unit-seal"))
    assert (result.code, "receipt.json" in result.err) == (2, True)
    (folder / "receipt.json").write_text(json.dumps({**receipt, "tag_manifest_sha256": "0" * 64}), "utf-8")
    assert _receive(agreegen, pki, sent).code == 2
