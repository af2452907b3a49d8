"""`archive extract`: one document goes to somebody else with what it needs, and with nobody else's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from asn1crypto import x509

from agreegen.archive.gathering import certificates_in, scan
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.responder import Responder
from tests.cli.conftest import Agreegen, files_below


@pytest.fixture
def stamped(agreegen: Agreegen, pki: ExamplePki, bag: Path, services: Responder) -> Path:
    """The bag of several people's pledges, timestamped."""
    line = ("archive", "timestamp", bag, "--tsa", services.tsa_url, "--trust", pki.trust)
    assert agreegen(*line).code == 0
    return bag


def names(folder: Path) -> set[str]:
    """Return the common names of the certificates in a folder."""
    loaded = (x509.Certificate.load(path.read_bytes()) for path in folder.iterdir())
    return {str(each.subject.native["common_name"]) for each in loaded}


def test_nobody_else_who_signed_is_named(
    agreegen: Agreegen, pki: ExamplePki, stamped: Path, tmp_path: Path
) -> None:
    documents = sorted((stamped / "data/documents").rglob("*.pdf"))
    signers = {}
    for document in documents:
        found = {
            str(x509.Certificate.load(der).subject.native["common_name"])
            for der in certificates_in(scan(document.read_bytes()))
        }
        signers[document] = found
    everybody = names(stamped / "data/certificates")
    chosen = next(document for document in documents if everybody - signers[document])
    others = set().union(*signers.values()) - signers[chosen]
    assert others, "somebody else signed another document"
    out = tmp_path / "handed-out"
    name = chosen.relative_to(stamped / "data/documents").as_posix()
    assert agreegen("archive", "extract", stamped, name, "-o", out).code == 0
    found = names(out / "certificates")
    assert signers[chosen] <= found
    assert not others & found
    assert not [path for path in files_below(out) for other in others if other in path]
    roots = {
        str(x509.Certificate.load(path.read_bytes()).issuer.native["common_name"])
        for path in (out / "certificates").iterdir()
    }
    assert roots & everybody <= found, "with their authorities, up to the root"
    line = ("verify", out / chosen.name, "--evidence", out, "--crl", out / "crls", "--trust", pki.trust)
    assert agreegen(*line, "--json").json()["files"][0]["unaltered"] is True


def test_a_broken_document_takes_nobody_along(agreegen: Agreegen, stamped: Path, tmp_path: Path) -> None:
    document = next((stamped / "data/documents").rglob("*.pdf"))
    document.write_bytes(b"broken")
    out = tmp_path / "handed-out"
    name = document.relative_to(stamped / "data/documents").as_posix()
    assert agreegen("archive", "extract", stamped, name, "-o", out).code == 0
    assert names(out / "certificates") == names(stamped / "evidence/certificates")
