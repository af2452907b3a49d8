"""A ledger as pages: long tables go on, nothing is lost, every page says what its columns are."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from agreegen.reports.ledger import printed
from agreegen.unit_sheets import Table
from tests.judges import verapdf


def test_a_long_table_is_laid_out_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "_MOST_ROWS", 30)
    columns = (("标题", 20), ("份数", 6))
    long = Table("收发文", columns, ((f"通知{number:03d}", number) for number in range(75)))
    short = Table("传阅", columns, [("传阅000", 1)])
    printed.write_pdf(tmp_path / "ledger.pdf", [long, short], "普查办 2018")
    with pypdfium2.PdfDocument(tmp_path / "ledger.pdf") as pdf:
        pages = ["".join(page.get_textpage().get_text_bounded().split(" ")) for page in pdf]
    text = "\n".join(pages)
    assert [text.count(f"通知{number:03d}") for number in range(75)] == [1] * 75
    assert text.count("传阅000") == 1
    assert all("标题" in page for page in pages)
    with pikepdf.open(tmp_path / "ledger.pdf") as whole:
        assert "/StructTreeRoot" not in whole.Root
    if verapdf.available():
        path = tmp_path / "ledger.pdf"
        assert verapdf.validate([path]) == {path: (True, [])}
