"""One audit of a register, as numbered steps."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from agreegen.chain.audit.interface import Audit, JudgeHead, Problem
from agreegen.chain.audit.steps import (
    SCHEMA_CHANGED,
    ChainWalk,
    HeadWalk,
    count_unsigned,
    schema_problems,
    tail_problems,
)
from agreegen.chain.event_facts import NOT_OURS
from agreegen.chain.file import connect, connect_current
from agreegen.chain.signed_heads import Head
from agreegen.errors import RegisterError
from agreegen.messages import message
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

    1. SQLite's own check and the schema.
    2. The chain: every event follows from the one before, back to the genesis, which commits to `meta`.
    3. The heads: each stands in the chain; with `judge_head` its signature is good, and it is that of the
       register's signer, whom only an event under the signature of the one before can change.
    4. Nothing stands behind the last head but the event that records it: every command ends under a head.
    5. Documents and scans: recomputed from the events, each row must be the one stored.
    6. The files below `files_root`: each is there with the hash of its last state, no other PDF is there, and
       with `examine_file` each is the document of its row by its own word, signed by whom the row says.

    A chain without a key can be recomputed by whoever writes the file. What the caller still owes is trust in
    a head: `judge_head`, or `known_heads` and `known_codes` from elsewhere, e.g. from an archive bag.

    Raises:
        RegisterError: There is no file to judge.
    """
    if not path.is_file():
        raise RegisterError(message("register.no-register", path=path), hint=REGISTER.example)
    problems: list[Problem] = []
    chain, heads = ChainWalk(REGISTER, known_heads, known_codes), HeadWalk(REGISTER, judge_head)
    try:
        connection = connect(path, read_only=True)
    except (sqlite3.Error, RegisterError) as exc:
        return Audit((Problem("damaged", str(path), message("register.file-cannot-read-register", exc=exc)),))
    try:
        for step in (
            schema_problems(connection, path, REGISTER),
            chain.problems(connection),
            heads.problems(connection),
            tail_problems(connection),
            document_problems(connection),
            scan_problems(connection),
            _file_problems(path, files_root, examine_file, jobs),
        ):
            problems.extend(step)
            if problems and problems[-1].code == SCHEMA_CHANGED:
                return Audit(tuple(problems))
        events, unsigned = count_unsigned(connection)
    except (sqlite3.Error, RegisterError, *NOT_OURS) as exc:
        problems.append(
            Problem("damaged", str(path), message("register.register-cannot-read-its-end", exc=exc))
        )
        events, unsigned = chain.count, 0
    finally:
        connection.close()
    return Audit(tuple(problems), events, unsigned, heads.last, heads.judgement, frozenset(heads.unnamed))


def _file_problems(
    path: Path, root: Path | None, examine: ExamineFile | None, jobs: int
) -> Iterator[Problem]:
    if root is None:
        return
    view = RegisterView(path, connect_current(path, REGISTER, read_only=True))
    try:
        yield from file_problems(view, root, examine, jobs)
    finally:
        view.close()
