"""Finds in the source which codes are used, with which values, and which strings people would be shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeGuard

SOURCE = Path(__file__).parents[3] / "src" / "agreegen"
_CODE = re.compile(r"[a-z_]+(\.[a-z0-9_-]+)+")
_TEMPLATE_CODE = re.compile(r"""["']((?:web|sign)\.[a-z0-9_.-]+)["'](\s*~)?""")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|[A-Z]+(_[A-Z]+)*")
_BEGINNING = re.compile(r"[a-z_]+\.([a-z0-9_.-]*[.-])?")
_CHINESE = re.compile("[\u3400-\u9fff]")
_WORDS = re.compile(r"[A-Za-z]{2,}")
_SPEAKERS = re.compile(r"(?:.*(?:Error|Problem|DoesNotFit|StaleCompiledForm|Complaint|Finding)|say\w*|echo)$")
_BUGS = {
    "AttributeError",
    "ValueError",
    "TypeError",
    "RuntimeError",
    "AssertionError",
    "KeyError",
    "NotImplementedError",
}
_SPOKEN_KEYWORDS = {"hint", "help", "problem", "remedy", "short_help", "title"}


@dataclass(frozen=True, slots=True)
class Use:
    """A `message(code, …)` call: where it stands, and the names of its values; None where they are open."""

    place: str
    code: str
    values: frozenset[str] | None


@dataclass(slots=True)
class Texts:
    """What one pass over the source finds.

    Attributes:
        uses: Messages made with a code that stands there.
        codes: All strings that have the form of a code.
        prefixes: Beginnings of codes that are put together.
        uncoded: Place and text of strings for people that have no code.
    """

    uses: list[Use] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)
    uncoded: list[tuple[str, str]] = field(default_factory=list)


@cache
def read_source() -> Texts:
    """Read the whole source once a test run."""
    found = Texts()
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        where = path.relative_to(SOURCE).as_posix()
        _read_codes(tree, where, found)
        for node in sorted(_spoken(tree, text), key=lambda node: node.lineno):
            found.uncoded.append((f"{where}:{node.lineno}", ast.unparse(node)[:120]))
    for path in sorted((SOURCE / "web" / "templates").rglob("*.html")):
        _read_template(path.read_text("utf-8"), found)
    return found


def _read_template(text: str, found: Texts) -> None:
    """Find the codes in a template of the web, whole ones and beginnings of those that are put together."""
    for code, beginning in _TEMPLATE_CODE.findall(text):
        if beginning:
            found.prefixes.add(code)
        else:
            found.codes.add(code)


def _read_codes(tree: ast.AST, where: str, found: Texts) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
            found.codes.add(node.value)
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            beginning = str(node.values[0].value)
            if _BEGINNING.fullmatch(beginning):
                found.prefixes.add(beginning)
        if not (isinstance(node, ast.Call) and _name(node.func) in {"message", "sentence"} and node.args):
            continue
        code = node.args[0]
        if isinstance(code, ast.Constant):
            names = [keyword.arg for keyword in node.keywords]
            values = None if None in names else frozenset(name for name in names if name)
            found.uses.append(Use(f"{where}:{node.lineno}", str(code.value), values))


def _spoken(tree: ast.AST, source: str) -> Iterator[ast.expr]:
    """Yield strings that a person would be shown: Chinese ones, and those that errors and printing take."""
    own = {id(node) for text in _descriptions(tree) for node in ast.walk(text)}
    seen: set[int] = set()
    yield from _fillings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for text in _said(node):
                for part in _strings(text):
                    if id(part) not in seen and _is_sentence(part):
                        seen.update(id(inner) for inner in ast.walk(part))
                        yield part
        elif id(node) not in own and id(node) not in seen and _is_chinese(node, source):
            yield node


def _fillings(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield words that stand in for a value of a message where there is none: they need codes, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in {"message", "sentence"}:
            for keyword in node.keywords:
                parts = keyword.value.values if isinstance(keyword.value, ast.BoolOp) else [keyword.value]
                for part in parts:
                    if isinstance(part, ast.BoolOp | ast.IfExp | ast.Constant):
                        yield from (text for text in _strings(part) if _WORDS.search(ast.unparse(text)))


def _is_chinese(node: ast.AST, source: str) -> TypeGuard[ast.Constant]:
    """Tell whether Chinese is written there; code points that are spelled out are no words."""
    if not isinstance(node, ast.Constant) or not _CHINESE.search(str(node.value)):
        return False
    return bool(_CHINESE.search(ast.get_source_segment(source, node) or str(node.value)))


def _said(call: ast.Call) -> Iterator[ast.expr]:
    name = _name(call.func)
    if _SPEAKERS.match(name) and name not in _BUGS:
        yield from call.args
    yield from (each.value for each in call.keywords if each.arg in _SPOKEN_KEYWORDS)


def _strings(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield node
    elif isinstance(node, ast.BinOp):
        yield from _strings(node.left)
        yield from _strings(node.right)
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body)
        yield from _strings(node.orelse)


def _is_sentence(node: ast.expr) -> bool:
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    said = " ".join(text for text in texts if isinstance(text, str))
    if _CODE.fullmatch(said) or _NAME.fullmatch(said):
        return False
    return bool(_CHINESE.search(said) or len(_WORDS.findall(said)) > 1)


def _descriptions(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield docstrings and the strings that describe attributes: bare strings, for programmers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
