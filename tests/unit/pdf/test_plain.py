"""What is plain: nothing in a file may look like an end that its tables do not know."""

from __future__ import annotations

import time

import pytest

from agreegen.pdf.plain import NotPlainError, PlainPdf

_KEYWORD = b"startxref"


def _plain(filling: bytes) -> bytes:
    """A file of one object, which holds so many bytes."""
    head = b"%PDF-1.7\n"
    body = b"1 0 obj\n<</Length %d>>\nstream\n%b\nendstream\nendobj\n" % (len(filling), filling)
    table = b"xref\n0 2\n0000000000 65535 f \n%010d 00000 n \ntrailer\n<</Size 2/Root 1 0 R>>\n" % len(head)
    return head + body + table + b"startxref\n%d\n%%%%EOF\n" % (len(head) + len(body))


def test_an_end_that_hides_around_the_part_that_files_share_is_noticed() -> None:
    """Files that begin like the one read before are looked through in part."""
    start = _plain(b"x" * 100_000).index(b"stream\n") + len(b"stream\n")
    for offset in range(len(_KEYWORD) + 1):
        filling = bytearray(b"x" * 100_000)
        at = (1 << 16) - offset - start
        filling[at : at + len(_KEYWORD)] = _KEYWORD
        PlainPdf.read(_plain(b"x" * 100_000))
        with pytest.raises(NotPlainError):
            PlainPdf.read(_plain(bytes(filling)))


def test_a_table_of_very_many_runs_is_for_the_full_parser() -> None:
    """Holding each run against all others took twenty seconds for a megabyte of them."""
    body, runs, at = [b"%PDF-1.7\n"], [], 9
    for number in range(1, 40_000, 2):
        body.append(b"%d 0 obj\n<<>>\nendobj\n" % number)
        runs.append(b"%d 1\n%010d 00000 n \n" % (number, at))
        at += len(body[-1])
    table = b"xref\n%btrailer\n<</Size 40000/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (b"".join(runs), at)
    begun = time.process_time()
    with pytest.raises(NotPlainError):
        PlainPdf.read(b"".join(body) + table)
    assert time.process_time() - begun < 2
