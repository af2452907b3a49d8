"""Follows what fills the messages back to where it is written: words of a language must not be among it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from .source_texts import SOURCE

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_SPEAKERS = {"message": None, "sentence": None, "foreign_text": 0, "Problem": 1, "BagProblem": 2}
"""Function → which positional argument people read; None where the keywords are values."""
_STOPS = {"message", "sentence", "translate", "foreign_text", "any_of", "join_sentences", "moment_text"}
_METHODS = {"join", "lower", "upper", "strip", "get", "format", "removeprefix"}
"""Methods of texts and mappings whose answer holds what they are called upon and with."""
_COPIES = {"str", "tuple", "list", "sorted"}
_WORD = re.compile(r"(?<![\w./{-])[A-Za-z]?[a-z]{2,}(?![\w./}(-])")
CLASS_NAME = "the name of a class"
"""What a class of Python is called is no word of any language."""
_DEEPEST = 4
"""How many assignments and calls a value is followed through."""


@dataclass(slots=True)
class Module:
    """One source file.

    Attributes:
        name: Path below the package.
        tree: Its syntax.
        owner: Node → the innermost function that it stands in.
    """

    name: str
    tree: ast.Module
    owner: dict[int, Function] = field(default_factory=dict)

    @classmethod
    def parse(cls, name: str, text: str) -> Module:
        """Parse a file of the package."""
        module = cls(name, ast.parse(text))
        for function in ast.walk(module.tree):  # outer functions first, so that the innermost stays
            if isinstance(function, Function):
                module.owner |= dict.fromkeys(map(id, ast.walk(function)), function)
        return module


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands."""

    module: Module
    function: Function | None


class Package:
    """All source files, to be asked where a value comes from."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self._functions: dict[str, list[Place]] = {}
        self._calls: dict[str, list[tuple[Place, ast.Call]]] = {}
        for module in modules:
            for node in ast.walk(module.tree):
                if isinstance(node, Function):
                    self._functions.setdefault(node.name, []).append(Place(module, node))
                elif isinstance(node, ast.Call):
                    place = Place(module, module.owner.get(id(node)))
                    self._calls.setdefault(_name(node.func), []).append((place, node))

    def filled(self) -> Iterator[tuple[str, str]]:
        """Yield place and text of each word that reaches a reader as a value of a message."""
        for speaker, position in _SPEAKERS.items():
            for place, call in self._calls.get(speaker, ()):
                values = [each.value for each in call.keywords]
                if position is not None:
                    values = call.args[position : position + 1]
                for text in self._each(values, place, _DEEPEST):
                    if _WORD.search(text):
                        yield place.module.name, text

    def _each(self, nodes: Iterable[ast.expr], place: Place, depth: int) -> Iterator[str]:
        for node in nodes:
            yield from self._texts(node, place, depth)

    def _texts(self, node: ast.expr, place: Place, depth: int) -> Iterator[str]:
        """Yield the strings that an expression may come from."""
        if depth < 0:
            return
        if isinstance(node, ast.Constant):
            yield from (node.value,) if isinstance(node.value, str) else ()
        elif isinstance(node, ast.JoinedStr):
            yield _template(node)
            yield from self._each(_filled_in(node), place, depth)
        elif isinstance(node, ast.Name):
            yield from self._named(node.id, place, depth)
        elif isinstance(node, ast.Attribute) and node.attr == "__name__":
            yield CLASS_NAME
        elif isinstance(node, ast.Call):
            yield from self._called(node, place, depth)
        else:
            yield from self._each(_parts(node), place, depth)

    def _named(self, name: str, place: Place, depth: int) -> Iterator[str]:
        """Follow a name: to what is assigned to it, or, as a parameter, to what callers give."""
        function = place.function
        if function is not None:
            assigned = [each for node in ast.walk(function) for each in _assigned(node, name)]
            if assigned:
                yield from self._each(assigned, place, depth - 1)
                return
            if name in {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}:
                yield from self._given(function, name, depth - 1)
                return
        for node in place.module.tree.body:
            yield from self._each(_assigned(node, name), Place(place.module, None), depth - 1)

    def _given(self, function: Function, name: str, depth: int) -> Iterator[str]:
        """Follow a parameter; where several functions have that name, which one is called is not known."""
        if len(self._functions[function.name]) > 1:
            return
        parameters = [each.arg for each in function.args.args if each.arg not in {"self", "cls"}]
        for place, call in self._calls.get(function.name, ()):
            given = [each.value for each in call.keywords if each.arg == name]
            if name in parameters:
                given += call.args[parameters.index(name) :][:1]
            yield from self._each(given, place, depth)

    def _called(self, node: ast.Call, place: Place, depth: int) -> Iterator[str]:
        """Follow a call: into a function of ours, else to what it is called with and upon."""
        name = _name(node.func)
        ours = self._functions.get(name, ())
        if name in _STOPS:
            return
        if isinstance(node.func, ast.Attribute):
            if name in _METHODS:
                yield from self._each((node.func.value, *node.args), place, depth)
        elif len(ours) == 1:
            yield from self._each(_returned(ours[0].function), ours[0], depth - 1)
        elif name in _COPIES:
            yield from self._each(node.args, place, depth)


def _template(node: ast.JoinedStr) -> str:
    return "".join(str(each.value) if isinstance(each, ast.Constant) else " · " for each in node.values)


def _filled_in(node: ast.JoinedStr) -> Iterator[ast.expr]:
    return (each.value for each in node.values if isinstance(each, ast.FormattedValue))


def _returned(function: Function | None) -> Iterator[ast.expr]:
    for node in () if function is None else ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return what an expression chooses among or puts together."""
    match node:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.IfExp(body=body, orelse=other):
            return [body, other]
        case ast.BoolOp(values=values) | ast.Dict(values=values):
            return values
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return elements
        case ast.Subscript(value=value) | ast.Starred(value=value):
            return [value]
        case _:
            return []


def _assigned(node: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield what a statement assigns to a name, of tuples the part that goes to it."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _matched(target, node.value, name)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield from _matched(node.target, node.value, name)
    elif isinstance(node, ast.For | ast.comprehension):
        yield from _looped(node.target, node.iter, name)


def _looped(target: ast.expr, rows: ast.expr, name: str) -> Iterator[ast.expr]:
    """Yield what a loop gives to a name: elements that are written out, values of a mapping."""
    if isinstance(rows, ast.Tuple | ast.List):
        for row in rows.elts:
            yield from _matched(target, row, name)
    elif isinstance(rows, ast.Call) and isinstance(rows.func, ast.Attribute) and rows.func.attr == "items":
        if isinstance(target, ast.Tuple) and _is(target.elts[-1], name):
            yield rows.func.value
    elif _is(target, name):
        yield rows


def _matched(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    if _is(target, name):
        yield value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for each, part in zip(target.elts, value.elts, strict=False):
            yield from _matched(each, part, name)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@cache
def filled_words() -> Mapping[str, frozenset[str]]:
    """Return file → texts with words in them, of all that fills messages, once a test run."""
    paths = sorted(SOURCE.rglob("*.py"))
    modules = [Module.parse(path.relative_to(SOURCE).as_posix(), path.read_text("utf-8")) for path in paths]
    found: dict[str, set[str]] = {}
    for place, text in Package(modules).filled():
        found.setdefault(place, set()).add(text)
    return {place: frozenset(texts) for place, texts in found.items()}
