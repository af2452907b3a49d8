"""The files that mutations start from: our own signed ones, and third-party ones where they are at hand."""

from __future__ import annotations

import io
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pikepdf

from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import Document, build_document
from agreegen.model.form import Form
from agreegen.model.report import PadesLevel
from agreegen.packaged_data import samples_folder
from agreegen.pipeline.making import DocumentMaker
from agreegen.pipeline.read_back import Expected
from agreegen.pipeline.signing import sign_and_check
from agreegen.rosters.parameters import read_parameters
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import SigningRequest, TimestampServer
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options

CORPUS = Path(os.environ.get("AGREEGEN_PDF_CORPUS", "../shared/pdf-corpus"))
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_MANIFEST = "seeds.json"
Range = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Seed:
    """A file that mutations start from.

    Attributes:
        name: Its name in reports.
        data: Its bytes.
        ranges: The byte ranges of its signatures that lie within the file, in order of their ends.
        ours: Whether the product made it, so that it is known to be sound.
        numbers: Object numbers of its first page, that page's content, its catalogue and its form.
        store: Certificates, revocation lists and OCSP responses of its document security store, DER.
    """

    name: str
    data: bytes
    ranges: tuple[Range, ...]
    ours: bool
    numbers: Mapping[str, int]
    store: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def from_bytes(cls, name: str, data: bytes, *, ours: bool) -> Seed:
        """Describe a file."""
        found = {
            (int(a), int(b), int(c), int(d))
            for a, b, c, d in (match.groups() for match in _BYTE_RANGE.finditer(data))
        }
        ranges = sorted((r for r in found if _plausible(r, len(data))), key=lambda r: r[2] + r[3])
        return cls(name, data, tuple(ranges), ours, _landmarks(data), _store(data))


@dataclass(frozen=True, slots=True)
class SeedSet:
    """Seeds, and the options to judge their mutants with."""

    seeds: tuple[Seed, ...]
    options: Options


def signed_bytes(data: bytes, found: Range) -> bytes:
    """Return what a byte range takes out of a file."""
    start, first, second, length = found
    return data[start : start + first] + data[second : second + length]


def _plausible(found: Range, size: int) -> bool:
    start, first, second, length = found
    return start == 0 and 0 < first < second and length > 0 and second + length <= size


def _landmarks(data: bytes) -> dict[str, int]:
    numbers: dict[str, int] = {}
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            page = pdf.pages[0].obj
            contents = page.get("/Contents")
            if isinstance(contents, pikepdf.Array):
                contents = contents[0]
            named = {
                "page": page,
                "content": contents,
                "catalog": pdf.Root,
                "form": pdf.Root.get("/AcroForm"),
            }
            for name, found in named.items():
                if isinstance(found, pikepdf.Object) and found.is_indirect:
                    numbers[name] = found.objgen[0]
    except (pikepdf.PdfError, pikepdf.PasswordError, IndexError, ValueError, TypeError, KeyError):
        return numbers
    return numbers


def _store(data: bytes) -> tuple[tuple[str, bytes], ...]:
    found: list[tuple[str, bytes]] = []
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            store = pdf.Root.get("/DSS", pikepdf.Dictionary())
            for key in ("/Certs", "/CRLs", "/OCSPs"):
                found.extend((key, stream.read_bytes()) for stream in list(store.get(key, ())))
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, AttributeError):
        return ()
    return tuple(found)


def load_seeds(folder: Path, *, corpus: Path | None = None) -> SeedSet:
    """Load our own seeds from a folder, making them when it is new, and those of a corpus.

    Args:
        folder: Where our own seeds and the keys that signed them are kept, outside of the repository.
        corpus: Folder of third-party PDFs, read where they are; None for ours alone.
    """
    if not (folder / _MANIFEST).is_file():
        make_own_seeds(folder)
    manifest = json.loads((folder / _MANIFEST).read_bytes())
    trust = load_trust([folder / "pki" / "trust"])
    moment = datetime.fromisoformat(manifest["now"])
    options = Options(now=moment, anchors_der=trust.anchors_der, crls_der=trust.crls_der)
    seeds = [Seed.from_bytes(name, (folder / name).read_bytes(), ours=True) for name in manifest["files"]]
    if corpus is not None and corpus.is_dir():
        for path in sorted(corpus.rglob("*.pdf")):
            name = path.relative_to(corpus).as_posix()
            seeds.append(Seed.from_bytes(name, path.read_bytes(), ours=False))
    return SeedSet(tuple(seeds), options)


def make_own_seeds(folder: Path) -> None:
    """Make pledges of levels B-B, B-T and B-LTA and an agreement of level B-LTA, with a throw-away PKI."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).replace(microsecond=0)
    pki = make_example_pki(folder / "pki", now=now, key_bits=2048, port=free_port(), force=True)
    with Responder(pki.folder) as services:
        tsa = (TimestampServer(services.tsa_url),)
        files = {
            "pledge-bb.pdf": _make(pki.folder, "personal-pledge", PadesLevel.B_B, tsa),
            "pledge-bt.pdf": _make(pki.folder, "personal-pledge", PadesLevel.B_T, tsa),
            "pledge-blta.pdf": _make(pki.folder, "personal-pledge", PadesLevel.B_LTA, tsa),
            "agreement-blta.pdf": _make(pki.folder, "confidentiality-agreement", PadesLevel.B_LTA, tsa),
        }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    manifest = {"now": datetime.now(UTC).replace(microsecond=0).isoformat(), "files": list(files)}
    (folder / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def _make(pki: Path, form_id: str, level: PadesLevel, tsa: tuple[TimestampServer, ...]) -> bytes:
    form = find_form(form_id, forms_folder())
    document = _document(form)
    with DocumentMaker(form) as maker:
        made = maker.make(document)
    data = made.pdf
    roles = form.required_roles if form_id != "personal-pledge" else form.roles[:1]
    for role in roles:
        wanted = level if role is roles[-1] else PadesLevel.B_T
        request = SigningRequest(
            role.id, wanted, datetime.now(UTC).replace(microsecond=0), load_trust([pki / "trust"]), tsa
        )
        name = "unit-seal" if form_id == "personal-pledge" else role.id.replace("_", "-")
        credential = load_credential(pki / "credentials" / f"{name}.yaml")
        try:
            data = sign_and_check(
                data, credential, request, forms=form.directory.parent, expected=Expected(form, made.document)
            ).pdf.data
        finally:
            credential.close()
    return data


def _document(form: Form) -> Document:
    name = "pledge" if form.id == "personal-pledge" else form.id
    values = read_parameters(samples_folder() / f"{name}.yaml", form)
    return build_document(form, values, register_secret=secrets.token_bytes(32))
