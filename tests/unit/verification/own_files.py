"""Files of our own making: the compiled pledge, signed in every way that we have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from PIL import Image

from agreegen.conversion.interface import EngineChoice
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import Document, build_document
from agreegen.model.form import Form
from agreegen.model.report import PadesLevel
from agreegen.pipeline.making import DocumentMaker
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.extend import extend_pdf
from agreegen.signing.interface import AppearanceSource, Credential, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import BatchSigner, sign_pdf
from agreegen.signing.prepared import SigningIdentity
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options

PERSON = "欧阳晓云"


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """What the tests of our own files share.

    Attributes:
        form: The pledge.
        document: One pledge.
        unsigned: Its file.
        signed: Files made from it, by how they were signed.
        pki: Who signed.
        trust: Anchors and lists.
        now: When.
    """

    form: Form
    document: Document
    unsigned: bytes
    signed: dict[str, bytes]
    pki: ExamplePki
    trust: Trust
    now: datetime

    @property
    def options(self) -> Options:
        """Options that trust the signers."""
        return Options(now=self.now, anchors_der=self.trust.anchors_der, crls_der=self.trust.crls_der)

    def sign(self, pdf: bytes, role: str = "unit", **entries: str) -> bytes:
        """Sign a file in a role at B-B."""
        name = "unit-seal" if role == "unit" else "people/HN0001"
        credential = load_credential(self.pki.credential(name))
        try:
            request = SigningRequest(role, PadesLevel.B_B, self.now, self.trust, **entries)  # type: ignore[arg-type]
            return sign_with(credential, request, pdf)
        finally:
            credential.close()


def sign_with(
    credential: Credential, request: SigningRequest, pdf: bytes, picture: Path | None = None
) -> bytes:
    """Sign one file as a batch does, with a picture or with the name as text."""
    appearance = None if picture is None else AppearanceSource(picture)
    signer = BatchSigner(replace(SigningIdentity.of(credential), appearance=appearance), request)
    prepared = signer.prepare(pdf)
    return signer.finish(prepared, credential.signer.sign(prepared.attributes)).data


def make_own_files(folder: Path) -> OwnFiles:
    """Make a PKI and the files."""
    now = datetime.now(UTC).replace(microsecond=0)
    pki = make_example_pki(
        folder / "pki", now=now, key_bits=2048, people=(("HN0001", PERSON),), port=free_port()
    )
    form = find_form("personal-pledge", forms_folder())
    document = build_document(
        form, {"pledger_name": PERSON, "pledge_date": date(2018, 5, 10), "staff_no": "HN0001"}
    )
    with DocumentMaker(form, engine=EngineChoice.COMPILED) as maker:
        made = maker.make(document)
    files = OwnFiles(form, made.document, made.pdf, {}, pki, load_trust([pki.trust]), now)
    _sign_quickly(files, folder)
    _sign_at_levels(files)
    return files


def _sign_quickly(files: OwnFiles, folder: Path) -> None:
    signed, unsigned = files.signed, files.unsigned
    signed["unit"] = files.sign(unsigned)
    signed["unit, with reason and place"] = files.sign(unsigned, reason="见证（属实）", location="豫州市")
    signed["pledger, name as text"] = files.sign(unsigned, "pledger")
    credential = load_credential(files.pki.credential("people/HN0001"))
    request = SigningRequest("pledger", PadesLevel.B_B, files.now, files.trust)
    for name, image in (("pixels", folder / "seal.png"), ("a page", folder / "seal.pdf")):
        Image.new("RGBA" if image.suffix == ".png" else "RGB", (60, 20), "red").save(image)
        signed[f"pledger, {name} as picture"] = sign_with(credential, request, unsigned, image)
    credential.close()
    signed["unit, then pledger"] = files.sign(signed["unit"], "pledger")


def _extend(files: OwnFiles, tsa: tuple[TimestampServer, ...]) -> None:
    """Raise files later, whoever has signed, and renew one."""
    for name, level, further in (
        ("pledger, name as text", PadesLevel.B_LTA, "raised to B-LTA"),
        ("unit, then pledger", PadesLevel.B_LT, "raised to B-LT"),
        ("unit", PadesLevel.B_T, "raised to B-T"),
        ("unit, B-LTA", PadesLevel.B_LTA, "renewed"),
    ):
        made = extend_pdf(files.signed[name], level, trust=files.trust, tsa=tsa, now=files.now)
        files.signed[f"{name}, {further}"] = made.data
    files.signed["unit, raised to B-T, then pledger"] = files.sign(
        files.signed["unit, raised to B-T"], "pledger"
    )


def _sign_at_levels(files: OwnFiles) -> None:
    credential = load_credential(files.pki.credential("unit-seal"))
    with Responder(files.pki.folder) as services:
        tsa = (TimestampServer(services.tsa_url),)
        for level in (PadesLevel.B_T, PadesLevel.B_LT, PadesLevel.B_LTA):
            request = SigningRequest("unit", level, files.now, files.trust, tsa)
            files.signed[f"unit, {level}"] = sign_pdf(files.unsigned, credential, request, checked=True).data
        _extend(files, tsa)
    person = load_credential(files.pki.credential("people/HN0001"))
    request = SigningRequest("pledger", PadesLevel.B_B, files.now, files.trust)
    stamped = files.signed["unit, B-T"]
    files.signed["unit, B-T, then pledger, a page as picture"] = sign_with(
        person, request, stamped, files.pki.folder.parent / "seal.pdf"
    )
    person.close()
    credential.close()
