"""The main job from end to end, and what independent judges and tampering say about its output."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import bagit
import pypdfium2
import pytest
from PIL import Image, ImageChops

from agreegen.batch.job.job_file import read_job
from agreegen.cli.main import run
from agreegen.demo.paper import sign_on_paper
from tests.judges import openssl, pdfsig, qpdf, verapdf

REFERENCE = Path(__file__).parents[1] / "data/pages/confidentiality-agreement-4.png"
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
"""Object identifier of RFC 3161 TSTInfo, the content of a document timestamp: not for `openssl cms`."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of `agreegen demo`, made once."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert run(["demo", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def documents(demo: Path) -> list[Path]:
    """Every finished document of the demo."""
    return [
        *sorted((demo / "pledges/documents").rglob("*.pdf")),
        *sorted((demo / "agreements").glob("*.pdf")),
    ]


@pytest.fixture(scope="module")
def anchors(demo: Path) -> Path:
    """All trust anchors in one PEM file, as openssl wants them."""
    bundle = demo.parent / "anchors.pem"
    bundle.write_bytes(b"\n".join(path.read_bytes() for path in sorted((demo / "trust").glob("*.pem"))))
    return bundle


def verify_json(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, dict[str, object]]:
    """Run `agreegen verify --json` and return exit code and result."""
    code = run(["verify", "--json", *map(str, arguments)])
    answer = json.loads(capsys.readouterr().out)
    assert isinstance(answer, dict)
    return code, answer


def test_everything_is_valid_and_where_it_belongs(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bags = [demo / "archive" / name / "data/documents" for name in ("pledges", "agreements")]
    folders = [demo / "pledges/documents", demo / "agreements", *bags]
    code, answer = verify_json(capsys, *folders, "--trust", demo / "trust", "--jobs", "2")
    assert code == 0
    # 24 pledges and 2 agreements, each in its folder and in its bag.
    assert answer["summary"] == {
        "valid": 52,
        "invalid": 0,
        "indeterminate": 0,
        "unsigned": 0,
        "unreadable": 0,
    }
    assert (demo / "report.html").stat().st_size > 10_000
    assert sorted(path.parent.name for path in (demo / "archive").glob("*/bagit.txt")) == [
        "agreements",
        "pledges",
    ]


def test_everybody_has_signed_half_of_them_on_paper(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["register", "coverage", "--job", str(demo / "pledges.yaml"), "--json"]) == 0
    people = json.loads(capsys.readouterr().out)["people"]
    assert Counter(person["how"] for person in people) == {"certificate": 12, "paper": 12}
    assert not any((demo / "paper/review").glob("*.png"))


def test_where_everybody_has_signed_nothing_is_printed(demo: Path, tmp_path: Path) -> None:
    """A demo of few people has keys for all of them."""
    summary = sign_on_paper(read_job(demo / "pledges.yaml"), tmp_path, now=datetime.now(UTC))
    assert (summary.printed, summary.totals.signed) == (0, 24)


def test_agreements_are_complete_and_long_lived(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = verify_json(capsys, demo / "agreements", "--trust", demo / "trust", "--complete")
    assert code == 0
    files = answer["files"]
    assert isinstance(files, list)
    for file in files:
        assert file["document"]["missing_roles"] == []
        signatures = [s for s in file["signatures"] if s["kind"] == "signature"]
        assert [s["role"] for s in signatures] == [
            "party_a_seal",
            "party_a_representative",
            "party_b_seal",
            "party_b_representative",
        ]
        assert {s["time_source"] for s in signatures} == {"timestamp"}
        assert signatures[-1]["level"] == "B-LTA"


def test_open_roles_show_only_when_completeness_is_asked_for(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_pledge = next((demo / "pledges/documents").rglob("HN0020.pdf"))
    code, answer = verify_json(capsys, open_pledge, "--trust", demo / "trust")
    files = answer["files"]
    assert isinstance(files, list)
    assert (code, files[0]["document"]["missing_roles"]) == (0, ["pledger"])
    code, answer = verify_json(capsys, open_pledge, "--trust", demo / "trust", "--complete")
    assert (code, answer["summary"]["indeterminate"]) == (1, 1)  # type: ignore[index]


def test_no_id_number_in_any_document(demo: Path, documents: list[Path]) -> None:
    connection = sqlite3.connect(demo / "pledges/register.db")
    numbers = [row[0] for row in connection.execute("SELECT id_number FROM documents") if row[0]]
    connection.close()
    assert len(numbers) == 24
    for path in documents:
        unpacked = subprocess.run(
            ["qpdf", "--qdf", "--object-streams=disable", path, "-"], capture_output=True, check=True
        ).stdout
        assert not [number for number in numbers if number.encode() in unpacked]


def test_pdfsig_and_qpdf_agree(documents: list[Path]) -> None:
    for path in documents:
        assert qpdf.check(path) == []
        found = [s for s in pdfsig.signatures(path) if s.signer and "Timestamp" not in s.signer]
        assert found
        assert {s.validation for s in found} == {"Signature is Valid."}


@pytest.mark.verapdf
def test_verapdf_finds_every_document_pdfa_3b(documents: list[Path]) -> None:
    if not verapdf.available():
        pytest.skip("no Java runtime or veraPDF classes")
    answers = verapdf.validate(documents)
    assert {path.name: messages for path, (fine, messages) in answers.items() if not fine} == {}


def test_openssl_verifies_the_cms_of_every_signature(
    documents: list[Path], anchors: Path, tmp_path: Path
) -> None:
    checked = 0
    for path in documents:
        pdf = path.read_bytes()
        for match in _BYTE_RANGE.finditer(pdf):
            first, length, second, rest = (int(number) for number in match.groups())
            content, cms = openssl.signed_parts(pdf, (first, length, second, rest))
            if _TST_INFO in cms[:100]:
                continue
            (tmp_path / "content").write_bytes(content)
            (tmp_path / "cms").write_bytes(cms)
            fine, said = openssl.verify_cms(tmp_path / "cms", tmp_path / "content", [anchors])
            assert fine, f"{path.name}: {said}"
            checked += 1
    assert checked == 24 + 12 + 2 * 4


def test_sha256sum_bagit_and_openssl_agree_on_the_bags(demo: Path, anchors: Path) -> None:
    for bag in sorted((demo / "archive").iterdir()):
        for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            subprocess.run(["sha256sum", "-c", "--strict", "--quiet", manifest], cwd=bag, check=True)
        assert bagit.Bag(str(bag)).is_valid()
        tags = bag / "tagmanifest-sha256.txt"
        assert openssl.verify_cms(bag / f"{tags.name}.p7s", tags, [anchors])[0]
        assert openssl.verify_token(bag / f"{tags.name}.tsr", tags, [anchors])[0]


def test_running_the_demo_again_needs_force_and_works(demo: Path, tmp_path: Path) -> None:
    other = tmp_path / "again"
    other.mkdir()
    (other / "mine.txt").write_text("keep me")
    assert run(["demo", str(other), "--force"]) == 2
    assert (other / "mine.txt").read_text() == "keep me"
    assert run(["demo", str(demo)]) == 2


def signed_positions(pdf: bytes) -> Iterator[tuple[str, int]]:
    """Pick bytes that a signature covers, spread over its ranges; of the last one's own CMS only the padding.

    A CMS also holds what nobody signs (unsigned attributes, further certificates), so a digit of the last
    one may change without changing what was signed; the earlier ones are covered by those after them.
    """
    chance = random.Random(2018)
    ranges = [tuple(int(group) for group in match.groups()) for match in _BYTE_RANGE.finditer(pdf)]
    for number, (first, length, second, rest) in enumerate(ranges):
        for _ in range(6):
            yield f"signature {number} before", chance.randrange(first, first + length)
            yield f"signature {number} after", chance.randrange(second, second + rest)
            if number + 1 < len(ranges):
                yield f"signature {number} contents", chance.randrange(first + length + 1, second - 1)
        if pdf[second - 9 : second - 1] == b"0" * 8:
            yield f"signature {number} padding", second - 3


def flipped(pdf: bytes, position: int) -> bytes:
    """Change one byte; a hex digit becomes another hex digit, so that padding stays hex."""
    old = pdf[position : position + 1]
    new = b"1" if old == b"0" else b"0" if old in b"123456789abcdefABCDEF" else bytes([old[0] ^ 0x01])
    return pdf[:position] + new + pdf[position + 1 :]


@pytest.mark.parametrize("name", ["HN0004.pdf", "confidentiality-agreement.pdf"])
def test_a_flipped_byte_is_found(
    demo: Path, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = next(path for path in demo.rglob(name) if "archive" not in path.parts).read_bytes()
    places = list(signed_positions(original))
    for number, (_, position) in enumerate(places):
        (tmp_path / f"{number:03d}.pdf").write_bytes(flipped(original, position))
    code, answer = verify_json(capsys, tmp_path, "--trust", demo / "trust", "--jobs", "2")
    assert code == 1
    files = answer["files"]
    assert isinstance(files, list)
    missed = [
        (places[int(Path(file["path"]).stem)], file["verdict"])
        for file in files
        if file["verdict"] == "valid" or file["unaltered"] is True
    ]
    assert missed == []
    assert len(files) == len(places)


def listed_files(bag: Path) -> list[str]:
    """Every path that a manifest of the bag lists, and the two seals."""
    names = []
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        names += [line.split(maxsplit=1)[1] for line in (bag / manifest).read_text().splitlines()]
    return [*names, "tagmanifest-sha256.txt", "tagmanifest-sha256.txt.p7s", "tagmanifest-sha256.txt.tsr"]


def test_a_flipped_byte_of_any_bag_file_is_found(demo: Path, tmp_path: Path) -> None:
    source = demo / "archive/agreements"
    trust = str(demo / "trust")
    bag = tmp_path / "bag"
    shutil.copytree(source, bag)
    assert run(["archive", "verify", str(bag), "--trust", trust]) == 0
    for name in listed_files(source):
        path = bag / name
        data = path.read_bytes()
        # The middle of a token is a certificate, which nobody signs there; its end is the signature value.
        place = len(data) - 8 if name.endswith(".tsr") else len(data) // 2
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :])
        assert run(["archive", "verify", str(bag), "--trust", trust]) == 1, name
        path.write_bytes(data)
    (bag / "data/extra.txt").write_text("not listed")
    assert run(["archive", "verify", str(bag), "--trust", trust]) == 1
    (bag / "data/extra.txt").unlink()
    (bag / "fetch.txt").write_text("")
    assert run(["archive", "verify", str(bag), "--trust", trust]) == 1
    (bag / "fetch.txt").unlink()
    (bag / "data/link").symlink_to("/etc/hostname")
    assert run(["archive", "verify", str(bag), "--trust", trust]) == 1


def stored_values(register: Path) -> list[tuple[str, str, int]]:
    """Every column of every table, in its first and last row."""
    connection = sqlite3.connect(register)
    found = []
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        if table.startswith("sqlite_"):
            continue
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        found += [(table, column, row) for column in columns for row in {0, count - 1} if count]
    connection.close()
    return found


def change_value(register: Path, table: str, column: str, row: int) -> None:
    """Change one stored value to another of its kind."""
    connection = sqlite3.connect(register)
    try:
        key = next(r[1] for r in connection.execute(f"PRAGMA table_info({table})") if r[5])
        name, old = connection.execute(
            f"SELECT {key}, {column} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {row}"
        ).fetchone()
        new: object
        if isinstance(old, bytes):
            new = bytes([old[0] ^ 1]) + old[1:]
        elif isinstance(old, int):
            new = old + 1_000_000
        else:
            new = (old or "") + "x"
        with connection:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (new, name))
    finally:
        connection.close()


def test_a_changed_value_of_the_register_is_found(demo: Path, tmp_path: Path) -> None:
    source = demo / "pledges/register.db"
    files = ["--files", str(demo / "pledges"), "--trust", str(demo / "trust")]
    assert run(["register", "verify", "--register", str(source), *files]) == 0
    copy = tmp_path / "register.db"
    missed = []
    for table, column, row in stored_values(source):
        shutil.copyfile(source, copy)
        change_value(copy, table, column, row)
        if run(["register", "verify", "--register", str(copy), *files]) != 1:
            missed.append((table, column, row))
    assert missed == []


def test_a_sealed_page_looks_like_its_reference_picture(demo: Path) -> None:
    # To renew after a wanted change: agreegen demo DIR, render page 4 at 60 dpi, look at it, replace the PNG.
    with pypdfium2.PdfDocument(demo / "agreements/confidentiality-agreement.pdf") as pdf:
        pdf.init_forms()
        page = pdf[3].render(scale=60 / 72).to_pil().convert("RGB")
    with Image.open(REFERENCE) as picture:
        reference = picture.convert("RGB")
    assert page.size == reference.size
    difference = ImageChops.difference(page, reference).convert("L")
    strong = sum(difference.histogram()[64:])
    assert strong <= 0.001 * page.width * page.height, f"{strong} pixels differ strongly"
    pixels = reference.tobytes()
    triples = zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True)
    red = sum(1 for r, g, b in triples if r > 150 and g < 90 and b < 90)
    assert red > 1_500, "the reference picture must show the seals"
