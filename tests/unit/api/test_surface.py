"""The documented surface: its names resolve, and they are those of the documentation."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from agreegen import api

_DOCS = Path(__file__).parents[3] / "docs" / "python.md"
_TABLE_ROW = re.compile(r"^\| `agreegen\.api\.([\w.]+)` \| (.*) \|$", re.MULTILINE)


def _documented() -> dict[str, str]:
    rows = _TABLE_ROW.findall(_DOCS.read_text("utf-8"))
    return {name: module for module, names in rows for name in re.findall(r"`(\w+)`", names)}


def _typed() -> dict[str, str]:
    """Return the names that type checkers see, with their modules: what is taken whole, by its own list."""
    tree = ast.parse(Path(inspect.getfile(api)).read_text("utf-8"))
    taken = [
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    ]
    return {
        name: module.removeprefix("agreegen.api.")
        for module in taken
        if module is not None
        for name in import_module(module).__all__
    }


def test_names_that_exist_are_those_that_are_documented_and_typed() -> None:
    documented = _documented()
    assert documented
    assert sorted(documented) == dir(api)
    assert documented == _typed()


@pytest.mark.parametrize("name", sorted(_documented()))
def test_documented_name_is_there(name: str) -> None:
    found = getattr(api, name)
    assert found is getattr(sys.modules[f"agreegen.api.{_documented()[name]}"], name)


@pytest.mark.parametrize("name", sorted(_documented()))
def test_function_of_the_surface_is_typed_and_explained(name: str) -> None:
    found = getattr(api, name)
    if not inspect.isroutine(found):
        return
    signature = inspect.signature(found)
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(each.annotation is not inspect.Parameter.empty for each in signature.parameters.values())
    assert inspect.getdoc(found)


def test_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(api, "no_such_name")  # noqa: B009 - a name that type checkers know to be missing


def test_importing_the_surface_loads_no_library() -> None:
    program = "import sys, agreegen.api; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"pyhanko", "pikepdf", "cryptography", "sqlite3", "numpy"} & set(done.stdout.split())
