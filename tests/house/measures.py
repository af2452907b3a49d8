"""Measures of the house: modules a folder, branch points a function, code lines, circles, what nothing uses.

`python -m tests.house.measures` prints them; `test_measures.py` holds them.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "agreegen"
MOST_MODULES = 16
MOST_BRANCHES = 10
MOST_LINES = 40

_BRANCHES = (
    ast.If,
    ast.For,
    ast.While,
    ast.IfExp,
    ast.BoolOp,
    ast.ExceptHandler,
    ast.comprehension,
    ast.Assert,
    ast.match_case,
)
_NO_CODE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
)
_STARTED = frozenset({"__main__", "__init__", "uno_worker"})
"""Modules that an interpreter starts: ours, and that of LibreOffice."""
_SURFACES = frozenset({"api", "foreign", "messages"})
"""Rooms whose modules pass on what others define."""
_CALLED_BY_NAME = frozenset({"load_pkcs12", "load_pem", "load_pkcs11", "load_csc", "load_sm2"})
"""Loaders of credentials, which `signing.credentials.kinds` calls by the name of their kind."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the package.

    Attributes:
        name: Dotted name.
        path: Its file.
        tree: Its syntax tree.
        text: Its source.
    """

    name: str
    path: Path
    tree: ast.Module
    text: str


@dataclass(frozen=True, slots=True)
class Branching:
    """A function and how many branch points it has.

    Attributes:
        points: Branch points, those of functions inside it included.
        where: Module, name and line.
    """

    points: int
    where: str


def read_modules(root: Path = SOURCE) -> dict[str, Module]:
    """Read every module of the package, by dotted name."""
    modules = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        modules[name] = Module(name, path, ast.parse(text), text)
    return modules


def crowded_folders(root: Path = SOURCE) -> dict[str, int]:
    """Return the folders with more modules than allowed, `__init__` not counted."""
    counted = Counter(path.parent for path in root.rglob("*.py") if path.stem != "__init__")
    return {str(folder.relative_to(root)): count for folder, count in counted.items() if count > MOST_MODULES}


def branchings(modules: dict[str, Module]) -> list[Branching]:
    """Return the functions with more branch points than allowed, the worst first."""
    found = []
    for module in modules.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                points = sum(isinstance(inner, _BRANCHES) for inner in ast.walk(node))
                found.append(Branching(points, f"{module.name}.{node.name}:{node.lineno}"))
    over = [one for one in found if one.points > MOST_BRANCHES]
    return sorted(over, key=lambda one: (-one.points, one.where))


def long_functions(modules: dict[str, Module]) -> list[str]:
    """Return the functions with more lines than allowed, head included and docstring not."""
    found = []
    for module in modules.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
                if lines > MOST_LINES:
                    found.append(f"{lines} {module.name}.{node.name}:{node.lineno}")
    return found


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    if not isinstance(first, ast.Expr) or ast.get_docstring(node) is None:
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1


def needless_export_lists(modules: dict[str, Module]) -> list[str]:
    """Return modules that list what they export though they give nothing else than they define.

    A list is for those that pass on what others define; else it repeats, and hides what nothing uses.
    """
    return [
        module.name
        for module in modules.values()
        if "\n__all__ = " in module.text and module.path.relative_to(SOURCE).parts[0] not in _SURFACES
    ]


def code_lines(module: Module) -> int:
    """Count the lines that hold code: no blank ones, comments or docstrings."""
    docstrings: set[int] = set()
    for node in ast.walk(module.tree):
        for inner in (
            getattr(node, "body", None) or () if not isinstance(node, ast.Lambda | ast.IfExp) else ()
        ):
            if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant):
                docstrings.update(range(inner.lineno, (inner.end_lineno or inner.lineno) + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def statements(module: Module) -> int:
    """Count logical lines: a statement is one however many lines its values take."""
    tokens = tokenize.generate_tokens(io.StringIO(module.text).readline)
    docstrings = sum(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in ast.walk(module.tree)
    )
    return sum(token.type == tokenize.NEWLINE for token in tokens) - docstrings


def statements_by_room(modules: dict[str, Module]) -> Counter[str]:
    """Return the statements of each room."""
    return Counter({room: sum(map(statements, own)) for room, own in _by_room(modules).items()})


def lines_by_room(modules: dict[str, Module]) -> dict[str, int]:
    """Return the code lines of each room; modules of the top stand together."""
    return {room: sum(map(code_lines, own)) for room, own in sorted(_by_room(modules).items())}


def _by_room(modules: dict[str, Module]) -> dict[str, list[Module]]:
    found: dict[str, list[Module]] = {}
    for module in modules.values():
        parts = module.path.relative_to(SOURCE).parts
        found.setdefault(parts[0] if len(parts) > 1 else "(top)", []).append(module)
    return found


def imports_of(module: Module, modules: dict[str, Module]) -> set[str]:
    """Return the modules of the package that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules else node.module)
    return {name for name in found if name in modules and name != module.name}


def circles(modules: dict[str, Module]) -> list[list[str]]:
    """Return the groups of modules that import each other in a circle, imports for types included."""
    reach = {name: imports_of(module, modules) for name, module in modules.items()}
    changed = True
    while changed:
        changed = False
        for name, known in reach.items():
            wider = known.union(*(reach[other] for other in known))
            changed = changed or len(wider) > len(known)
            reach[name] = wider
    groups = {
        tuple(sorted(other for other in known if name in reach[other]))
        for name, known in reach.items()
        if name in known
    }
    return sorted(list(group) for group in groups)


def modules_nothing_imports(modules: dict[str, Module]) -> list[str]:
    """Return the modules that no other module of the package imports or names in a string."""
    used: set[str] = set()
    named: set[str] = set()
    for module in modules.values():
        used |= imports_of(module, modules)
        named.update(
            node.value
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
    return sorted(
        name
        for name, module in modules.items()
        if name not in used
        and module.path.stem not in _STARTED
        and not {name, name.rpartition(".")[2]} & named
    )


def names_nothing_uses(modules: dict[str, Module]) -> list[str]:
    """Return functions, classes and constants of modules that the package itself never uses."""
    uses: Counter[str] = Counter()
    strings: set[str] = set()
    for module in modules.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                uses[node.id] += 1
            elif isinstance(node, ast.Attribute):
                uses[node.attr] += 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                strings.add(node.value)
    return [
        f"{module.name}.{name}"
        for module in modules.values()
        for name in _defined(module.tree)
        if not uses[name] and name not in strings
    ]


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [] if node.decorator_list and not isinstance(node, ast.ClassDef) else [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            names = []
        yield from (name for name in names if not name.startswith("__") and name not in _CALLED_BY_NAME)


def main() -> None:
    """Print every measure."""
    modules = read_modules()
    rooms = lines_by_room(modules)
    for room, lines in rooms.items():
        print(f"{lines:6d}  {room}")
    print(f"{sum(rooms.values()):6d}  code lines in all")
    print("folders too full:", crowded_folders() or "none")
    found = branchings(modules)
    print(f"functions with more than {MOST_BRANCHES} branch points: {len(found)}")
    for one in found:
        print(f"  {one.points:3d}  {one.where}")
    print(f"functions with more than {MOST_LINES} lines:", long_functions(modules) or "none")
    print("circles:", circles(modules) or "none")
    print("modules that nothing imports:", modules_nothing_imports(modules) or "none")
    print("names that nothing uses:", names_nothing_uses(modules) or "none")


if __name__ == "__main__":
    main()
