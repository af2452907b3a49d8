"""What exactly was signed: each signed revision as a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from agreegen.files import refuse_existing, sha256_of, write_atomically
from agreegen.model.report import Coverage, FileReport, Method, SignatureReport
from agreegen.pdf.limits import Limits
from agreegen.verification.confined import command_process
from agreegen.verification.paths import STANDARD_INPUT, Unreadable, read_path
from agreegen.verification.signatures.device import read_device_evidence

_UNSAFE = re.compile(r"[^\w.-]+")
_MAX_BYTES = 512 << 20
_NAME_LENGTH = 60


def signed_length(signature: SignatureReport) -> int | None:
    """Return the length of the revision that a signature covers, None where it covers none."""
    text = dict(signature.details).get("signed_bytes", "")
    return int(text) if text.isdigit() and signature.coverage is not Coverage.PARTIAL else None


def _read_again(path: Path, sha256: str | None) -> bytes | None:
    """Return a file that was judged; None for standard input, and where it changed meanwhile."""
    if path == STANDARD_INPUT:
        return None
    try:
        data = read_path(path, _MAX_BYTES)
    except Unreadable:
        return None
    return data if sha256_of(data) == sha256 else None


def extract_signed(file: FileReport, folder: Path, *, force: bool = False) -> list[Path]:
    """Write every revision that a signature covers into a folder.

    Args:
        file: The report on the file; the file itself is read again and must be the same.
        folder: Where the revisions go, as `<name>.<hash>.signed-<n>-<field>.pdf`, and evidence of signatures
            made on devices, as `….evidence-<n>-<field>.json`.
        force: Whether files that are there already are replaced.

    Returns:
        The paths written; none for standard input, and none where the file changed meanwhile.

    Raises:
        UsageError: One of the files is there already.
        OSError: The folder cannot be written.
    """
    path = Path(file.path)
    data = _read_again(path, file.sha256)
    if data is None or file.sha256 is None:
        return []
    parts: dict[Path, bytes] = {}
    for number, signature in enumerate(file.signatures, start=1):
        length = signed_length(signature)
        if length is None or length > len(data):
            continue
        # The hash keeps files of one name from different folders apart.
        field = _safe(signature.field or "undeclared")
        name = f"{_safe(path.stem)}.{file.sha256[:8]}.signed-{number}-{field}.pdf"
        parts[folder / name] = data[:length]
    for name, evidence in _evidence_files(data, file):
        parts[folder / f"{_safe(path.stem)}.{file.sha256[:8]}.{name}"] = evidence
    for target in parts:
        refuse_existing(target, force=force)
    for target, part in parts.items():
        write_atomically(target, part)
    return list(parts)


def _evidence_files(data: bytes, file: FileReport) -> Iterator[tuple[str, bytes]]:
    """Yield the evidence of signatures made on devices, whose SHA-256 their certificates hold."""
    on_device = {one.field for one in file.signatures if one.method is Method.DEVICE}
    if not on_device:
        return
    structure = command_process().scan(data, Limits(native=False))
    for number, found in enumerate(() if structure is None else structure.signatures, start=1):
        evidence = read_device_evidence(found, max_cms_bytes=Limits().max_cms_bytes)
        if found.field in on_device and evidence is not None:
            yield f"evidence-{number}-{_safe(found.field or '')}.json", evidence


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text)[:_NAME_LENGTH].strip(".") or "_"
