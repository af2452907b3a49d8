"""The part of Jinja that templates may use: values, conditions and short loops, nothing endless."""

from __future__ import annotations

from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agreegen.messages import ForeignDetail, Message, message, translate

ALLOWED_FILTERS = frozenset({"default", "d", "length", "count", "first", "last"})
ALLOWED_TESTS = frozenset({"defined", "undefined", "true", "false", "none", "eq", "equalto", "ne", "in"})
MAX_LOOP_DEPTH = 2

_ALLOWED_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Const,
    nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.Not, nodes.And, nodes.Or, nodes.CondExpr,
)  # fmt: skip
_LOOP_FACTS = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length"})


class RefusedTag(jinja2.TemplateSyntaxError):
    """A template uses what templates of forms may not.

    Args:
        problem: What it uses.
        line: Where it stands.
    """

    def __init__(self, problem: Message, line: int) -> None:
        super().__init__(str(problem), line)
        self.problem = problem

    def in_language(self, language: str) -> str:
        """Return what is used, in a reader's language."""
        return translate(self.problem, language)


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """A sandboxed Jinja environment whose templates always come to an end.

    Only values, `if`, `for` (two deep, never recursive), comparisons and a few filters exist. There are no
    calls, no arithmetic and no attributes but those of `loop`, so a template can neither run long nor grow
    without bound: what it puts out is at most its own length times the square of the longest list.

    Args:
        autoescape: Whether values are escaped for XML.
    """

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(undefined=jinja2.StrictUndefined, autoescape=autoescape, cache_size=0)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in ALLOWED_FILTERS}
        self.tests = {name: self.tests[name] for name in ALLOWED_TESTS}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _refuse_others(tree, 0)
        return tree

    def call(self, *_arguments: Any, **_named: Any) -> NoReturn:
        """Refuse every call; the parser lets none through."""
        raise jinja2.exceptions.SecurityError(str(message("forms.templates-cannot-call-anything")))


def _refuse_others(node: nodes.Node, depth: int) -> None:
    if isinstance(node, nodes.Getattr):
        if not (isinstance(node.node, nodes.Name) and node.node.name == "loop" and node.attr in _LOOP_FACTS):
            _refuse(
                node,
                message(
                    "forms.not-allowed-only-loop",
                    attr=node.attr,
                    loop_facts=", loop.".join(sorted(_LOOP_FACTS)),
                ),
            )
        return
    if not isinstance(node, _ALLOWED_NODES):
        _refuse(
            node,
            message(
                "forms.not-allowed-here-use-values-if", detail=ForeignDetail(type(node).__name__.lower())
            ),
        )
    if isinstance(node, nodes.For):
        depth += 1
        _refuse_loop(node, depth)
    if isinstance(node, nodes.Filter) and node.name not in ALLOWED_FILTERS:
        _refuse(
            node,
            message(
                "forms.filter-not-allowed", name=node.name, allowed_filters=tuple(sorted(ALLOWED_FILTERS))
            ),
        )
    for child in node.iter_child_nodes():
        _refuse_others(child, depth)


def _refuse_loop(node: nodes.For, depth: int) -> None:
    if node.recursive or depth > MAX_LOOP_DEPTH:
        _refuse(node, message("forms.loops-may-not-recursive-or-more", max_loop_depth=MAX_LOOP_DEPTH))
    if not isinstance(node.iter, nodes.Name) or not isinstance(node.target, nodes.Name):
        _refuse(node, message("forms.loop-must-have-form-item-list"))


def _refuse(node: nodes.Node, problem: Message) -> NoReturn:
    raise RefusedTag(problem, node.lineno)
