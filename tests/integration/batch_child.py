"""A coordinator in a process of its own, to be killed: `python batch_child.py JOB WORKERS CHUNK`."""

from __future__ import annotations

import sys
from pathlib import Path

from agreegen.batch.interface import RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job


def main() -> int:
    """Run the job once; 0 when every row is done."""
    settings = RunSettings(workers=int(sys.argv[2]), chunk_rows=int(sys.argv[3]))
    summary = run_job(read_job(Path(sys.argv[1])), settings)
    return 0 if summary.failed == 0 and not summary.interrupted else 1


if __name__ == "__main__":
    sys.exit(main())
