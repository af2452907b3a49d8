"""A process of the differential run: makes files, judges them, and prints one JSON line for each."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from tests.differential.bases import load_bases
from tests.differential.generator import sample
from tests.differential.judging import Panel


def main() -> None:
    """Judge every N-th file from a number on.

    The arguments are the folder of the run, the seed, the first number, the step, the number behind the last
    one, the folder of pdf.js (or `-`) and the moment.
    """
    folder, seed, start, step, end, pdfjs, moment = sys.argv[1:]
    bases = load_bases(Path(folder) / "bases")
    panel = Panel(None if pdfjs == "-" else Path(pdfjs), datetime.fromisoformat(moment))
    found = Path(folder) / "found"
    try:
        for index in range(int(start), int(end), int(step)):
            made = sample(int(seed), index, bases)
            outcome = panel.judge(made)
            if outcome.problems:
                (found / f"{seed}-{index}.pdf").write_bytes(made.data)
                (found / f"{seed}-{index}-signed.pdf").write_bytes(made.base.shown)
            print(json.dumps(outcome.to_dict()), flush=True)
    finally:
        panel.close()


if __name__ == "__main__":
    main()
