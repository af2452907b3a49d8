"""Signed agreements before independent judges: pdfsig, qpdf, openssl and veraPDF."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import build_document
from agreegen.model.report import PadesLevel
from agreegen.pipeline.making import DocumentMaker
from agreegen.rosters.parameters import read_parameters
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.document_reading import read_state
from agreegen.signing.extend import extend_pdf
from agreegen.signing.interface import AppearanceSource, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.trust import load_trust
from tests.judges import openssl, pdfsig, qpdf, verapdf
from tests.unit.signing.conftest import MiniCa, make_key, make_pdf, write_pem

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)
needs_office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    folder = tmp_path_factory.mktemp("judges") / "pki"
    return make_example_pki(folder, now=NOW, key_bits=2048, people=(), port=free_port())


@pytest.fixture(scope="module")
def services(pki: ExamplePki) -> Iterator[Responder]:
    with Responder(pki.folder) as responder:
        yield responder


@pytest.fixture(scope="module")
def anchors(pki: ExamplePki) -> Trust:
    return Trust(load_trust([pki.trust]).anchors_der)


def pdf_seal(path: Path) -> Path:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(119.06, 119.06))
        page.obj.Contents = pdf.make_stream(b"0.8 0 0 RG 3 w 9 9 100 100 re S")
        pdf.save(path)
    return path


@pytest.fixture(scope="module")
def stages(
    pki: ExamplePki, services: Responder, anchors: Trust, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """A real agreement: unsigned, after each of its four signatures, as B-LTA, and renewed."""
    form = find_form("confidentiality-agreement", forms_folder(None))
    values = read_parameters(ROOT / "batch" / "confidentiality-agreement.yaml", form)
    with DocumentMaker(form) as maker:
        made = maker.make(build_document(form, values))
    tsa = (TimestampServer(services.tsa_url),)
    files = [made.pdf]
    for role in made.document.roles:
        credential = load_credential(pki.credential(role.id.replace("_", "-")))
        if role.id == "party_a_representative":  # one without a picture: name and time as text
            credential = replace(credential, appearance=None)
        if role.id == "party_b_seal":  # one whose seal is a PDF
            seal = pdf_seal(tmp_path_factory.mktemp("seal") / "seal.pdf")
            credential = replace(credential, appearance=AppearanceSource(seal))
        request = SigningRequest(role.id, PadesLevel.B_T, NOW, anchors, tsa, "同意", "豫州市")
        files.append(sign_pdf(files[-1], credential, request).data)
    for _ in range(2):
        files.append(extend_pdf(files[-1], PadesLevel.B_LTA, trust=anchors, tsa=tsa, now=NOW).data)
    folder = tmp_path_factory.mktemp("stages")
    paths = [folder / f"{number}.pdf" for number in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    return paths


@needs_office
@pytest.mark.libreoffice
def test_every_stage_is_sound(stages: list[Path]) -> None:
    assert [qpdf.check(path) for path in stages] == [[] for _ in stages]
    for number, path in enumerate(stages[:5]):
        found = [entry for entry in pdfsig.signatures(path) if entry.validation]
        assert len(found) == number
        assert all("Signature is Valid" in signature.validation for signature in found)


@needs_office
@pytest.mark.libreoffice
@pytest.mark.verapdf
@pytest.mark.skipif(not verapdf.available(), reason="needs a Java runtime and the veraPDF classes")
def test_every_stage_is_pdf_a(stages: list[Path]) -> None:
    verdicts = verapdf.validate(stages)
    assert {path.name: verdict for path, verdict in verdicts.items() if not verdict[0]} == {}


@needs_office
@pytest.mark.libreoffice
def test_openssl_agrees_on_every_signature(stages: list[Path], pki: ExamplePki, tmp_path: Path) -> None:
    data = stages[4].read_bytes()
    bundle = tmp_path / "anchors.pem"
    bundle.write_bytes(b"".join(path.read_bytes() for path in sorted(pki.trust.glob("*.pem"))))
    for signature in read_state(data).signatures:
        numbers = tuple(int(number) for number in signature.embedded.byte_range)
        signed, cms = openssl.signed_parts(data, (numbers[0], numbers[1], numbers[2], numbers[3]))
        (tmp_path / "signed").write_bytes(signed)
        (tmp_path / "cms").write_bytes(cms)
        verdict, said = openssl.verify_cms(tmp_path / "cms", tmp_path / "signed", [bundle])
        assert verdict, said
        (tmp_path / "signed").write_bytes(signed[:-1])
        assert not openssl.verify_cms(tmp_path / "cms", tmp_path / "signed", [bundle])[0]


@needs_office
@pytest.mark.libreoffice
def test_openssl_agrees_on_every_timestamp(stages: list[Path], pki: ExamplePki, tmp_path: Path) -> None:
    """Those over the signature values, and those over the document."""
    data, root = stages[-1].read_bytes(), pki.trust / "root.pem"
    stamped: list[tuple[bytes, bytes]] = []
    for signature in read_state(data).signatures:
        numbers = [int(number) for number in signature.embedded.byte_range]
        covered, cms = openssl.signed_parts(data, (numbers[0], numbers[1], numbers[2], numbers[3]))
        if signature.timestamp:
            stamped.append((cms, covered))
        tokens = signature.content.tokens
        stamped.extend((token, signature.content.cms.signature) for token in tokens)
    assert len(stamped) == 6  # of four signatures, and two of the document
    for token, content in stamped:
        (tmp_path / "token").write_bytes(token)
        (tmp_path / "content").write_bytes(content)
        verdict, said = openssl.verify_token(tmp_path / "token", tmp_path / "content", [root])
        assert verdict, said
        (tmp_path / "content").write_bytes(content[:-1])
        assert not openssl.verify_token(tmp_path / "token", tmp_path / "content", [root])[0]


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "rsa4096", "p256", "p384"])
@pytest.mark.parametrize("xref_stream", [False, True], ids=["quick", "pyhanko"])
def test_judges_agree_on_every_key(kind: str, xref_stream: bool, tmp_path: Path) -> None:
    authority, key = MiniCa(NOW), make_key(kind)
    credential = load_credential(write_pem(tmp_path / "own", key, authority.issue(key, "张伟")))
    root = write_pem(tmp_path / "root", authority.key, authority.certificate).parent / "cert.pem"
    request = SigningRequest("pledger", PadesLevel.B_B, NOW, authority.trust)
    data = sign_pdf(make_pdf(xref_stream=xref_stream), credential, request).data
    path = tmp_path / "signed.pdf"
    path.write_bytes(data)
    assert qpdf.check(path) == []
    (found,) = (entry for entry in pdfsig.signatures(path) if entry.validation)
    assert "Signature is Valid" in found.validation
    (signature,) = read_state(data).signatures
    numbers = [int(number) for number in signature.embedded.byte_range]
    signed, cms = openssl.signed_parts(data, (numbers[0], numbers[1], numbers[2], numbers[3]))
    (tmp_path / "data").write_bytes(signed)
    (tmp_path / "cms").write_bytes(cms)
    verdict, said = openssl.verify_cms(tmp_path / "cms", tmp_path / "data", [root])
    assert verdict, said
