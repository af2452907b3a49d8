"""Which documents go into a bag, and which are left out by name: those nobody signed or registered."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agreegen.archive.gathering import read_structure
from agreegen.archive.interface import BagRequest, LeftOut
from agreegen.errors import ArchiveError
from agreegen.files import pdfs_below
from agreegen.messages import Message, message
from agreegen.model.report import SignatureKind
from agreegen.register.store import Register
from agreegen.verification.interface import Options

_DOCUMENTS = "documents"
UNSIGNED, UNKNOWN = message("archive.nobody-has-signed"), message("archive.register-does-not-know-2")


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A PDF to archive.

    Attributes:
        path: Its path below the source, with forward slashes.
        id: Its id in the register; None where no register knows it.
    """

    path: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a bag takes, in the order of the paths, and what it leaves out."""

    documents: tuple[SourceDocument, ...]
    left_out: tuple[LeftOut, ...] = ()


def choose_documents(request: BagRequest, register: Register | None) -> Choice:
    """Choose the documents: those in force where there is a register, else every PDF.

    Documents that the caller names are taken as they are. Of the others, those that nobody signed and those
    that the register does not know are left out, unless the request includes them.

    Raises:
        ArchiveError: There is none.
    """
    if request.documents is not None:
        named = [SourceDocument(path, _known_id(register, path)) for path in request.documents]
        return _choice(request, ((document, None) for document in named))
    if register is None:
        return _choice(request, ((document, _unsigned(request, document)) for document in _pdfs(request)))
    return _choice(request, itertools.chain(_registered(register), _unregistered(request, register)))


def _choice(request: BagRequest, found: Iterable[tuple[SourceDocument, Message | None]]) -> Choice:
    taken: list[SourceDocument] = []
    left_out: list[LeftOut] = []
    for document, reason in found:
        if reason is None or request.include_unsigned:
            taken.append(document)
        else:
            left_out.append(LeftOut(document.path, reason))
    if not taken:
        hint = message("archive.name-folder-pdf-files")
        if left_out:
            hint = message(
                "archive.were-left-out-include-unsigned-takes", count=len(left_out), left_out=left_out[0].told
            )
        raise ArchiveError(message("archive.holds-no-document-archive", source=request.source), hint=hint)
    return Choice(
        tuple(sorted(taken, key=lambda document: document.path)),
        tuple(sorted(left_out, key=lambda each: each.path)),
    )


def _known_id(register: Register | None, path: str) -> str | None:
    if register is None:
        return None
    row = register.document_by_path(path)
    if row is None:
        raise ArchiveError(
            message("archive.register-does-not-know", path=path), hint=message("archive.run-register-verify")
        )
    return row.registration.id


def _registered(register: Register) -> Iterator[tuple[SourceDocument, Message | None]]:
    for row in register.documents():
        if row.in_force:
            known = row.registration
            yield SourceDocument(known.path, known.id), None if row.fulfilled else UNSIGNED


def _unregistered(request: BagRequest, register: Register) -> Iterator[tuple[SourceDocument, Message]]:
    for document in _pdfs(request, _DOCUMENTS):
        if register.document_by_path(document.path) is None:
            yield document, UNKNOWN


def _unsigned(request: BagRequest, document: SourceDocument) -> Message | None:
    try:
        data = (request.source / document.path).read_bytes()
    except OSError as exc:
        raise ArchiveError(
            message("archive.cannot-read", path=document.path, exc=exc),
            hint=message("archive.mend-its-permissions"),
        ) from exc
    structure = read_structure(data, Options(now=request.now, forms_folder=request.forms_folder))
    signed = any(signature.kind is SignatureKind.SIGNATURE for signature in structure.signatures)
    return None if signed else UNSIGNED


def _pdfs(request: BagRequest, below: str = "") -> Iterator[SourceDocument]:
    source = request.source
    bags = [declaration.parent for declaration in source.rglob("bagit.txt")]
    for path in pdfs_below(source / below):
        if not path.is_symlink() and not any(path.is_relative_to(bag) for bag in bags):
            yield SourceDocument(path.relative_to(source).as_posix())
