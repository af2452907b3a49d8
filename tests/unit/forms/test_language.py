"""Templates can say little, so that they always come to an end."""

from __future__ import annotations

import jinja2
import pytest

from agreegen.forms.language import TemplateEnvironment


@pytest.mark.parametrize(
    "source",
    [
        "{{ range(10) }}",
        "{{ items.append(1) }}",
        "{{ items.__class__ }}",
        "{{ loop.changed }}",
        "{{ items[0] }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'a' ~ 'b' }}",
        "{{ items | join }}",
        "{{ name | center(1000000000) }}",
        "{% set x = 1 %}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% for a in items recursive %}{{ loop(items) }}{% endfor %}",
        "{% for a in items %}{% for b in items %}{% for c in items %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in [1, 2] %}x{% endfor %}",
        "{% for a, b in items %}x{% endfor %}",
        "{% filter upper %}x{% endfilter %}",
        "{% raw %}{{{% endraw",
        "{{ name is sameas(name) }}",
    ],
)
def test_what_could_grow_or_reach_out_is_refused(source: str) -> None:
    with pytest.raises(jinja2.TemplateError):
        TemplateEnvironment(autoescape=True).from_string(source).render(items=["a"] * 3, name="x")


def test_values_conditions_and_loops_work() -> None:
    source = (
        "{{ name }}{% if shown and name != 'y' %}S{% else %}H{% endif %}"
        "{% for item in items %}{{ loop.index }}.{{ item }}{{ '。' if loop.last else ';' }}{% endfor %}"
        "{{ items | length }}"
    )
    text = (
        TemplateEnvironment(autoescape=True)
        .from_string(source)
        .render(name="<", shown=True, items=["a", "b"])
    )
    assert text == "&lt;S1.a;2.b。2"


def test_an_undefined_variable_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        TemplateEnvironment(autoescape=True).from_string("{{ nothing }}").render()
