"""`archive timestamp|renew|extract|status` and `verify --evidence`, from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreegen.cli.main import run
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder
from tests.attacks.documents import signed
from tests.integration.batch_support import clock
from tests.integration.test_evidence_records import make_bag


@pytest.fixture(scope="module")
def responder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Responder]:
    pki = make_example_pki(tmp_path_factory.mktemp("pki") / "pki", now=clock(), people=(), key_bits=2048)
    with Responder(pki.folder, port=0) as running:
        yield running


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return make_bag(tmp_path / "bag", 3)


def _stamped(responder: Responder, bag: Path) -> list[str]:
    trust = ["--trust", str(responder.pki.trust)]
    assert run(["archive", "timestamp", str(bag), "--tsa", responder.tsa_url, *trust]) == 0
    return trust


def test_a_bag_is_stamped_renewed_and_parted(responder: Responder, bag: Path, tmp_path: Path) -> None:
    trust = _stamped(responder, bag)
    renew = ["archive", "renew", str(bag), "--tsa", responder.tsa_url, *trust]
    assert run(renew) == 0
    assert run([*renew, "--hash", "sha512"]) == 0
    assert run(["archive", "extract", str(bag), "001.pdf", "-o", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "001.pdf",
        "001.pdf.ers",
        "certificates",
        "crls",
    }


def test_status_says_what_ends(responder: Responder, bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["archive", "status", str(bag), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["endings"][0]["kind"] == "no-evidence"
    _stamped(responder, bag)
    capsys.readouterr()
    assert run(["archive", "status", str(bag), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["due"] == 0
    assert {ending["kind"] for ending in found["endings"]} == {"certificate", "algorithm"}
    assert run(["archive", "status", str(bag), "--within", "4000"]) == 1


def test_what_is_no_bag_or_stamped_twice_is_refused(responder: Responder, bag: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    tsa = ["--tsa", responder.tsa_url]
    assert run(["archive", "timestamp", str(tmp_path / "empty"), *tsa]) == 2
    assert run(["archive", "renew", str(bag), *tsa]) == 2
    assert run(["archive", "timestamp", str(bag)]) == 2
    _stamped(responder, bag)
    assert run(["archive", "timestamp", str(bag), *tsa]) == 2
    assert run(["archive", "extract", str(bag), "../register.csv", "-o", str(tmp_path / "out")]) == 2


def test_a_dead_service_leaves_nothing(bag: Path) -> None:
    before = sorted(bag.rglob("*"))
    assert run(["archive", "timestamp", str(bag), "--tsa", "http://127.0.0.1:9/"]) == 6
    assert sorted(bag.rglob("*")) == before


def test_nothing_is_extracted_into_a_bag(responder: Responder, bag: Path) -> None:
    _stamped(responder, bag)
    (bag / "bagit.txt").write_bytes(b"BagIt-Version: 1.0\n")
    before = sorted(bag.rglob("*"))
    assert run(["archive", "extract", str(bag), "001.pdf", "-o", str(bag / "out")]) == 2
    assert sorted(bag.rglob("*")) == before


def test_a_record_of_another_file_is_told(
    responder: Responder, bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = _stamped(responder, bag)
    assert run(["archive", "extract", str(bag), "001.pdf", "-o", str(tmp_path / "out")]) == 0
    (tmp_path / "other.pdf").write_bytes(signed())
    capsys.readouterr()
    record = str(tmp_path / "out/001.pdf.ers")
    assert run(["verify", str(tmp_path / "other.pdf"), "--evidence", record, "--json", *trust]) == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert "evidence-fails" in [alarm["code"] for alarm in file["alarms"]]
