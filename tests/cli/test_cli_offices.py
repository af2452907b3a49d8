"""An agreement between two offices: party B has the PDF that party A sent, its own keys and the anchors."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.responder import Responder
from tests.cli.conftest import AGREEMENT_ROLES, Agreegen, Papers, files_below, sign
from tests.judges import pdfsig, verapdf

FORMS = Path(__file__).resolve().parents[2] / "forms"


@dataclass(frozen=True)
class OtherOffice:
    """Another machine: an empty home, the packaged forms, nothing of party A's."""

    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"HOME": str(self.folder / "home"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        program = Path(sys.executable).with_name("agreegen")
        return subprocess.run(
            [str(program), *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def sign(self, source: str, target: str, role: str) -> subprocess.CompletedProcess[str]:
        credential = f"keys/{role.replace('_', '-')}.yaml"
        line = ("sign", source, "-o", target, "--role", role, "--credential", credential)
        return self.run(*line, "--trust", "trust")

    def verify(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("verify", name, "--trust", "trust", "--json").stdout)
        file: dict[str, Any] = found["files"][0]
        return file


@pytest.fixture
def office(tmp_path: Path, pki: ExamplePki, papers: Papers) -> OtherOffice:
    folder = tmp_path / "b"
    for name in ("home", "keys"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(pki.trust, folder / "trust")
    for path in pki.credentials.glob("party-b-*"):
        shutil.copy(path, folder / "keys")
    sign(pki, papers.agreement, tmp_path / "a1.pdf", "party_a_seal", "party-a-seal")
    sign(pki, tmp_path / "a1.pdf", folder / "sent.pdf", "party_a_representative", "party-a-representative")
    own = folder / "own-forms" / "confidentiality-agreement"
    shutil.copytree(FORMS / "confidentiality-agreement", own, ignore=shutil.ignore_patterns("releases"))
    text = (own / "form.yaml").read_text("utf-8")
    (own / "form.yaml").write_text(re.sub(r"(?m)^version: .*$", 'version: "9.9"', text), "utf-8")
    return OtherOffice(folder)


def test_party_b_needs_the_file_its_keys_and_the_anchors(
    office: OtherOffice, agreegen: Agreegen, pki: ExamplePki
) -> None:
    """Two copies: what party B sends back is what both hold, and says the same to both."""
    sent = office.verify("sent.pdf")
    assert [s["role"] for s in sent["signatures"]] == ["party_a_seal", "party_a_representative"]
    assert sent["document"]["missing_roles"] == ["party_b_seal", "party_b_representative"]
    early = office.sign("sent.pdf", "early.pdf", "party_b_representative")
    assert (early.returncode, "party_b_seal must sign first" in early.stderr) == (6, True)
    for source, target, role in (
        ("sent.pdf", "sealed.pdf", "party_b_seal"),
        ("sealed.pdf", "both.pdf", "party_b_representative"),
    ):
        done = office.sign(source, target, role)
        assert done.returncode == 0, done.stderr
    assert not files_below(office.folder / "home")
    whole = (office.folder / "both.pdf").read_bytes()
    assert whole.startswith((office.folder / "sent.pdf").read_bytes())
    at_b = office.verify("both.pdf")
    at_a = agreegen("verify", office.folder / "both.pdf", "--trust", pki.trust, "--complete", "--json")
    assert at_a.code == 0
    for file in (at_b, at_a.json()["files"][0]):
        assert tuple(s["role"] for s in file["signatures"]) == AGREEMENT_ROLES
        assert [s["coverage"] for s in file["signatures"]] == ["revision"] * 3 + ["whole-file"]
        assert [s["changes_after"] for s in file["signatures"]] == ["permitted"] * 3 + ["none"]
        assert file["document"]["missing_roles"] == []
    said = agreegen("verify", office.folder / "both.pdf", "--trust", pki.trust).out
    assert (said.count("; covers the first "), said.count("; covers the whole file")) == (3, 1)
    ends = [int(s["details"]["signed_bytes"]) for s in at_b["signatures"]]
    assert ends == sorted(ends)  # each covers all before it
    assert ends[-1] == len(whole)


def test_what_party_b_is_refused(office: OtherOffice) -> None:
    assert office.sign("sent.pdf", "sealed.pdf", "party_b_seal").returncode == 0
    twice = office.sign("sealed.pdf", "x.pdf", "party_b_seal")
    assert (twice.returncode, "has signed this document already" in twice.stderr) == (6, True)
    line = ("sign", "sealed.pdf", "-o", "x.pdf", "--role", "party_b_representative", "--trust", "trust")
    foreign = office.run(*line, "--credential", "keys/party-b-seal.yaml")
    assert (foreign.returncode, "another holder" in foreign.stderr) == (6, True)
    unknown = office.run(*line, "--credential", "keys/party-b-representative.yaml", "--forms", "own-forms")
    assert (unknown.returncode, "form" in unknown.stderr) == (6, True)
    data = bytearray((office.folder / "sent.pdf").read_bytes())
    data[len(data) // 3] ^= 1
    (office.folder / "changed.pdf").write_bytes(data)
    changed = office.sign("changed.pdf", "x.pdf", "party_b_seal")
    assert (changed.returncode, "changed" in changed.stderr) == (6, True)
    assert not (office.folder / "x.pdf").exists()


def test_nobody_signs_after_the_last_required_role(office: OtherOffice, papers: Papers) -> None:
    shutil.copy(papers.signed_agreement, office.folder / "done.pdf")
    assert office.verify("done.pdf")["unaltered"] is True
    for role in ("party_b_seal", "party_b_representative"):
        refused = office.sign("done.pdf", "x.pdf", role)
        assert refused.returncode == 6
        assert "already" in refused.stderr
    assert not (office.folder / "x.pdf").exists()


def test_every_signer_adds_long_term_proof_and_the_next_one_signs_on(
    agreegen: Agreegen, pki: ExamplePki, services: Responder, papers: Papers, tmp_path: Path
) -> None:
    """Stores and timestamps between signatures leave the certification, and PDF/A, as they were."""
    source = papers.agreement
    for role in AGREEMENT_ROLES:
        target = tmp_path / f"{role}.pdf"
        credential = pki.credential(role.replace("_", "-"))
        line = ("sign", source, "-o", target, "--role", role, "--credential", credential)
        done = agreegen(
            *line, "--trust", pki.trust, "--level", "B-LTA", "--tsa", services.tsa_url, "--reason", "同意"
        )
        assert done.code == 0, done.err
        source = target
    file = agreegen("verify", source, "--trust", pki.trust, "--complete", "--json").json()["files"][0]
    assert (file["verdict"], file["unaltered"]) == ("valid", True)
    found = [s["level"] for s in file["signatures"] if s["kind"] == "signature"]
    assert found == ["B-LTA"] * 4
    said = [entry.validation for entry in pdfsig.signatures(source)][:4]
    assert said == ["Signature is Valid."] * 4
    if verapdf.available():
        assert verapdf.validate([source])[source][0]
