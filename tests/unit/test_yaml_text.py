"""YAML that is made to cost memory or time is refused before it does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from agreegen.errors import InputError
from agreegen.yaml_text import MAX_BYTES, HostileYamlError, compose, load_typed, read_yaml_text

_DEEP = {
    "flow lists": b"[" * 100_000,
    "flow mappings": b"{a: " * 25_000,
    "flow mappings as keys": b"{? " * 30_000,
    "block lists": b"- " * 50_000,
    "keys of keys": b"? " * 50_000,
    "indents": b"".join(b" " * depth + b"a:\n" for depth in range(1, 440)),
    "behind much that is harmless": b"a: b\n" * 20 + b"c: " + b"[" * 90_000,
}


@pytest.mark.parametrize("data", _DEEP.values(), ids=_DEEP.keys())
def test_nesting_without_end_is_refused_at_once(data: bytes) -> None:
    begun = time.monotonic()
    for typed in (False, True):
        with pytest.raises(HostileYamlError, match="nested"):
            compose(data, typed=typed)
    with pytest.raises(InputError, match=r"f\.yaml: line \d+: it is nested too deeply"):
        read_yaml_text(data, Path("f.yaml"))
    assert time.monotonic() - begun < 2


def test_aliases_and_size_are_refused() -> None:
    with pytest.raises(HostileYamlError, match="alias"):
        load_typed("a: &x [1]\nb: *x\n")
    with pytest.raises(HostileYamlError, match="larger"):
        compose(b"a" * (MAX_BYTES + 1))


def test_types_that_cannot_be_are_an_error_of_yaml() -> None:
    for text in ("a: 2018-02-31", "a: !!python/object/apply:os.getpid []", "a: " + "9" * 5_000):
        with pytest.raises(yaml.YAMLError):
            load_typed(text)
    assert load_typed("a: [1, no, 2029-01-01]")["a"][:2] == [1, False]
    assert load_typed("") is None
