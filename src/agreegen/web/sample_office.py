"""An office on the demonstration's data, to look around in: throw-away keys, one temporary account."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from agreegen.api.devices import ROOT_KEY, AuthorityPlan, has_authority, make_authority
from agreegen.clock import read_clock
from agreegen.files import write_atomically
from agreegen.web.accounts import add_user
from agreegen.web.home import Home
from agreegen.web.office import Office
from agreegen.web.store.audit import COMMAND_LINE, Act
from agreegen.yaml_text import packaged_words

_PASSWORD_BYTES = 12
_ACCOUNT = "officer"


@dataclass(frozen=True, slots=True)
class TemporaryAccount:
    """An account whose password is shown once.

    Attributes:
        name: What one types to log in.
        password: The password.
    """

    name: str
    password: str


def fill_from_demo(folder: Path, demo: Path) -> TemporaryAccount:
    """Fill a home folder from a demonstration's output, once, and give a fresh temporary officer account.

    Args:
        folder: The home folder, empty or filled by this function before.
        demo: What `agreegen demo` made.

    Raises:
        UsageError: The folder is something else.
    """
    home, words = Home.open(folder), packaged_words("agreegen.web")
    if not home.settings_file.exists():
        for name in ("trust", "credentials"):
            shutil.copytree(demo / name, home.folder / name, dirs_exist_ok=True)
        text = yaml.safe_dump(words["settings"], allow_unicode=True, sort_keys=False)
        write_atomically(home.settings_file, text.encode())
    if not has_authority(home.authority):
        key = home.authority / ROOT_KEY
        plan = AuthorityPlan(words["settings"]["name"], key, None, clock=True, trust=home.trust)
        make_authority(home.authority, plan, now=read_clock())
    office = Office.open(folder)
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    for user in office.users.all():
        if user.name.startswith(f"{_ACCOUNT}-") and not user.disabled:
            office.users.set_disabled(user.id, disabled=True)
            office.record(Act("", COMMAND_LINE, "user-disable", user.name))
    name = f"{_ACCOUNT}-{secrets.token_hex(2)}"
    add_user(office, name, words["officer"], "officer", password)
    office.record(Act("", COMMAND_LINE, "user-add", name))
    return TemporaryAccount(name, password)
