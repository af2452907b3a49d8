"""The steps of an audit that concern files: each is there, is what its row says, and no other is there.

Reading documents takes most of an audit, so several processes may share it.
"""

from __future__ import annotations

import itertools
import posixpath
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agreegen.chain.audit.interface import Problem
from agreegen.chain.event_facts import read_facts
from agreegen.errors import RegisterError
from agreegen.files import pdfs_below, sha256_of, sha256_of_file
from agreegen.messages import Message, message
from agreegen.register.audit.interface import ExamineFile
from agreegen.register.columns import Cell, row_from_values, row_values
from agreegen.register.interface import DocumentRow, DocumentState, EventKind
from agreegen.register.view import RegisterView

_AT_A_TIME = 50
_WAITING_PER_JOB = 3
_READ_AT_ONCE_BYTES = 16 << 20

Rows = tuple[tuple[Cell, ...], ...]
"""Documents as their table holds them: what travels to another process."""


def file_problems(
    view: RegisterView, root: Path, examine: ExamineFile | None, jobs: int = 1
) -> Iterator[Problem]:
    """Compare the files below a folder with the register.

    Args:
        view: The register.
        root: The folder.
        examine: Looks into each document; a function of a module where there are several jobs.
        jobs: Number of processes that read documents.
    """
    root = root.resolve()
    folder = _Folder(root)
    if jobs > 1 and view.document_count() > _AT_A_TIME:
        yield from _shared_out(view.documents(), root, examine, jobs)
    else:
        for document in view.documents():
            yield from _document_file_problems(document, folder, examine)
    gone = {row.registration.id for row in view.documents(state=DocumentState.DESTROYED)}
    for document_id, scan in view.scans(retracted_too=True):
        if document_id in gone:
            continue
        yield from _kept_file_problems(
            folder, scan.path, scan.sha256, message("register.scan-document", document_id=document_id)
        )
    for event in view.events(""):
        if event.kind is EventKind.SCANNED:
            facts = read_facts(event.details)
            yield from _kept_file_problems(
                folder, facts["path"], facts["sha256"], message("register.input", facts=facts["name"])
            )
    yield from _unknown_files(view, root)


def _unknown_files(view: RegisterView, root: Path) -> Iterator[Problem]:
    before = len(str(root / "documents")) - len("documents")
    for file in pdfs_below(root / "documents"):
        relative = str(file)[before:]
        state = view.state_of_path(relative)
        if state is None:
            yield Problem("file-unknown", relative, message("register.register-does-not-know-file"))
        elif state is DocumentState.QUARANTINED:
            said = message("register.quarantined-file-stands-among-documents")
            yield Problem("file-unknown", relative, said)
        elif state is DocumentState.DESTROYED:
            yield Problem("file-unknown", relative, message("register.destroyed-file-stands"))


def _shared_out(
    documents: Iterable[DocumentRow], root: Path, examine: ExamineFile | None, jobs: int
) -> Iterator[Problem]:
    """Look at documents in processes of their own; what they find comes in the order of the documents."""
    import multiprocessing  # noqa: PLC0415 - most audits do without
    from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor  # noqa: PLC0415 - the same

    stream, waiting = iter(documents), deque[Future[Sequence[Problem]]]()
    chunks = iter(lambda: tuple(map(row_values, itertools.islice(stream, _AT_A_TIME))), ())
    context = multiprocessing.get_context("spawn")  # open connections of this process stay out of them
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        try:
            for rows in chunks:
                waiting.append(pool.submit(_look_at, rows, root, examine))
                if len(waiting) >= jobs * _WAITING_PER_JOB:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenExecutor as exc:
            raise RegisterError(
                message("register.process-read-documents-ended-without-answer"),
                hint=message("register.try-again-jobs-1"),
            ) from exc


def _look_at(rows: Rows, root: Path, examine: ExamineFile | None) -> Sequence[Problem]:
    folder, documents = _Folder(root), map(row_from_values, rows)
    return [each for document in documents for each in _document_file_problems(document, folder, examine)]


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder whose files are looked at; the folders in it are followed once, and links each time.

    Attributes:
        root: The folder, given as it is without links.
    """

    root: Path
    _inside: dict[str, bool] = field(default_factory=dict)

    def holds(self, name: str) -> bool:
        """Tell whether a path below the folder does not lead out of it."""
        path, (above, last) = self.root / name, posixpath.split(name)
        if above not in self._inside:
            self._inside[above] = self._leads_in(self.root / above)
        if self._inside[above] and last != ".." and not path.is_symlink():
            return True
        return self._leads_in(path)

    def _leads_in(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.root)


def _kept_file_problems(folder: _Folder, name: str, sha256: str, what: Message) -> Iterator[Problem]:
    """Compare a scan with the register; what was taken back is kept, too."""
    path = folder.root / name
    if not folder.holds(name):
        yield Problem("file-outside", name, message("register.leads-out-folder", what=what))
    elif not path.is_file():
        yield Problem("file-missing", name, message("register.gone", what=what))
    elif sha256_of_file(path) != sha256:
        yield Problem("file-changed", name, message("register.was-changed", what=what))


def _document_file_problems(
    document: DocumentRow, folder: _Folder, examine: ExamineFile | None
) -> Iterator[Problem]:
    known, path = document.registration, folder.root / document.registration.path
    if document.state is DocumentState.DESTROYED:
        return
    if not folder.holds(known.path):
        yield Problem(
            "file-outside",
            message("register.document-4", id=known.id),
            message("register.its-path-leads-out-folder"),
        )
    elif not path.is_file():
        yield Problem(
            "file-missing",
            known.path,
            message(
                "register.file-document-gone",
                id=known.id,
                value=message(f"register.state.{document.state.value}"),
            ),
        )
    elif (data := _read_known(path, document.sha256)) is None:
        yield Problem("file-changed", known.path, message("register.not-file-register-knows"))
    elif examine is not None and not document.scans_alone:
        for reason in examine(data, document):
            yield Problem("file-of-another", known.path, reason)


def _read_known(path: Path, sha256: str) -> bytes | None:
    """Read a file once, for its hash and for what it says; None where its hash is another one.

    What is larger than documents are is held against its hash before it comes into memory.
    """
    if path.stat().st_size > _READ_AT_ONCE_BYTES and sha256_of_file(path) != sha256:
        return None
    data = path.read_bytes()
    return data if sha256_of(data) == sha256 else None
