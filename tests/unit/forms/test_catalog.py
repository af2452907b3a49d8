"""Where forms are found, and which releases are approved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agreegen.errors import InputError
from agreegen.files import sha256_of_file
from agreegen.forms.catalog import approved_releases, find_form, find_release, forms_folder, list_forms

from .conftest import FORM_IDS, edit_description, edit_template


def test_the_packaged_forms_are_found_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGREEGEN_FORMS", raising=False)
    assert tuple(form.id for form in list_forms(forms_folder(None))) == FORM_IDS


def test_the_option_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    option, variable = tmp_path / "option", tmp_path / "variable"
    option.mkdir()
    variable.mkdir()
    monkeypatch.setenv("AGREEGEN_FORMS", str(variable))
    assert forms_folder(None) == variable
    assert forms_folder(option) == option


def test_a_folder_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        forms_folder(tmp_path / "none")
    assert "--forms" in str(caught.value.hint)
    monkeypatch.setenv("AGREEGEN_FORMS", str(tmp_path / "none"))
    with pytest.raises(InputError) as caught:
        forms_folder(None)
    assert "AGREEGEN_FORMS" in str(caught.value.hint)


@pytest.mark.parametrize("form_id", ["nothing", "../forms/personal-pledge", "", "."])
def test_an_unknown_form_is_refused_with_those_there_are(copied_forms: Path, form_id: str) -> None:
    with pytest.raises(InputError) as caught:
        find_form(form_id, copied_forms)
    assert "personal-pledge" in str(caught.value.hint)


def test_the_id_must_be_the_folders_name(pledge: Path) -> None:
    edit_description(pledge, "id: personal-pledge", "id: other")
    with pytest.raises(InputError, match="folder's name"):
        find_form("personal-pledge", pledge.parent)


def test_every_packaged_form_is_approved() -> None:
    folder = forms_folder(None)
    approved = approved_releases(folder)
    for form in list_forms(folder):
        assert approved[form.id, form.version].allows(form)


def test_a_folder_without_a_list_has_released_nothing(copied_forms: Path) -> None:
    assert approved_releases(copied_forms) == {}


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "a: b",
        "a: {'1.0': x}",
        "a: {'1.0': [ABC]}",
        "a: {'1.0': [{b: c}]}",
        "a: {'1.0': {template: []}}",
        "a: {'1.0': {template: [], form: x}}",
        "a: {'1.0': ['" + "g" * 64 + "']}",
    ],
)
def test_a_broken_list_of_releases_is_refused(copied_forms: Path, text: str) -> None:
    (copied_forms / "approved.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"approved\.yaml"):
        approved_releases(copied_forms)


def test_an_older_release_is_found_by_the_hash_of_its_template(pledge: Path) -> None:
    old = pledge / "releases" / "1.0"
    old.mkdir(parents=True)
    for name in ("template.docx", "form.yaml"):
        shutil.copy(pledge / name, old / name)
    old_hash = sha256_of_file(old / "template.docx")
    edit_template(pledge, lambda document: document.paragraphs[0].runs[0].add_text("（新）"))
    edit_description(pledge, 'version: "1.0"', 'version: "1.1"')
    new_hash = sha256_of_file(pledge / "template.docx")
    found = find_release(pledge.parent, "personal-pledge", old_hash, "1.0")
    assert found is not None
    assert (found.version, found.directory) == ("1.0", old)
    found = find_release(pledge.parent, "personal-pledge", new_hash, "1.1")
    assert found is not None
    assert found.version == "1.1"
    assert [form.id for form in list_forms(pledge.parent)] == list(FORM_IDS)
    assert find_form("personal-pledge", pledge.parent).version == "1.1"
    assert find_form("personal-pledge@1.1", pledge.parent).version == "1.1"
    assert find_form("personal-pledge@1.0", pledge.parent).directory == old
    with pytest.raises(InputError, match=r"no version 2\.0") as caught:
        find_form("personal-pledge@2.0", pledge.parent)
    assert "1.0" in str(caught.value.hint)
    assert "1.1" in str(caught.value.hint)


@pytest.mark.parametrize("form_id", ["personal-pledge", "no-such-form", "../forms/personal-pledge"])
def test_an_unknown_release_is_none(pledge: Path, form_id: str) -> None:
    wanted = "0" * 64 if form_id == "personal-pledge" else sha256_of_file(pledge / "template.docx")
    assert find_release(pledge.parent, form_id, wanted, "1.0") is None
