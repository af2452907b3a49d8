"""The examples of docs/python.md, run one after the other as a reader would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_DOCS = Path(__file__).parents[2] / "docs" / "python.md"
_EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_examples_run_and_print_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = _EXAMPLE.findall(_DOCS.read_text("utf-8"))
    assert len(examples) >= 6
    names: dict[str, object] = {}
    for example in examples:
        exec(compile(example, str(_DOCS), "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    for promise in ("unit B-B", "valid True", "unreadable", "2 0", "0 of 2", "('pledger',)", "2"):
        assert any(line.startswith(promise) for line in printed), promise
    files = names["report"].files  # type: ignore[attr-defined]
    assert [file.verdict.value for file in files] == ["valid", "unsigned"]
    assert not list(tmp_path.glob("*stranger*"))
