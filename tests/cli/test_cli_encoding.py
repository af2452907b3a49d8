"""Where standard output knows no Chinese, results are shown with escapes, and JSON stays JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agreegen.cli.output import use_escapes


def _agreegen(*arguments: object, encoding: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    line = [sys.executable, "-m", "agreegen", *map(str, arguments)]
    return subprocess.run(line, env=environment, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("encoding", ["ascii:strict", "gbk"])
def test_every_kind_of_output_survives(encoding: str, tmp_path: Path) -> None:
    bad = tmp_path / "坏𠮷.yaml"
    bad.write_text("surprise: 王𠮷\n", "utf-8")
    listed = _agreegen("forms", "list", "--json", encoding=encoding)
    assert listed.returncode == 0
    assert any(
        "保密" in form["title"] for form in json.loads(listed.stdout.decode(encoding.partition(":")[0]))
    )
    for line in (
        ("forms", "list"),
        ("forms", "show", "personal-pledge"),
        ("verify", "--lang", "zh", bad),
        ("verify", "--json", bad),
        ("generate", "personal-pledge", "--params", bad, "-o", tmp_path / "a.pdf"),
        ("--help",),
    ):
        done = _agreegen(*line, encoding=encoding)
        assert done.returncode in (0, 1, 3), (line, done.stderr)
        assert b"Traceback" not in done.stderr


def test_signs_that_gbk_lacks_are_shown_by_simpler_ones(tmp_path: Path) -> None:
    (tmp_path / "no.pdf").write_bytes(b"%PDF-1.4 nothing")
    done = _agreegen("verify", "--lang", "zh", tmp_path / "no.pdf", encoding="gbk")
    assert "\\u" not in done.stdout.decode("gbk")
    use_escapes()
    assert "√" in "✔".encode("gbk", "agreegen-simpler").decode("gbk")
    assert "√𠮷×".encode("gbk", "agreegen-simpler") == "✔𠮷✘".encode("gbk", "agreegen-simpler")
    assert "✔…".encode("ascii", "agreegen-simpler") == b"\\u221a..."
