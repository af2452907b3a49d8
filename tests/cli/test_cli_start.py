"""Commands load what they use: starting is quick as long as nothing else is loaded on the way."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.verification.own_files import OwnFiles, make_own_files

LIBRARIES = {
    *("numpy", "pikepdf", "cryptography", "asn1crypto", "pyhanko", "pyhanko_certvalidator", "lxml"),
    *("jinja2", "docxtpl", "yaml", "requests", "sqlite3", "openpyxl", "PIL", "uharfbuzz", "asyncio", "rich"),
}
TELL = "\nimport sys; print(*sorted(sys.modules), sep='\\n')"
JUDGE = """
import pickle, sys
from pathlib import Path
from agreegen.verification.one_file import verify_bytes
data, options = pickle.loads(Path(sys.argv[1]).read_bytes())
assert verify_bytes("own.pdf", data, options).verdict.value == "valid"
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> OwnFiles:
    return make_own_files(tmp_path_factory.mktemp("own"))


def loaded_by(program: str, *arguments: str) -> set[str]:
    """Run a program in a process of its own and return the names of the modules that it loaded."""
    line = [sys.executable, "-c", program + TELL, *arguments]
    return set(subprocess.run(line, check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_start_loads_no_library(argument: str) -> None:
    loaded = loaded_by(f"from agreegen.cli.main import run; run([{argument!r}])")
    assert "click" in loaded
    assert loaded & LIBRARIES == set()


def test_who_waits_for_the_verification_loads_no_judge(tmp_path: Path) -> None:
    line = repr(["verify", str(tmp_path / "none.pdf"), "--json"])
    loaded = loaded_by(f"from agreegen.cli.main import run; run({line})")
    assert "agreegen.verification.workers" in loaded
    assert loaded & LIBRARIES == {"cryptography"}
    assert {"agreegen.verification.examination", "agreegen.api.forms"} & loaded == set()


@pytest.mark.parametrize("name", ["unit", "unit, B-LTA"])
def test_proved_file_loads_no_scan(own: OwnFiles, tmp_path: Path, name: str) -> None:
    given = tmp_path / "given"
    given.write_bytes(pickle.dumps((own.signed[name], own.options)))
    loaded = loaded_by(JUDGE, str(given))
    assert loaded & {"numpy", "sqlite3", "pyhanko", "requests", "openpyxl", "PIL"} == set()
    rooms = {"structure", "pictures.judging", "changes.comparison", "proof.page_engine"}
    assert {f"agreegen.verification.{room}" for room in rooms} & loaded == set()
    assert {name for name in loaded if name.startswith("agreegen.conversion.flowing")} == set()


def test_worker_that_loads_the_program_again_loads_nothing() -> None:
    loaded = loaded_by("import agreegen.__main__")
    assert {name for name in loaded if name.startswith("agreegen")} == {"agreegen", "agreegen.__main__"}


def test_the_end_of_a_command_says_nothing_of_its_own(tmp_path: Path) -> None:
    """What stays frozen at the end is told by nanobind as leaked: forty lines of English behind each scan."""
    (tmp_path / "there").touch()
    line = (sys.executable, "-m", "agreegen", "--lang", "zh", "demo", str(tmp_path))
    ended = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stderr.splitlines() == [f"错误：{tmp_path} 不是空文件夹", "提示：请另选文件夹"]


_PROGRAM = """
import sys, threading, time, weakref
from agreegen.__main__ import main
from agreegen.cli import main as program

class Kept: pass
kept, run = Kept(), program.run

def begin():
    weakref.finalize(kept, print, "cleared")
    threading.Thread(target=lambda: (time.sleep(0.3), print("joined"))).start()
    return run()

program.run = begin
main()
"""


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--version"], 0), (["no-such"], 2), (["verify", "/none"], 1)]
)
def test_the_end_of_a_command_leaves_out_nothing(arguments: list[str], code: int) -> None:
    """It ends at once, but after threads, what was registered for the end, and all of its output."""
    line = [sys.executable, "-c", _PROGRAM, *arguments]
    ended = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == code
    assert "joined" in ended.stdout
    assert ended.stdout.endswith("cleared\n")


def test_output_that_cannot_be_written_is_no_success() -> None:
    line = [sys.executable, "-m", "agreegen", "--version"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert ended.returncode != 0
