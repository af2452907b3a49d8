"""The home folder: made, refused, backed up while it is used, restored whole or not at all."""

from __future__ import annotations

import sqlite3
import tarfile
from pathlib import Path

import pytest

from agreegen.errors import InputError, UsageError
from agreegen.web.accounts import add_user
from agreegen.web.backup import back_up, restore
from agreegen.web.home import Home
from agreegen.web.office import Office
from agreegen.web.serving import held
from agreegen.web.settings import Settings
from agreegen.web.store.audit import Act


def test_an_empty_folder_becomes_a_home_and_another_is_left_alone(tmp_path: Path) -> None:
    """Somebody's documents are no home."""
    home = Home.open(tmp_path / "home")
    assert home.folder.stat().st_mode & 0o777 == 0o700
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.docx").write_text("x")
    with pytest.raises(UsageError):
        Home.open(tmp_path / "other")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError):
        Home.open(tmp_path / "file")


def test_a_backup_is_whole_while_somebody_writes(tmp_path: Path) -> None:
    """An entry that is not in the main file yet is in the backup; its owner's only."""
    office = Office.open(tmp_path / "home")
    add_user(office, "wang", "王芳", "officer", "correct horse battery")
    with sqlite3.connect(office.home.database) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM users").fetchone()  # holds the log open
        office.record(Act("wang", "", "login"))
        count = back_up(office.home, tmp_path / "backup.tar.gz", force=False)
    assert (tmp_path / "backup.tar.gz").stat().st_mode & 0o777 == 0o600
    assert restore(tmp_path / "backup.tar.gz", tmp_path / "restored") == count
    again = Office.open(tmp_path / "restored")
    assert [user.name for user in again.users.all()] == ["wang"]
    assert again.audit.check().entries == 1
    assert again.audit_key.identity == office.audit_key.identity
    assert (tmp_path / "restored" / "trust").stat().st_mode & 0o777 == 0o700
    with pytest.raises(UsageError):
        restore(tmp_path / "backup.tar.gz", tmp_path / "restored")
    with pytest.raises(UsageError):
        back_up(office.home, tmp_path / "backup.tar.gz", force=False)
    with pytest.raises(UsageError):
        back_up(office.home, office.home.folder / "inside.tar.gz", force=False)


def test_what_is_no_backup_leaves_nothing(tmp_path: Path) -> None:
    """Cut off, something else, or with a path that leads out."""
    office = Office.open(tmp_path / "home")
    back_up(office.home, tmp_path / "whole.tar.gz", force=False)
    data = (tmp_path / "whole.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(data[: len(data) // 2])
    (tmp_path / "other.tar.gz").write_bytes(b"something else")
    with tarfile.open(tmp_path / "out.tar.gz", "w:gz") as archive:
        archive.add(office.home.database, "../outside.db")
    for name in ("cut", "other", "out"):
        with pytest.raises(InputError):
            restore(tmp_path / f"{name}.tar.gz", tmp_path / name)
        assert not (tmp_path / name).exists()
    assert not (tmp_path / "outside.db").exists()


def test_one_server_holds_a_home(tmp_path: Path) -> None:
    """Two would not know of each other."""
    with held(tmp_path / ".lock"), pytest.raises(UsageError), held(tmp_path / ".lock"):
        pass
    with held(tmp_path / ".lock"):
        pass


WRONG = [
    "name: 7",
    "nam: x",
    "- x",
    "language: fr",
    "idle_minutes: soon",
    "four_eyes: maybe",
    "{",
    "hosts: [1]",
]


@pytest.mark.parametrize("text", WRONG)
def test_wrong_settings_are_told(tmp_path: Path, text: str) -> None:
    """A key that nobody knows is a mistake, not a wish."""
    (tmp_path / "office.yaml").write_text(text)
    with pytest.raises(InputError, match=r"office\.yaml"):
        Settings.read(tmp_path / "office.yaml")


def test_settings_are_read(tmp_path: Path) -> None:
    """None are needed."""
    assert Settings.read(tmp_path / "none.yaml") == Settings()
    text = "name: 某办\nidle_minutes: 5\nforms:\n  personal-pledge: {defaults: {pledge_date: 2018-05-10}}\n"
    (tmp_path / "office.yaml").write_text(text)
    settings = Settings.read(tmp_path / "office.yaml")
    assert settings.name == "某办"
    assert settings.idle.total_seconds() == 300
    assert settings.forms["personal-pledge"].defaults == {"pledge_date": "2018-05-10"}
