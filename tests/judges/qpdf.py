"""qpdf as a judge of syntax."""

from __future__ import annotations

from pathlib import Path

from agreegen.programs import run_program


def check(path: Path) -> list[str]:
    """Return what `qpdf --check` complains about; empty for a clean file."""
    done = run_program(["qpdf", "--check", path], timeout_s=60)
    lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
    complaints = [line for line in lines if "WARNING" in line or "error" in line.lower()]
    complaints = [
        line for line in complaints if "No syntax or stream" not in line and "errors that qpdf" not in line
    ]
    if done.status and not complaints:
        complaints = [f"status {done.status}: {' '.join(lines)}"]
    return complaints
