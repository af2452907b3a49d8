"""Parameter files: one form's values in YAML, read as text and typed by the fields."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from agreegen.errors import InputError
from agreegen.files import read_limited
from agreegen.messages import ForeignDetail, Message, message
from agreegen.model.complaint import Complaint, ComplaintsError, Location, Severity
from agreegen.model.document import Value
from agreegen.model.form import Form
from agreegen.rosters.formats.text_decoding import detect_encoding, read_lines
from agreegen.values.parse import ParsedValues, parse_values
from agreegen.values.problem import RawValue
from agreegen.values.text import drop_cjk_spaces
from agreegen.yaml_text import MAX_BYTES, HostileYamlError, compose

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


FurtherCheck = Callable[[Mapping[str, Value], Callable[[str], Location]], Iterable[Complaint]]
"""Looks at the values that could be read, with a way to say where one stands."""


def read_parameters(
    path: Path,
    form: Form,
    further: FurtherCheck | None = None,
    warn: Callable[[Complaint], None] | None = None,
) -> Mapping[str, Value]:
    """Read the values of one document from a YAML file.

    Every scalar is read as text, so a phone keeps its leading zero and `no` stays a word.

    Args:
        path: The file.
        form: The form whose fields it fills.
        further: Another check, whose complaints are reported with the others.
        warn: Told what is odd and no error.

    Raises:
        ComplaintsError: Names every error in the file at once, each with its line.
        InputError: The file cannot be read, or is not YAML.
    """
    parsed = check_parameters(path, form, further)
    errors = [complaint for complaint in parsed.complaints if complaint.severity is Severity.ERROR]
    if errors:
        hint = message("rosters.mend-run-again-agreegen-forms-show", path=path, id=form.id)
        one = len(errors) == 1
        said = message("rosters.has-one" if one else "rosters.has", path=path, count=len(errors))
        raise ComplaintsError(said, errors, hint=hint)
    if warn is not None:
        for complaint in parsed.complaints:
            warn(complaint)
    return parsed.values


def _entries(root: MappingNode | None) -> Iterator[tuple[str, int, Node]]:
    """Yield each entry of a mapping: its name, its one-based line, its value."""
    for key, node in root.value if root else ():
        name = key.value if isinstance(key, ScalarNode) else str(key.tag)
        yield name, key.start_mark.line + 1, node


def check_parameters(path: Path, form: Form, further: FurtherCheck | None = None) -> ParsedValues:
    """Read the values of one document from a YAML file, with all errors and warnings.

    Raises:
        InputError: The file cannot be read, or is not YAML.
    """
    root = _compose(path)
    raw: dict[str, RawValue] = {}
    lines: dict[str, int] = {}
    complaints: list[Complaint] = []
    known = {field.name: field for field in form.fields}

    def locate(name: str) -> Location:
        field = known.get(name)
        return Location(
            file=str(path), row=lines.get(name), label=field.label_zh if field else None, field=name
        )

    for name, line, node in _entries(root):
        if name in lines:
            text = message("rosters.given-twice-first-line", name=name, lines=lines[name])
            complaints.append(
                Complaint(Location(file=str(path), row=line), text, message("rosters.give-once"))
            )
            continue
        lines[name] = line
        if name not in known:
            complaints.append(_unknown(locate(name), form, name))
        elif (value := _raw_value(node)) is _MISFIT:
            complaints.append(
                Complaint(
                    locate(name),
                    message("rosters.neither-text-nor-list-texts"),
                    message("rosters.write-one-value"),
                )
            )
            raw[name] = None
        else:
            raw[name] = value
    misfits = {complaint.location.field for complaint in complaints}
    parsed = parse_values(form, raw, locate)
    complaints.extend(c for c in parsed.complaints if c.location.field not in misfits)
    complaints.extend(() if further is None else further(parsed.values, locate))
    return ParsedValues(parsed.values, tuple(sorted(complaints, key=lambda c: c.location.row or 0)))


_MISFIT: tuple[str, ...] = ("\0",)


def _raw_value(node: Node) -> RawValue:
    """Return a node as text, or as the texts of a list; `_MISFIT` if it is neither."""
    if isinstance(node, ScalarNode):
        return _scalar_text(node)
    if isinstance(node, SequenceNode) and all(isinstance(item, ScalarNode) for item in node.value):
        return tuple(_scalar_text(item) or "" for item in node.value)
    return _MISFIT


def _scalar_text(node: ScalarNode) -> str | None:
    text = str(node.value)
    if node.style is None and text in _NOTHING:
        return None
    if node.style != "|" and node.end_mark.line > node.start_mark.line:
        return drop_cjk_spaces(text)  # YAML folds line ends into blanks, which Chinese text does not have
    return text


def _unknown(location: Location, form: Form, name: str) -> Complaint:
    names = [field.name for field in form.fields]
    labels = {field.label_zh: field.name for field in form.fields}
    close = labels.get(name) or next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.6)), None)
    remedy = (
        message("rosters.did-you-mean", close=close)
        if close
        else message("rosters.fields", names=tuple(names))
    )
    return Complaint(location, message("rosters.has-no-field-name", id=form.id), remedy)


def _compose(path: Path) -> MappingNode | None:
    """Parse YAML into nodes that know their lines; aliases are refused, so nothing can multiply."""
    try:
        read_limited(path, MAX_BYTES)  # before anything reads it to its end, which a device does not have
        text = "".join(read_lines(path, detect_encoding(path)))
    except OSError as exc:
        raise InputError(
            message("rosters.cannot-read", path=path, exc=exc),
            hint=message("rosters.check-path-its-permissions"),
        ) from exc
    try:
        root = compose(text)
    except yaml.YAMLError as exc:
        raise InputError(
            _yaml_message(path, exc), hint=message("rosters.check-indent-quote-texts-or")
        ) from exc
    if root is not None and not isinstance(root, MappingNode):
        raise InputError(
            message("rosters.does-not-hold-named-values", path=path),
            hint=message("rosters.write-one-name-value-line"),
        )
    return root


def _yaml_message(path: Path, exc: yaml.YAMLError) -> Message:
    mark: Any = getattr(exc, "problem_mark", None)
    where: Message | Path = path
    if mark:
        where = message("rosters.row-column", path=path, row=mark.line + 1, column=mark.column + 1)
    if isinstance(exc, HostileYamlError):
        return message("rosters.text", where=where, cause=exc.sentence)
    problem = getattr(exc, "problem", None) or getattr(exc, "reason", None) or "unreadable"
    return message("rosters.not-yaml", where=where, detail=ForeignDetail(problem))
