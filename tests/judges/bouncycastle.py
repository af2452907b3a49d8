"""BouncyCastle as a judge of evidence records (`org.bouncycastle.tsp.ers`)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from agreegen.programs import run_program
from tests.judges import verapdf

_SCRIPT = Path(__file__).with_name("bouncycastle.js")
_JARS = tuple(Path(f"/usr/share/java/{name}.jar") for name in ("bcpkix", "bcprov", "bcutil"))


def available() -> bool:
    """Whether a Java runtime, BouncyCastle and the JavaScript engine are there."""
    return shutil.which("java") is not None and bool(verapdf.classes()) and all(jar.exists() for jar in _JARS)


def judge(records: Sequence[tuple[Path, Path, Path]]) -> list[tuple[bool, str]]:
    """Judge evidence records.

    Args:
        records: For each, the record, the data, and the certificate (DER) of the service of its last token.

    Returns:
        For each whether it was accepted, and what was said.
    """
    jars = [*_JARS, *verapdf.classes()]
    done = run_program(
        ["java", "-cp", ":".join(map(str, jars)), "org.mozilla.javascript.tools.shell.Main", _SCRIPT],
        stdin="".join("\t".join(map(str, record)) + "\n" for record in records).encode(),
        timeout_s=120,
    )
    answers = done.stdout.decode().splitlines()
    if len(answers) != len(records):
        raise RuntimeError(
            f"{len(answers)} answers to {len(records)} records: {done.stderr.decode()[-2000:]}"
        )
    return [(answer.startswith("accepted"), answer) for answer in answers]
