"""YAML read as text: no scalar is guessed into a number, date or boolean, and no key may stand twice."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from agreegen.errors import InputError
from agreegen.messages import ForeignDetail, Message, message, translate

YamlText = str | list["YamlText"] | dict[str, "YamlText"]
"""What a YAML file holds when every scalar is text."""

MAX_BYTES = 1 << 20
"""Greatest size of any YAML file that is read."""

_MAX_DEPTH = 20
_MOST_DIGITS = 40
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_TEXT: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TYPED: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class HostileYamlError(yaml.MarkedYAMLError):
    """YAML that is well formed, and made to cost memory or time: an alias, or nesting without end.

    Args:
        sentence: What is refused.
        mark: Where it stands.
    """

    def __init__(self, sentence: Message, mark: yaml.Mark | None = None) -> None:
        super().__init__(problem=str(sentence), problem_mark=mark)
        self.sentence = sentence
        self.line = None if mark is None else mark.line + 1

    def in_language(self, language: str) -> str:
        """Return what is refused in a reader's language."""
        return translate(self.sentence, language)


def compose(data: bytes | str, *, typed: bool = False) -> yaml.Node | None:
    """Parse one YAML document into nodes, in time that grows with its size only.

    The events are looked at one by one first. Aliases are refused, since they can make a small file expand
    without bound; so is deep nesting, for which libyaml ends the whole process and Python's parser takes
    minutes. A file that stops at its depth is not read any further.

    Args:
        data: One document, UTF-8 where it is bytes.
        typed: Whether scalars get the tags of YAML 1.1 (numbers, dates, …); otherwise all are text.

    Raises:
        yaml.YAMLError: It is not YAML, or a `HostileYamlError`.
    """
    loader = _TYPED if typed else _TEXT
    if len(data) > MAX_BYTES:
        raise HostileYamlError(message("yaml_text.larger-than-bytes", max_bytes=MAX_BYTES))
    depth = 0
    for event in yaml.parse(data, Loader=loader):
        if isinstance(event, yaml.AliasEvent):
            problem = message("yaml_text.yaml-alias-uses-value-again-aliases", anchor=event.anchor)
            raise HostileYamlError(problem, _mark(event))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise HostileYamlError(message("yaml_text.nested-too-deeply"), _mark(event))
    return yaml.compose(data, Loader=loader)


def _refuse_long_numbers(node: yaml.Node | None) -> None:
    """Refuse numbers of more digits than any have; turning them into numbers takes minutes."""
    if isinstance(node, yaml.ScalarNode):
        if node.tag in _NUMBERS and len(node.value) > _MOST_DIGITS:
            raise HostileYamlError(message("yaml_text.number-too-many-digits"), node.start_mark)
    elif node is not None:
        for item in node.value:
            for part in item if isinstance(item, tuple) else (item,):
                _refuse_long_numbers(part)


def _mark(event: yaml.Event) -> Any:
    return event.start_mark


def load_typed(data: bytes | str) -> Any:
    """Read YAML with the types of YAML 1.1, and nothing that could run code or expand.

    Raises:
        yaml.YAMLError: It is not such YAML.
    """
    node = compose(data, typed=True)
    _refuse_long_numbers(node)
    try:
        return None if node is None else SafeConstructor().construct_document(node)
    except (ValueError, OverflowError, RecursionError) as exc:  # the 31st of February, a number of a mile
        raise yaml.YAMLError(str(exc)) from exc


def read_yaml_text(data: bytes, file: Path) -> YamlText:
    """Read YAML with every scalar as the text that stands in the file.

    Args:
        data: UTF-8 text of one YAML document.
        file: The file's name, for messages.

    Raises:
        InputError: Not YAML, a key stands twice, an alias, or too large or deep; names file, line and column.
    """
    try:
        node = compose(data)
    except HostileYamlError as exc:
        place = str(file) if exc.line is None else message("yaml_text.line", file=file, line=exc.line)
        raise InputError(
            message("yaml_text.refused", place=place, problem=exc.sentence),
            hint=message("yaml_text.write-values-out-one-level-each"),
        ) from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        mark = getattr(exc, "problem_mark", None)
        place = str(file) if mark is None else message("yaml_text.line", file=file, line=mark.line + 1)
        raise InputError(
            message("yaml_text.not-readable-yaml", place=place, detail=ForeignDetail(str(exc)))
        ) from exc
    if node is None:
        return {}
    return _convert(node, file)


@cache
def packaged_words(package: str) -> dict[str, Any]:
    """Return the words that are data of one room: its `words.yaml`, every scalar a text; never changed."""
    source = files(package).joinpath("words.yaml")
    words = read_yaml_text(source.read_bytes(), Path(str(source)))
    assert isinstance(words, dict)
    return words


def _convert(node: yaml.Node, file: Path) -> YamlText:
    line = message("yaml_text.line", file=file, line=node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_convert(item, file) for item in node.value]
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise InputError(message("yaml_text.key-must-single-text", line=line))
        key = str(key_node.value)
        if key in result:
            raise InputError(
                message(
                    "yaml_text.line-key-stands-twice", file=file, line=key_node.start_mark.line + 1, key=key
                )
            )
        result[key] = _convert(value_node, file)
    return result
