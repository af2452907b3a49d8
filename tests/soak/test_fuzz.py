"""A long run of the fuzzer: no exception, no file that hangs, no changed signed byte called unaltered.

`AGREEGEN_FUZZ_COUNT` sets the number of files, `AGREEGEN_FUZZ_SEED` another series of them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak.fuzz import Runner, parse_arguments


@pytest.mark.soak
@pytest.mark.libreoffice
@pytest.mark.timeout(6 * 3600)
def test_mutated_files(tmp_path: Path) -> None:
    count = int(os.environ.get("AGREEGEN_FUZZ_COUNT", "20000"))
    series = os.environ.get("AGREEGEN_FUZZ_SEED", "1")
    arguments = ["--count", str(count), "--processes", "2", "--seed", series, "--folder", str(tmp_path)]
    summary = Runner(parse_arguments(arguments)).run()
    print(summary.to_dict())
    assert len(list((tmp_path / "slow").glob("*.pdf"))) == len(summary.slow)
    assert summary.files == count
    assert summary.findings == {}
    assert summary.verdicts["valid/True"] > 0, "some mutations change nothing that is signed"
