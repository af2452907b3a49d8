"""Files that other programs signed, raised to B-LTA and renewed: stock pyHanko's, and third-party ones."""

from __future__ import annotations

import asyncio
import io
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSigner
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko.sign.validation import DocumentSecurityStore, validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

from agreegen.errors import SigningError
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.model.report import FileReport, PadesLevel, Verdict
from agreegen.pipeline.signing import extend_and_check, sign_and_check
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.document_reading import read_state
from agreegen.signing.interface import SigningRequest, TimestampServer, Trust
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.judges import pdfsig, qpdf
from tests.unit.signing.conftest import make_pdf

NOW = datetime.now(UTC).replace(microsecond=0)
CORPUS = Path(os.environ.get("AGREEGEN_PDF_CORPUS", "../shared/pdf-corpus"))


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    folder = tmp_path_factory.mktemp("foreign") / "pki"
    return make_example_pki(folder, now=NOW, key_bits=2048, people=(), port=free_port())


@pytest.fixture(scope="module")
def services(pki: ExamplePki) -> Iterator[Responder]:
    with Responder(pki.folder) as responder:
        yield responder


@pytest.fixture(scope="module")
def anchors(pki: ExamplePki) -> Trust:
    return Trust(load_trust([pki.trust]).anchors_der)


def classic() -> bytes:
    return make_pdf(attachment=False)


def compressed() -> bytes:
    """Cross-reference streams and object streams."""
    return make_pdf(attachment=False, xref_stream=True)


def hybrid() -> bytes:
    """A table that frees an object, and a hidden stream that brings it back, as word processors write it."""
    base = classic()
    number = int(re.findall(rb"/Size (\d+)", base)[-1])
    body = base + b"%d 0 obj\n<< /Type /Note >>\nendobj\n" % number
    note, place = len(base), len(body)
    row = bytes([1]) + note.to_bytes(4, "big") + bytes([0])
    body += b"%d 0 obj\n<< /Type /XRef /W [1 4 1] /Index [%d 1] /Size %d /Length %d >>\nstream\n" % (
        number + 1,
        number,
        number + 2,
        len(row),
    )
    body += row + b"\nendstream\nendobj\n"
    table = len(body)
    previous, root = re.findall(rb"startxref\s+(\d+)", base)[-1], re.findall(rb"/Root (\d+)", base)[-1]
    body += b"xref\n0 1\n0000000000 65535 f \n%d 1\n0000000000 65535 f \n" % number
    body += b"trailer\n<< /Size %d /Root %s 0 R /Prev %s /XRefStm %d >>\n" % (
        number + 2,
        root,
        previous,
        place,
    )
    return body + b"startxref\n%d\n%%%%EOF\n" % table


def stock_sign(pdf: bytes, pki: ExamplePki, anchors: Trust, tsa_url: str, *, level: PadesLevel) -> bytes:
    """Sign as pyHanko's documentation shows it; with a level, it writes its own store, VRI included."""
    signer = SimpleSigner.load_pkcs12(  # type: ignore[no-untyped-call]
        str(pki.credentials / "unit-seal.p12"),
        passphrase=(pki.credentials / "unit-seal.pass").read_bytes().strip(),
    )
    long_term = level in (PadesLevel.B_LT, PadesLevel.B_LTA)
    context = None
    if long_term:
        roots = [asn1_x509.Certificate.load(der) for der in anchors.anchors_der]
        context = ValidationContext(
            trust_roots=[root for root in roots if root.public_key.algorithm == "rsa"], allow_fetching=True
        )
    metadata = PdfSignatureMetadata(
        field_name="Approval",
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        validation_context=context,
        embed_validation_info=long_term,
        use_pades_lta=level is PadesLevel.B_LTA,
    )
    stamper = None if level is PadesLevel.B_B else HTTPTimeStamper(tsa_url)
    made = asyncio.run(
        PdfSigner(metadata, signer, timestamper=stamper).async_sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        )
    )
    return bytes(made.getvalue())


def judge(data: bytes, anchors: Trust) -> FileReport:
    """Ask `verify` with anchors alone: all evidence has to be in the file."""
    return verify_bytes("a.pdf", data, Options(now=datetime.now(UTC), anchors_der=anchors.anchors_der))


def stock_accepts(data: bytes, anchors: Trust) -> bool:
    """Ask stock pyHanko, offline, for every signature and timestamp."""
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    loaded = [asn1_x509.Certificate.load(der) for der in anchors.anchors_der]
    roots = [root for root in loaded if root.public_key.algorithm == "rsa"]
    settings = {"trust_roots": roots, "allow_fetching": False, "revocation_mode": "require"}
    context = DocumentSecurityStore.read_dss(reader).as_validation_context(settings)
    verdicts = [
        validate_pdf_signature(found, context, ts_validation_context=context).bottom_line
        for found in reader.embedded_regular_signatures
    ]
    newest = reader.embedded_timestamp_signatures[-1]
    trusting = ValidationContext(trust_roots=roots, allow_fetching=True)
    verdicts.append(validate_pdf_timestamp(newest, trusting).valid)
    return all(verdicts)


@pytest.mark.parametrize("level", [PadesLevel.B_B, PadesLevel.B_T, PadesLevel.B_LT, PadesLevel.B_LTA])
@pytest.mark.parametrize("shape", [classic, compressed, hybrid])
def test_stock_files_reach_b_lta_and_are_renewed(
    shape: Callable[[], bytes],
    level: PadesLevel,
    pki: ExamplePki,
    services: Responder,
    anchors: Trust,
    tmp_path: Path,
) -> None:
    data = stock_sign(shape(), pki, anchors, services.tsa_url, level=level)
    if level in (PadesLevel.B_LT, PadesLevel.B_LTA):
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert "/VRI" in pdf.Root.DSS
    tsa = (TimestampServer(services.tsa_url),)
    for _ in range(2):
        now = datetime.now(UTC)
        extended = extend_and_check(data, PadesLevel.B_LTA, trust=anchors, tsa=tsa, now=now).data
        assert extended.startswith(data)
        data = extended
    report = judge(data, anchors)
    assert report.verdict is Verdict.VALID, [s.reasons for s in report.signatures]
    assert report.signatures[0].level is PadesLevel.B_LTA
    assert stock_accepts(data, anchors)
    path = tmp_path / "extended.pdf"
    path.write_bytes(data)
    assert qpdf.check(path) == []
    found = [entry.validation for entry in pdfsig.signatures(path) if entry.validation]
    assert found[0] == "Signature is Valid."


@pytest.mark.parametrize("level", [PadesLevel.B_T, PadesLevel.B_LTA])
def test_a_changed_stock_file_is_refused(
    level: PadesLevel, pki: ExamplePki, services: Responder, anchors: Trust
) -> None:
    data = stock_sign(compressed(), pki, anchors, services.tsa_url, level=PadesLevel.B_B)
    damaged = bytearray(data)
    damaged[data.index(b"stream\n") + 9] ^= 1
    tsa = (TimestampServer(services.tsa_url),)
    with pytest.raises(SigningError):
        extend_and_check(bytes(damaged), level, trust=anchors, tsa=tsa, now=NOW)
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    page = writer.root["/Pages"]["/Kids"][0]
    page[generic.pdf_name("/Rotate")] = generic.NumberObject(90)  # type: ignore[no-untyped-call]
    writer.update_container(page)
    target = io.BytesIO()
    writer.write(target)  # type: ignore[no-untyped-call]
    with pytest.raises(SigningError, match="changed"):
        extend_and_check(target.getvalue(), level, trust=anchors, tsa=tsa, now=NOW)


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the folder of third-party PDFs is not here")
def test_honest_third_party_files_are_raised_or_refused_for_a_reason(pki: ExamplePki) -> None:
    """At the time when each was signed: raised to B-T with all its signatures as they were, or refused."""
    clock = [NOW]
    raised = 0
    with Responder(pki.folder, 0, clock=lambda: clock[0]) as services:
        tsa = (TimestampServer(services.tsa_url),)
        for path in sorted((CORPUS / "intact").glob("*.pdf")):
            data = path.read_bytes()
            try:
                clock[0] = _signed_at(data) + timedelta(minutes=2)
                now = clock[0]
                before = verify_bytes("a", data, Options(now=now))
                extended = extend_and_check(data, PadesLevel.B_T, trust=Trust(), tsa=tsa, now=now).data
            except SigningError:
                continue
            assert extended.startswith(data)
            after = verify_bytes("a", extended, Options(now=now))
            kept = [(s.field, s.integrity) for s in after.signatures[: len(before.signatures)]]
            assert kept == [(s.field, s.integrity) for s in before.signatures], path.name
            assert after.unaltered is True, path.name
            raised += 1
    assert raised >= 35


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the folder of third-party PDFs is not here")
def test_third_party_files_are_signed_on_only_where_nothing_breaks(pki: ExamplePki) -> None:
    """Without anchors: given some, nobody signs beside signers whom these do not trust."""
    credential = load_credential(pki.credential("party-a-seal"))
    request = SigningRequest("agreegen_second", PadesLevel.B_B, NOW, Trust())
    signed, refused = 0, []
    for path in sorted((CORPUS / "intact").glob("*.pdf")):
        try:
            data = sign_and_check(path.read_bytes(), credential, request).pdf.data
        except SigningError:
            refused.append(path.name)
            continue
        report = verify_bytes("a", data, Options(now=NOW))
        assert report.unaltered is True, path.name
        assert report.signatures[-1].field == "agreegen_second"
        signed += 1
    assert signed >= 25, refused
    assert "3_original-document-shadowed-signed.pdf" in refused  # reads differently after any addition


def _signed_at(data: bytes) -> datetime:
    found = [s.content.time or s.embedded.self_reported_timestamp for s in read_state(data).signatures]
    return max((time for time in found if time is not None), default=NOW).astimezone(UTC)
