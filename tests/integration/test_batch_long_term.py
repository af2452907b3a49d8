"""Batches at B-LT and B-LTA: revocation evidence is fetched once a chunk, and every file proves itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreegen.cli.main import run
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port

ROWS = 6


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_a_chunk_shares_its_evidence(level: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pki = make_example_pki(
        tmp_path / "pki", now=datetime.now(UTC), key_bits=2048, people=(), port=free_port()
    )
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    for path in pki.trust.glob("*.pem"):
        (anchors / path.name).write_bytes(path.read_bytes())
    rows = "".join(f"A{number},王芳\n" for number in range(ROWS))
    (tmp_path / "r.csv").write_text("编号,姓名\n" + rows)
    with Responder(pki.folder) as services:
        (tmp_path / "job.yaml").write_text(
            f"form: personal-pledge\nroster: {{file: r.csv}}\noutput: out\ntsa: {services.tsa_url}\n"
            f"trust: [anchors]\nsignatures:\n"
            f"  - {{role: unit, credential: {pki.credential('unit-seal')}, level: {level}}}\n"
        )
        assert run(["batch", "run", str(tmp_path / "job.yaml"), "--json"]) == 0
        asked = [line for line in services.requests if "/tsa" not in line]
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["done"], summary["failed"], summary["timestamp_pending"]) == (ROWS, 0, 0)
    assert 0 < len(asked) < ROWS, asked
    # The anchors alone, without any list: what the files carry must be enough.
    assert run(["verify", str(tmp_path / "out/documents"), "--trust", str(anchors), "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert {file["signatures"][0]["level"] for file in files} == {level}
