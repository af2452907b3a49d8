"""Laying files down: whole or not at all, and never over a file that another worker laid down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from agreegen.batch.interface import RowResult
from agreegen.batch.job.output_folder import OutputError
from agreegen.batch.making.drafts import TaskResult
from agreegen.batch.making.laying_down import TakenError, publish
from agreegen.batch.making.outcomes import Delivery
from agreegen.batch.planning.planner import Replaced, Task
from agreegen.files import sha256_of
from agreegen.model.document import Document
from agreegen.register.interface import EventKind, Registration

PATH = "documents/00001/T001.pdf"


def _paper(task: Task, data: bytes, result: RowResult = RowResult.DONE, **facts: Any) -> TaskResult:
    """Return a document on its way to the disk."""
    return TaskResult(task, Delivery(data, result, **facts))


def _task(path: str = PATH, replaces: Replaced | None = None) -> Task:
    document = Document(
        id="d" * 32,
        form_id="personal-pledge",
        form_version="1.0",
        title="保密承诺书",
        template_sha256="0" * 64,
        values={},
        conditions={},
        roles=(),
    )
    known = Registration(document.id, "personal-pledge", "1.0", "0" * 64, "staff:T001", "王秀英", path)
    return Task(2, document, {}, known, (), replaces=replaces)


def _files(output: Path) -> dict[str, bytes]:
    found = (path for path in output.rglob("*") if path.is_file())
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in found}


def test_a_new_document_gets_its_name(tmp_path: Path) -> None:
    paper = _paper(_task(), b"new")
    assert publish(tmp_path, [paper]) == ([paper], None)
    assert _files(tmp_path) == {PATH: b"new"}


def test_a_late_worker_replaces_nothing(tmp_path: Path) -> None:
    publish(tmp_path, [_paper(_task(), b"first")])
    other = _paper(_task("documents/00001/T000.pdf"), b"other")
    with pytest.raises(TakenError, match="T001"):
        publish(tmp_path, [other, _paper(_task(), b"second")])
    assert _files(tmp_path) == {PATH: b"first", "documents/00001/T000.pdf": b"other"}


@pytest.mark.parametrize("result", [RowResult.ADOPTED, RowResult.COMPLETED])
def test_a_document_that_was_taken_from_there_grows(tmp_path: Path, result: RowResult) -> None:
    publish(tmp_path, [_paper(_task(), b"first")])
    publish(tmp_path, [_paper(_task(), b"first and more", result=result)])
    assert _files(tmp_path) == {PATH: b"first and more"}


def test_what_is_replaced_is_kept_under_another_name(tmp_path: Path) -> None:
    publish(tmp_path, [_paper(_task(), b"old")])
    moved = Replaced("e" * 32, PATH, "superseded/00001/T001-eeeeeeee.pdf")
    publish(tmp_path, [_paper(_task(replaces=moved), b"new", result=RowResult.SUPERSEDED)])
    assert _files(tmp_path) == {PATH: b"new", moved.moved_to: b"old"}


def test_failed_and_unchanged_rows_write_nothing(tmp_path: Path) -> None:
    papers = [_paper(_task(), b"x", reason="no"), _paper(_task(), b"x", changed=False)]
    assert publish(tmp_path, papers) == (papers, None)
    assert _files(tmp_path) == {}


def test_a_disk_that_refuses_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "documents").write_bytes(b"a file where a folder belongs")
    dealt, failure = publish(tmp_path, [_paper(_task(), b"new")])
    assert dealt == []
    assert isinstance(failure, OutputError)
    assert _files(tmp_path) == {"documents": b"a file where a folder belongs"}


def test_what_the_disk_gives_back_with_other_bytes_is_quarantined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def damage(handle: int) -> None:
        sync(handle)
        if Path(f"/proc/self/fd/{handle}").readlink().name.endswith("-1"):
            os.pwrite(handle, b"X", 1)

    monkeypatch.setattr(os, "fsync", damage)
    good, bad = _paper(_task("documents/00001/T000.pdf"), b"good"), _paper(_task(), b"bad!")
    (first, second), failure = publish(tmp_path, [good, bad])
    monkeypatch.undo()
    assert (first, failure) == (good, None)
    assert second.made.quarantined
    assert second.made.events[-1].kind is EventKind.QUARANTINED
    assert "other bytes" in str(second.made.reason)
    kept = f"quarantine/{'d' * 32}-{sha256_of(b'bad!')[:8]}.pdf"
    assert _files(tmp_path) == {"documents/00001/T000.pdf": b"good", kept: b"bXd!"}


def test_a_chunk_of_more_files_than_are_open_at_once(tmp_path: Path) -> None:
    papers = [_paper(_task(f"documents/00001/T{n:03d}.pdf"), b"%d" % n) for n in range(230)]
    assert publish(tmp_path, papers) == (papers, None)
    assert len(_files(tmp_path)) == 230
