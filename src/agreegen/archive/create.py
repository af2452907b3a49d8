"""Writing a bag: everything in a temporary folder beside the target, signed, made durable, renamed."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from agreegen import __version__
from agreegen.archive.choosing import SourceDocument, choose_documents
from agreegen.archive.gathering import (
    certificate_name,
    certificates_in,
    crls_in,
    encode_parameters,
    own_document,
    read_structure,
    row_for,
)
from agreegen.archive.interface import (
    PAYLOAD_MANIFEST,
    RETENTION_LABEL,
    SIGNATURE_NAME,
    TAG_MANIFEST,
    TOKEN_LABEL,
    TOKEN_NAME,
    BagRequest,
    BagSummary,
)
from agreegen.archive.kept_rows import KeptRows
from agreegen.archive.manifests import (
    BAGIT_TXT,
    format_info,
    manifest_lines,
)
from agreegen.archive.names import refuse_bad_names
from agreegen.archive.paper import paper_files, read_paper, with_paper
from agreegen.archive.payload_hashes import PayloadHashes
from agreegen.archive.sealing import seal
from agreegen.archive.structure import refuse_inside_bag
from agreegen.errors import ArchiveError, InputError, UsageError
from agreegen.files import (
    TEMPORARY_PREFIX,
    clear_abandoned,
    sha256_of,
    sha256_of_file,
    sync_folder,
    sync_tree,
)
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.messages import message, reader_language
from agreegen.model.document import canonical_json
from agreegen.model.report import FileReport, Report
from agreegen.model.retention import Retention, longest
from agreegen.recording.known_heads import HEADS_IN_BAG, encode_heads
from agreegen.recording.recorder import Recorder
from agreegen.recording.standing import require_register_unchanged
from agreegen.register.export import export_csv
from agreegen.register.interface import EventDraft, EventKind
from agreegen.register.store import Register
from agreegen.reports.verification.abridging import abridge
from agreegen.reports.verification.html import write_html
from agreegen.temporary import OwnFolder
from agreegen.verification.interface import Options
from agreegen.verification.service import judging_processes, verify_paths

_REGISTER_NAME = "register.db"
_DOCUMENTS = "data/documents/"


@dataclass(slots=True)
class _Draft:
    """A bag in the making.

    Attributes:
        folder: Temporary folder.
        rows: What the register (or the files) say of each document.
        hashes: Payload path → SHA-256.
        certificates: File name → DER.
        crls: File name → DER.
    """

    folder: Path
    rows: KeptRows
    hashes: PayloadHashes
    certificates: dict[str, bytes] = field(default_factory=dict)
    crls: dict[str, bytes] = field(default_factory=dict)

    def add(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write one payload file and note its hash."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123
            file.write(data)
        self.hashes.add(path, sha256_of(data))

    def take(self, path: str, write: Callable[[Path], None]) -> None:
        """Let something be written as a payload file and note its hash."""
        target = self.folder / path
        write(target)
        self.hashes.add(path, sha256_of_file(target))


def create_bag(request: BagRequest, *, recorder: Recorder | None = None) -> BagSummary:
    """Write a signed bag, whole or not at all.

    Args:
        request: What to archive and who signs.
        recorder: Writes to the source's register, and records the archiving when the bag stands. Without
            it, a `register.db` in the source is only read.

    Returns:
        What the bag holds.

    Raises:
        UsageError: The target is there already.
        ArchiveError: There is nothing to archive, a document is not the one that the register knows, or the
            disk cannot be written.
        SigningError: The bag could not be signed or timestamped.
        RegisterError: The register cannot be read or written, or was changed by other means than a command.
    """
    if recorder is not None:
        summary = _create(request, recorder.register)
        _record_archived(recorder, summary, request)
        return summary
    path = request.source / _REGISTER_NAME
    if not path.is_file():
        return _create(request, None)
    with Register.open(path, read_only=True) as register:
        require_register_unchanged(register)  # who records in it has asked that before
        return _create(request, register)


def _record_archived(recorder: Recorder, summary: BagSummary, request: BagRequest) -> None:
    """Record in the register that its documents are in a bag, under a signed head.

    Raises:
        CredentialError: The key cannot sign.
        RegisterError: The register cannot be written.
    """
    facts = {"bag": summary.bag.name, "credential": request.credential.name}

    def drafts() -> Iterator[EventDraft]:
        for path in summary.document_paths:
            row = recorder.register.document_by_path(path)
            if row is not None:
                yield EventDraft(EventKind.ARCHIVED, row.registration.id, sha256=row.sha256, details=facts)

    recorder.record(drafts(), now=request.now)


def _create(request: BagRequest, register: Register | None) -> BagSummary:
    _bring_back(request.bag)
    clear_abandoned(
        request.bag.parent
    )  # half a bag holds ID numbers, also where there is nothing left to make
    _refuse_target(request)
    choice = choose_documents(request, register)
    refuse_bad_names([document.path.removeprefix("documents/") for document in choice.documents])
    with _drafting(request.bag) as folder, KeptRows() as rows, PayloadHashes() as hashes:
        draft = _Draft(folder, rows, hashes)
        for document in choice.documents:
            _add_document(draft, request, document, register)
        for path, data in paper_files(request.source, draft.rows):
            draft.add(path, data, mode=0o600)
        _add_evidence(draft, request)
        _add_reports(draft, request)
        _add_register(draft, request, register)
        for name, data in request.attachments:
            draft.add(f"data/{name}", data, mode=0o600)
        payload_bytes = sum((folder / path).stat().st_size for path in draft.hashes)
        tag_manifest = _write_tags(draft, request, payload_bytes)
        sealed = seal(tag_manifest, request)
        payload_files = len(hashes)
        (folder / SIGNATURE_NAME).write_bytes(sealed.signature)
        if sealed.token is not None:
            (folder / TOKEN_NAME).write_bytes(sealed.token)
        sync_tree(folder)
        _take_place(folder, request)
    return BagSummary(
        bag=request.bag,
        documents=len(choice.documents),
        payload_files=payload_files,
        payload_bytes=payload_bytes,
        timestamped=sealed.token is not None,
        document_paths=tuple(document.path for document in choice.documents),
        left_out=choice.left_out,
    )


def _aside(bag: Path) -> Path:
    """Return the name under which a bag waits while another one takes its place."""
    return bag.with_name(f"{TEMPORARY_PREFIX}{bag.name}-old")


def _bring_back(bag: Path) -> None:
    """Undo half of a replacement that was killed: the old bag counts until the new one has its name."""
    old = _aside(bag)
    if not old.is_dir():
        return
    if bag.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.rename(bag)


def _refuse_target(request: BagRequest) -> None:
    bag = request.bag
    refuse_inside_bag(bag.parent)
    if not (bag.exists() or bag.is_symlink()):
        return
    if not request.force:
        raise UsageError(
            message("archive.exists-already", bag=bag),
            hint=message("archive.choose-another-folder-or-add-force"),
        )
    if bag.is_symlink() or not (bag / "bagit.txt").is_file():
        raise UsageError(
            message("archive.not-bag-so-force-does-not", bag=bag),
            hint=message("archive.choose-another-folder"),
        )


@contextlib.contextmanager
def _drafting(bag: Path) -> Iterator[Path]:
    try:
        bag.parent.mkdir(parents=True, exist_ok=True)
        with OwnFolder(bag.parent, bag.name) as folder:
            yield folder
    except OSError as exc:
        raise ArchiveError(
            message("archive.cannot-written", bag=bag, exc=exc),
            hint=message("archive.check-disk-permissions"),
        ) from exc


def _add_document(
    draft: _Draft, request: BagRequest, document: SourceDocument, register: Register | None
) -> None:
    relative = document.path.removeprefix("documents/")
    try:
        data = (request.source / document.path).read_bytes()
    except OSError as exc:
        raise ArchiveError(
            message("archive.cannot-read", path=document.path, exc=exc),
            hint=message("archive.run-register-verify"),
        ) from exc
    digest = sha256_of(data)
    row = None if register is None or document.id is None else register.document(document.id)
    if row is not None and row.sha256 != digest:
        raise ArchiveError(
            message("archive.not-file-register-knows", path=document.path),
            hint=message("archive.run-register-verify"),
        )
    structure = read_structure(data, Options(now=request.now, forms_folder=request.forms_folder))
    described = own_document(structure)
    draft.add(f"data/documents/{relative}", data)
    parameters = encode_parameters(described, row, omit_ids=request.omit_ids)
    draft.add(f"data/parameters/{relative}.json", parameters, mode=0o600)
    draft.rows.add(row or row_for(document.path, digest, structure, described))
    for der in certificates_in(structure):
        draft.certificates.setdefault(certificate_name(der), der)
    for der in crls_in(structure):
        draft.crls.setdefault(f"{sha256_of(der)[:16]}.crl", der)


def _add_evidence(draft: _Draft, request: BagRequest) -> None:
    """Add certificates and revocation lists: evidence only, the anchors come from whoever verifies."""
    credential = request.credential
    for der in (credential.certificate_der, *credential.chain_der, *request.trust.anchors_der):
        draft.certificates.setdefault(certificate_name(der), der)
    for der in request.trust.crls_der:
        draft.crls.setdefault(f"{sha256_of(der)[:16]}.crl", der)
    for folder, files in (("certificates", draft.certificates), ("crls", draft.crls)):
        for name, der in files.items():
            draft.add(f"data/{folder}/{name}", der)


def _add_reports(draft: _Draft, request: BagRequest) -> None:
    options = Options(
        now=request.now,
        anchors_der=request.trust.anchors_der,
        crls_der=tuple(draft.crls.values()),
        forms_folder=request.forms_folder,
        sm2_signer_ids=()
        if request.credential.sm2_signer_id is None
        else (request.credential.sm2_signer_id,),
    )
    paths = (draft.folder / name for name in draft.hashes.below(_DOCUMENTS))
    judged = verify_paths(paths, options, jobs=judging_processes(draft.rows.count))
    on_paper, _ = read_paper(draft.folder, draft.hashes)
    named = zip(draft.hashes.below(_DOCUMENTS), judged, strict=True)
    files = (with_paper(replace(file, path=name), on_paper) for name, file in named)
    report = _write_json(draft, files)
    language = reader_language()
    draft.take(
        "data/verification-report.html", lambda target: write_html(target, report, options, lang=language)
    )


def _write_json(draft: _Draft, files: Iterator[FileReport]) -> Report:
    """Write the reports as the JSON of `verify`, one after the other; return what a list of them shows."""
    kept: list[FileReport] = []

    def write(target: Path) -> None:
        with target.open("wb") as output:
            output.write(b'{"files":[')

            def written() -> Iterator[FileReport]:
                for number, file in enumerate(files):
                    output.write((b"," if number else b"") + canonical_json(file.to_dict()))
                    yield file

            kept.extend(abridge(written()))
            output.write(b'],"summary":' + canonical_json(Report(tuple(kept)).counts()) + b"}\n")

    draft.take("data/verification-report.json", write)
    return Report(tuple(kept))


def _add_register(draft: _Draft, request: BagRequest, register: Register | None) -> None:
    path = draft.folder / "data/register.csv"
    export_csv(draft.rows, path, omit_ids=request.omit_ids)
    draft.hashes.add("data/register.csv", sha256_of_file(path))
    if register is None:
        return
    draft.add(HEADS_IN_BAG, encode_heads(register))


def _retention(draft: _Draft, request: BagRequest) -> Retention | None:
    """Return how long the bag is kept: as the request says, else the longest that a form of it names."""
    if request.retention is not None:
        return request.retention
    folder = forms_folder(request.forms_folder)
    named = []
    for form_id in sorted({row.registration.form_id for row in draft.rows if row.registration.form_id}):
        with contextlib.suppress(InputError):  # a form that is not at hand says nothing
            named.append(find_form(form_id, folder).retention)
    return longest(each for each in named if each is not None)


def _write_tags(draft: _Draft, request: BagRequest, payload_bytes: int) -> bytes:
    """Write declaration, description and manifests; return the tag manifest (RFC 8493, 2.1 and 2.2)."""
    retention = _retention(draft, request)
    info = format_info(
        [
            ("Bagging-Date", request.now.date().isoformat()),
            ("Bag-Software-Agent", f"agreegen {__version__}"),
            ("External-Identifier", request.bag.name),
            (
                "External-Description",
                str(message("archive.documents-parameters-evidence-reports", count=draft.rows.count)),
            ),
            *([(RETENTION_LABEL, str(retention))] if retention is not None else []),
            ("Payload-Oxum", f"{payload_bytes}.{len(draft.hashes)}"),
            # No manifest can list the token; named here, it cannot go unnoticed.
            *([(TOKEN_LABEL, TOKEN_NAME)] if request.tsa else []),
        ]
    )
    (draft.folder / "bagit.txt").write_bytes(BAGIT_TXT)
    (draft.folder / "bag-info.txt").write_bytes(info)
    with (draft.folder / PAYLOAD_MANIFEST).open("wb") as file:
        file.writelines(manifest_lines(draft.hashes.items()))
    tags = ("bagit.txt", "bag-info.txt", PAYLOAD_MANIFEST)
    tag_manifest = b"".join(
        manifest_lines((name, sha256_of_file(draft.folder / name)) for name in sorted(tags))
    )
    (draft.folder / TAG_MANIFEST).write_bytes(tag_manifest)
    return tag_manifest


def _take_place(folder: Path, request: BagRequest) -> None:
    bag = request.bag
    old = _aside(bag)
    if bag.exists():
        bag.rename(old)
    try:
        folder.chmod(0o755)  # so far it was its owner's only
        folder.rename(bag)
    except OSError:
        if old.exists():
            old.rename(bag)
        raise
    sync_folder(bag.parent)
    shutil.rmtree(old, ignore_errors=True)
