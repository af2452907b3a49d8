"""Where the signature for an entry is found: read, and its scan kept durably beside the ledger."""

from __future__ import annotations

from pathlib import Path

from agreegen.files import sha256_of, write_atomically
from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import Signature, SignedBy
from agreegen.ledger.words import read_word
from agreegen.messages import message
from agreegen.recording.scan_files import SCANS_FOLDER, SUFFIXES, count_opening_pages, place_below
from agreegen.register.store import Register

_MODE = 0o600


def read_reference(text: str, base: Path, register: Register | None) -> Signature | None:
    """Read a reference such as `document:ID`, `scan:FILE` or `device:RECORD`; None for an empty text.

    Args:
        text: What people wrote.
        base: Folder that paths of scans start from.
        register: Where a document must stand; None for not asking.

    Raises:
        Refused: It is none of these, there is no such scan, or nobody has signed the document.
    """
    if not text:
        return None
    word, colon, reference = text.replace("：", ":", 1).partition(":")
    code, reference = read_word("signatures", word), reference.strip()
    if not colon or code is None or not reference:
        told = message("ledger.bad-signature", text=text)
        raise Refused("signature", told, message("ledger.bad-signature.hint"))
    kind = SignedBy(code)
    if kind is SignedBy.SCAN:
        path = base / reference
        if not path.is_file():
            raise Refused("signature", message("ledger.no-scan", path=path))
        return Signature(kind, str(path))
    if kind is SignedBy.DOCUMENT and register is not None:
        _require_document(register, reference)
    return Signature(kind, reference)


def keep_signature(signature: Signature | None, root: Path) -> Signature | None:
    """Copy the scan of a signature below a ledger's folder; whatever is no scan stays as it is.

    Args:
        signature: From `read_signature`.
        root: Folder of the ledger.

    Raises:
        InputError: It is no scan that opens.
        OSError: It cannot be read, or the copy cannot be written; nothing is left behind.
    """
    if signature is None or signature.kind is not SignedBy.SCAN:
        return signature
    path, digest = _keep_scan(Path(signature.reference), root)
    return Signature(SignedBy.SCAN, path, digest)


def _keep_scan(source: Path, root: Path) -> tuple[str, str]:
    """Return path and hash of the copy; the same scan is kept once."""
    kind, _ = count_opening_pages(source)
    data = source.read_bytes()
    digest = sha256_of(data)
    path = f"{SCANS_FOLDER}/ledger-{digest[:16]}{SUFFIXES[kind]}"
    place = place_below(root, path)
    if not place.is_file() or sha256_of(place.read_bytes()) != digest:
        write_atomically(place, data, mode=_MODE)
    return path, digest


def _require_document(register: Register, document_id: str) -> None:
    row = register.document(document_id)
    if row is None or not row.in_force:
        raise Refused("signature", message("ledger.no-document", path=register.path, document=document_id))
    if not row.fulfilled:
        raise Refused("signature", message("ledger.document-unsigned", document=document_id))
