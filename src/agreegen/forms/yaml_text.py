"""YAML read as text: no scalar is guessed into a number, date or boolean, and no key may stand twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from agreegen.errors import InputError

YamlText = str | list["YamlText"] | dict[str, "YamlText"]
"""What a YAML file holds when every scalar is text."""

_MAX_BYTES = 1 << 20
_MAX_DEPTH = 20
_FEW_OPENINGS = 500


def read_yaml_text(data: bytes, file: Path) -> YamlText:
    """Read YAML with every scalar as the text that stands in the file.

    Anchors and aliases are refused: they can make a small file expand without bound.

    Args:
        data: UTF-8 text of one YAML document.
        file: The file's name, for messages.

    Raises:
        InputError: Not YAML, a key stands twice, an alias, or too large or deep; names file, line and column.
    """
    if len(data) > _MAX_BYTES:
        raise InputError(f"{file}: larger than {_MAX_BYTES} bytes")
    try:
        node = yaml.compose(data, Loader=quick_loader("BaseLoader", data))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as exc:
        raise InputError(f"{file}: not readable as YAML: {exc}") from exc
    if node is None:
        return {}
    return _convert(node, file, set(), 0)


def quick_loader(name: str, data: bytes) -> Any:
    """Return the loader of that name, libyaml's where that is safe: it is ten times as fast.

    libyaml ends the whole process over text that nests tens of thousands deep; such text goes to Python's.

    Args:
        name: `BaseLoader` or `SafeLoader`.
        data: What will be read.
    """
    openings = sum(map(data.count, (b"[", b"{", b"- ", b"-\t", b"? ", b": ")))
    quick = openings <= _FEW_OPENINGS and len(data) <= _MAX_BYTES
    return getattr(yaml, f"C{name}", getattr(yaml, name)) if quick else getattr(yaml, name)


def _convert(node: yaml.Node, file: Path, seen: set[int], depth: int) -> YamlText:
    line = f"{file}: line {node.start_mark.line + 1}"
    if id(node) in seen:
        raise InputError(
            f"{line}: a YAML alias (*name) uses this value again; aliases are not allowed",
            hint="write it out",
        )
    seen.add(id(node))
    if depth > _MAX_DEPTH:
        raise InputError(f"{line}: nested too deep")
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_convert(item, file, seen, depth + 1) for item in node.value]
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise InputError(f"{line}: a key must be a single text")
        key = str(key_node.value)
        if key in result:
            raise InputError(
                f"{file}: line {key_node.start_mark.line + 1}: the key {key!r} stands there twice"
            )
        result[key] = _convert(value_node, file, seen, depth + 1)
    return result
