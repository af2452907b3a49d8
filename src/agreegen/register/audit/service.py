"""One audit of a register, as numbered steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from agreegen.chain.audit.interface import Audit, JudgeHead, Problem
from agreegen.chain.audit.service import audit_chain
from agreegen.chain.file import connect_current
from agreegen.chain.signed_heads import Head
from agreegen.register.audit.document_steps import document_problems, scan_problems
from agreegen.register.audit.file_steps import file_problems
from agreegen.register.audit.interface import ExamineFile
from agreegen.register.migrations import REGISTER
from agreegen.register.view import RegisterView


def verify_register(
    path: Path,
    *,
    files_root: Path | None = None,
    known_heads: Sequence[Head] = (),
    known_codes: Sequence[str] = (),
    judge_head: JudgeHead | None = None,
    examine_file: ExamineFile | None = None,
    jobs: int = 1,
) -> Audit:
    """Find every changed, missing, reordered or cut-off row of a register.

    1. Whatever holds for every chain (`audit_chain`, which says what the caller still owes).
    2. Documents and scans: recomputed from the events, each row must be the one stored.
    3. The files below `files_root`: each is there with the hash of its last state, no other PDF is there, and
       with `examine_file` each is the document of its row by its own word, signed by whom the row says.

    Raises:
        RegisterError: There is no file to judge.
    """
    return audit_chain(
        path,
        REGISTER,
        lambda connection: (
            document_problems(connection),
            scan_problems(connection),
            _file_problems(path, files_root, examine_file, jobs),
        ),
        known_heads=known_heads,
        known_codes=known_codes,
        judge_head=judge_head,
    )


def _file_problems(
    path: Path, root: Path | None, examine: ExamineFile | None, jobs: int
) -> Iterator[Problem]:
    if root is None:
        return
    with RegisterView(path, connect_current(path, REGISTER, read_only=True)) as view:
        yield from file_problems(view, root, examine, jobs)
