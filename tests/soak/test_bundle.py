"""The bundle on bare machines: built of a commit, installed without a network, and judged by others.

Building it needs a network the first time (wheels and Debian packages are kept in `~/.cache/agreegen`), and
making the roots does each time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from agreegen.conversion.compiled.description import ENGINE
from agreegen.example_pki.maker import make_example_pki
from agreegen.files import sha256_of_file
from agreegen.model.document import Document
from tests.judges import pdfsig, verapdf

ROOT = Path(__file__).parents[2]
TOOLS = ("debootstrap", "unshare", "apt-ftparchive", "dpkg-deb", "git", "openssl", "pdfsig")
AGREEMENTS = {"confidentiality-agreement.pdf", "data-use-agreement.pdf"}

pytestmark = [
    pytest.mark.soak,
    pytest.mark.verapdf,
    pytest.mark.skipif(os.geteuid() != 0, reason="making a Debian root needs root"),
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"),
    pytest.mark.skipif(not verapdf.available(), reason="needs a Java runtime and the veraPDF classes"),
]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A built bundle.

    Attributes:
        tarball: The file to carry over.
        source: The commit that it was built of, as a working tree.
    """

    tarball: Path
    source: Path


def build(source: Path, output: Path, *options: str | Path) -> Path:
    line = [sys.executable, source / ".ci" / "bundle" / "build.py", output, *options]
    subprocess.run(line, check=True, timeout=3600)
    (tarball,) = output.glob("*.tar")
    return tarball


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle")
    subprocess.run(["git", "clone", "--quiet", ROOT, folder / "source"], check=True)
    return Bundle(build(folder / "source", folder / "first"), folder / "source")


@pytest.fixture(scope="module")
def machines(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the two machines that `.ci/bundle/try` made; one has no LibreOffice."""
    folder = tmp_path_factory.mktemp("machines")
    script = bundle.source / ".ci" / "bundle" / "try"
    subprocess.run([script, bundle.tarball, folder], check=True, timeout=3600)
    return folder


def test_two_builds_of_a_commit_are_the_same_and_the_signature_lies_beside(
    bundle: Bundle, tmp_path: Path
) -> None:
    make_example_pki(tmp_path / "pki", now=datetime.now(UTC))
    credential = tmp_path / "pki" / "credentials" / "archive-seal.yaml"
    again = build(bundle.source, tmp_path / "out", "--credential", credential)
    assert again.name == bundle.tarball.name
    assert again.read_bytes() == bundle.tarball.read_bytes()
    sums = again.with_suffix(".sha256")
    assert sums.read_text("utf-8") == f"{sha256_of_file(again)}  {again.name}\n"
    signature = sums.with_name(f"{sums.name}.p7s")
    roots = tmp_path / "roots.pem"
    roots.write_bytes(b"".join(path.read_bytes() for path in (tmp_path / "pki" / "trust").glob("*.pem")))
    line: list[str | Path] = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        signature,
        "-content",
        sums,
    ]
    line += ["-CAfile", roots, "-purpose", "any", "-out", "/dev/null"]
    assert subprocess.run(line, check=False, capture_output=True).returncode == 0


def test_the_bill_of_materials_names_every_part_its_hash_and_its_licence(bundle: Bundle) -> None:
    with tarfile.open(bundle.tarball) as archive:
        names = archive.getnames()
        (listed,) = (name for name in names if name.endswith("/sbom.cdx.json"))
        (sums,) = (name for name in names if name.endswith("/SHA256SUMS"))
        bill = json.loads(read(archive, listed))
        hashes = set(read(archive, sums).decode().split()[::2])
    parts = [name for name in names if name.endswith((".whl", ".deb"))]
    components = bill["components"]
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert {one["hashes"][0]["content"] for one in components} <= hashes
    assert len({one["purl"] for one in components}) == len(parts)
    assert all(one["licenses"] for one in components)


def read(archive: tarfile.TarFile, name: str) -> bytes:
    """Return a file of a tarball."""
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


@pytest.mark.parametrize("machine", ["lean", "whole"])
def test_agreements_of_a_bare_machine_are_accepted(machines: Path, machine: str) -> None:
    agreements = sorted((machines / machine / "tmp" / "out" / "agreements").glob("*.pdf"))
    assert {path.name for path in agreements} == AGREEMENTS
    for path in agreements:
        *signatures, timestamp = [one.validation for one in pdfsig.signatures(path)]
        assert signatures == ["Signature is Valid."] * 4
        assert timestamp == "Signature has not yet been verified."  # of what RFC 3161 made it says no more
        with pikepdf.open(path) as pdf:
            attached = Document.from_json(pdf.attachments["agreegen.json"].get_file().read_bytes())
        assert attached.engine == ENGINE
    assert verapdf.validate(agreements) == {path: (True, []) for path in agreements}


def test_the_lean_machine_has_no_libreoffice(machines: Path) -> None:
    assert not list((machines / "lean" / "usr").glob("**/soffice*"))
    assert list((machines / "whole" / "usr").glob("**/soffice*"))
