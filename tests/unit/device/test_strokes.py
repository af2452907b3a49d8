"""What is a signature on the pad, its file and its picture."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from agreegen.device.authority_files import AuthorityPlan, make_authority
from agreegen.device.strokes import MOST_POINTS, Drawing
from agreegen.device.strokes_envelope import seal_strokes
from agreegen.errors import CredentialError, InputError
from agreegen.files import sha256_of
from agreegen.signing.credentials.loading import load_credential
from tests.unit.device.conftest import OFFICE, drawing_text
from tests.unit.verification.own_files import OwnFiles

DOT = [[3000, 1200, 500, 0]]
LINE = [[1000 + n, 1200, 500, n] for n in range(30)]
REFUSED: dict[str, dict[str, Any]] = {
    "an empty pad": {"strokes": []},
    "an empty stroke": {"strokes": [[]]},
    "one dot": {"strokes": [DOT]},
    "one dot, held": {"strokes": [[[3000, 1200, 500, n] for n in range(200)]]},
    "a few dots": {"strokes": [[[500 * n, 1200, 500, n]] for n in range(1, 9)]},
    "a touch in passing": {"strokes": [LINE]},
    "outside of the pad": {"strokes": [[[1000 + 200 * n, 2401, 500, n] for n in range(20)]]},
    "time runs backwards": {"strokes": [[[1000 + 200 * n, 500, 500, 100 - n] for n in range(20)]]},
    "pressure beyond": {"strokes": [[[1000 + 200 * n, 500, 1001, n] for n in range(20)]]},
    "too many points": {"strokes": [[[n % 6000, n % 2400, 5, n] for n in range(MOST_POINTS + 1)]]},
    "fractions": {"strokes": [[[1000.5 + 200 * n, 500, 500, n] for n in range(20)]]},
    "truths": {"strokes": [[[True, 500, 500, n] for n in range(20)]]},
    "a tiny pad": {"width": 10, "height": 10},
    "text": {"strokes": "张伟"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_signature_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        Drawing.from_json(drawing_text(**REFUSED[name]))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"width": 1}', "[" * 100_000])
def test_what_is_no_drawing_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Drawing.from_json(text)


def test_the_file_is_bound_to_document_and_occasion() -> None:
    drawing = Drawing.from_json(drawing_text())
    files = {
        drawing.to_file(document_sha256=document, occasion=occasion)
        for document in ("00", "11")
        for occasion in ("a", "b")
    }
    assert len(files) == 4
    assert json.loads(min(files))["document_sha256"] == "00"


def test_the_same_strokes_have_the_same_shape_on_any_pad() -> None:
    shapes = {Drawing.from_json(drawing_text(width=width)).shape() for width in (6000, 6400)}
    assert len(shapes) == 1


def test_the_picture_is_a_page_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "drawing.pdf"
    path.write_bytes(Drawing.from_json(drawing_text()).to_pdf())
    with pikepdf.open(path) as pdf:
        (page,) = pdf.pages
        assert 20 < float(page.mediabox[2]) <= 180
        assert 20 < float(page.mediabox[3]) <= 80
    subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)


def test_only_the_archive_reads_the_strokes(own_files: OwnFiles, tmp_path: Path) -> None:
    strokes = Drawing.from_json(drawing_text()).to_file(document_sha256="00", occasion="a")
    archive = load_credential(own_files.pki.credential("archive-seal"))
    sealed = tmp_path / "strokes.p7m"
    sealed.write_bytes(seal_strokes(strokes, archive.certificate_der))
    assert b"strokes" not in sealed.read_bytes()
    keys = own_files.pki.credential("archive-seal").parent
    store, passphrase = next(keys.glob("**/archive-seal.p12")), next(keys.glob("**/archive-seal.pass*"))
    command = ["openssl", "pkcs12", "-in", str(store), "-nodes", "-passin", f"file:{passphrase}"]
    pem = tmp_path / "archive.pem"
    pem.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    command = ["openssl", "cms", "-decrypt", "-inform", "DER", "-in", str(sealed), "-inkey", str(pem)]
    opened = subprocess.run(command, check=True, capture_output=True)
    assert sha256_of(opened.stdout) == sha256_of(strokes)


def test_strokes_are_not_kept_for_a_key_that_cannot_read_them(office_root: bytes) -> None:
    with pytest.raises(CredentialError, match="RSA"):
        seal_strokes(b"strokes", office_root)


@pytest.fixture
def office_root(tmp_path: Path, own_files: OwnFiles) -> bytes:
    """The certificate of an authority with an elliptic key."""
    plan = AuthorityPlan(OFFICE, tmp_path / "root.key", None, clock=False, trust=tmp_path)
    make_authority(tmp_path / "authority", plan, now=own_files.now)
    return load_credential(tmp_path / "authority" / "issuing.yaml").certificate_der
