"""A document of ours, held against the register that the caller names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agreegen.errors import AgreegenError
from agreegen.messages import message
from agreegen.model.document import Document
from agreegen.model.report import Alarm
from agreegen.verification.interface import Options

if TYPE_CHECKING:
    from pathlib import Path

    from agreegen.register.interface import DocumentRow


def roles_on_paper(document: Document | None, options: Options) -> tuple[str, ...]:
    """Return the roles that the caller's register says were fulfilled on paper, of a document in force."""
    if document is None or options.register_file is None:
        return ()
    from agreegen.register.interface import How  # noqa: PLC0415 - only where a register is named

    try:
        row = _row(options.register_file, document)
    except (AgreegenError, OSError):
        return ()  # `check_register` says so
    if row is None or not row.in_force:
        return ()
    return tuple(role for role, each in row.fulfilled.items() if each.how is How.PAPER)


def check_registered(document: Document | None, sha256: str, options: Options) -> Iterator[Alarm]:
    """Check that the register knows the document in this very state."""
    if options.register_file is None:
        return
    try:
        row = _row(options.register_file, document)
    except (AgreegenError, OSError) as exc:
        yield Alarm("register-unreadable", message("verification.register-unreadable", cause=exc))
        return
    if row is None:
        yield Alarm("register-unknown", message("verification.register-unknown"))
    elif sha256 not in {row.sha256, *row.hashes.values()}:
        yield Alarm("register-state", message("verification.register-state"))
    elif row.superseded_by is not None:
        yield Alarm("register-superseded", message("verification.register-superseded"))


def _row(path: Path, document: Document | None) -> DocumentRow | None:
    from agreegen.register.store import Register  # noqa: PLC0415 - only where a register is named

    with Register.open(path, read_only=True) as register:
        return None if document is None else register.document(document.id)
