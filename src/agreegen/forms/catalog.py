"""The forms at hand: where their folder is, what it holds, and which releases are approved."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreegen.errors import InputError
from agreegen.files import read_limited
from agreegen.forms.description import load_form
from agreegen.messages import message
from agreegen.model.form import Form
from agreegen.packaged_data import data_folder
from agreegen.yaml_text import MAX_BYTES, read_yaml_text

ENVIRONMENT_NAME = "AGREEGEN_FORMS"
APPROVED_NAME = "approved.yaml"
RELEASES_NAME = "releases"

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_FORM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


def forms_folder(option: Path | None = None) -> Path:
    """Return the folder of forms: the option, else `AGREEGEN_FORMS`, else the packaged forms.

    Raises:
        InputError: The option or the variable names no folder.
    """
    named = os.environ.get(ENVIRONMENT_NAME)
    if option is None and not named:
        return data_folder("forms")
    folder = option if option is not None else Path(str(named))
    if not folder.is_dir():
        source = (
            "--forms"
            if option is not None
            else message("forms.environment-variable", environment_name=ENVIRONMENT_NAME)
        )
        raise InputError(
            message("forms.no-such-folder-forms", folder=folder),
            hint=message("forms.must-name-folder-form-folders", source=source),
        )
    return folder


def find_form(form_id: str, folder: Path) -> Form:
    """Load the form of that id: from the folder, else the packaged one.

    Args:
        form_id: The id, for the current release; or `ID@VERSION` for that one.
        folder: The folder of forms in use.

    Raises:
        InputError: There is no such form, or its description is wrong.
    """
    form_id, marked, version = form_id.partition("@")
    places = _places(folder)
    if form_id not in places:
        raise InputError(
            message("forms.no-form", folder=folder, form_id=form_id),
            hint=message("forms.forms", known=tuple(sorted(places)) or message("messages.none")),
        )
    form = load_form(places[form_id])
    if form.id != form_id:
        raise InputError(
            message("forms.id-must-folder-name", folder=places[form_id] / "form.yaml", form_id=form_id)
        )
    return _release_of(form, version, folder) if marked else form


def has_form(form_id: str, folder: Path) -> bool:
    """Tell whether there is a form of that id, in the folder or packaged, without reading it."""
    return form_id in _places(folder)


def _release_of(current: Form, version: str, folder: Path) -> Form:
    """Return one release of a form by its version."""
    releases = {form.version: form for form in map(load_form, _releases(folder, current.id))}
    if version not in releases:
        raise InputError(
            message("forms.no-version", form_id=current.id, version=version),
            hint=message("forms.versions", versions=tuple(sorted(releases))),
        )
    return releases[version]


def list_forms(folder: Path) -> list[Form]:
    """Load every form of a folder and the packaged ones beside them, by id.

    Raises:
        InputError: The folder cannot be read, or a description is wrong.
    """
    return [find_form(form_id, folder) for form_id in sorted(_places(folder))]


def home_of(form_id: str, folder: Path) -> Path:
    """Return the folder that speaks for a form: one's own where it has that form, else the packaged one.

    Args:
        form_id: The id; one that is no folder's name is nobody's.
        folder: The folder of forms in use.
    """
    own = bool(_FORM_ID.match(form_id)) and (folder / form_id).is_dir()
    return folder if own else data_folder("forms")


def home_of_release(directory: Path) -> Path:
    """Return the folder of forms in which a form's current or older release stands."""
    older = directory.parent.name == RELEASES_NAME
    return directory.parents[2] if older else directory.parent


def hidden_forms(folder: Path) -> list[str]:
    """Return the ids of packaged forms in whose place a folder has another one."""
    packaged = data_folder("forms")
    common = sorted(set(_form_ids(folder)) & set(_form_ids(packaged)))
    return [name for name in common if _bytes_of(folder / name) != _bytes_of(packaged / name)]


def _bytes_of(form: Path) -> list[bytes]:
    paths = (form / name for name in ("form.yaml", "template.docx"))
    return [path.read_bytes() if path.is_file() else b"" for path in paths]


def _places(folder: Path) -> dict[str, Path]:
    """Return the folder of each form: a folder of one's own adds to the packaged forms, and goes first."""
    places = (data_folder("forms"), folder)
    return {form_id: place / form_id for place in places for form_id in _form_ids(place)}


@dataclass(frozen=True, slots=True)
class Approved:
    """What was released as one version of a form.

    Attributes:
        templates: SHA-256 of each released `template.docx`, lower-case hex.
        descriptions: SHA-256 of each released `form.yaml`; several where it was given more to say about what
            is no part of a document; empty where the list names templates only, so that any will do.
    """

    templates: frozenset[str] = frozenset()
    descriptions: frozenset[str] = frozenset()

    def allows(self, form: Form) -> bool:
        """Say whether a form's template and description are released ones."""
        known = not self.descriptions or form.description_sha256 in self.descriptions
        return known and form.template_sha256 in self.templates


def approved_releases(folder: Path) -> dict[tuple[str, str], Approved]:
    """Return what was released, by form id and version.

    A folder without `approved.yaml` has released nothing.

    Raises:
        InputError: `approved.yaml` is not form id → version → `template` and `form`, each a list of SHA-256
            values in lower-case hex; or a list, of templates only.
    """
    path = folder / APPROVED_NAME
    if not path.exists():
        return {}
    try:
        node = read_yaml_text(read_limited(path, MAX_BYTES), path)
    except OSError as exc:
        raise InputError(message("forms.cannot-read-2", path=path, exc=exc)) from exc
    approved = {}
    for form_id, versions in (node if isinstance(node, dict) else {"": node}).items():
        if not isinstance(versions, dict):
            raise InputError(
                message(
                    "forms.must-versions-their-hashes",
                    path=path,
                    form_id=form_id or message("forms.the-file"),
                )
            )
        for version, hashes in versions.items():
            approved[form_id, version] = _read_approved(hashes, f"{path}: {form_id}.{version}")
    return approved


def _read_approved(node: object, where: str) -> Approved:
    if not isinstance(node, dict):
        return Approved(_read_hashes(node, where))
    if node.keys() != {"template", "form"}:
        raise InputError(message("forms.must-have-lists-template-form", where=where))
    return Approved(
        _read_hashes(node["template"], f"{where}.template"), _read_hashes(node["form"], f"{where}.form")
    )


def _read_hashes(node: object, where: str) -> frozenset[str]:
    if not (isinstance(node, list) and all(isinstance(h, str) and _SHA256.match(h) for h in node)):
        raise InputError(message("forms.must-list-sha-256-values-lower", where=where))
    return frozenset(str(h) for h in node)


def find_release(folder: Path, form_id: str, template_sha256: str, version: str) -> Form | None:
    """Return the current or an older release of a form with that template and version.

    Older releases stand in `<form>/releases/<version>/`, each with its own template and description. Two
    versions may have the same template and other roles.

    Raises:
        InputError: The description of a release is wrong.
    """
    if not _FORM_ID.match(form_id):
        return None
    for directory in _releases(folder, form_id):
        form = load_form(directory)
        if (form.template_sha256, form.version) == (template_sha256, version):
            return form
    return None


def _releases(folder: Path, form_id: str) -> Iterator[Path]:
    """Yield the folders of a form's current and older releases."""
    current = home_of(form_id, folder) / form_id
    older = sorted(path.parent for path in (current / RELEASES_NAME).glob("*/form.yaml"))
    yield from (path for path in (current, *older) if (path / "form.yaml").is_file())


def _form_ids(folder: Path) -> list[str]:
    try:
        return sorted(path.parent.name for path in folder.glob("*/form.yaml"))
    except OSError as exc:
        raise InputError(message("forms.cannot-read", folder=folder, exc=exc)) from exc
