"""Options that several commands share, with one wording each."""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agreegen.cli.output import prompt_secret, say_warning
from agreegen.errors import UsageError
from agreegen.messages import message, translate

if TYPE_CHECKING:
    from agreegen.api import Credential, TimestampServer, Trust
    from agreegen.api.access import SignerPin

_FORMS = "AGREEGEN_FORMS"
F = TypeVar("F", bound=Callable[..., Any])

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)
existing_folder = click.Path(exists=True, file_okay=False, path_type=Path)
existing_path = click.Path(exists=True, path_type=Path)
any_path = click.Path(path_type=Path, readable=False)


def use_forms(value: Path | None) -> None:
    """Let this folder of forms hold for everything that the command does, in its processes too."""
    if value is not None:
        os.environ[_FORMS] = str(value)


@contextlib.contextmanager
def keeping_forms() -> Iterator[None]:
    """Let what a command within is told by `--forms` hold for that command alone."""
    before = os.environ.get(_FORMS)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_FORMS, None)
        else:
            os.environ[_FORMS] = before


def _use_and_tell_hidden(_: click.Context, __: click.Parameter, folder: Path | None) -> Path | None:
    """Warn of each form of a folder that stands in the place of a packaged one of that id.

    The folder holds for all that the command does, e.g. for the job that a register remembers.
    """
    use_forms(folder)
    named = os.environ.get(_FORMS)
    place = folder or (Path(named) if named else None)
    if place is None or not place.is_dir():
        return folder
    from agreegen.api.forms import hidden_forms  # noqa: PLC0415 - without a folder of forms nobody needs it

    for form_id in hidden_forms(place):
        say_warning(message("cli.form-in-place-of-packaged", form_id=form_id, place=place))
    return folder


def forms_option(function: F) -> F:
    """Add `--forms DIR`."""
    return click.option(
        "--forms",
        "forms_folder_option",
        type=existing_folder,
        metavar="DIR",
        callback=_use_and_tell_hidden,
        help="cli.folder-forms-else-agreegen-forms-else",
    )(function)


def force_option(function: F) -> F:
    """Add `--force`."""
    return click.option("--force", is_flag=True, help="cli.replace-what-already")(function)


def json_option(function: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="cli.print-result-json")(function)


def open_credential(path: Path | None) -> AbstractContextManager[Credential | None]:
    """Load a credential, asking for its secrets, and release it behind; None stays None."""
    from agreegen.api.credentials import load_credential  # noqa: PLC0415 - takes long to load

    return contextlib.nullcontext() if path is None else load_credential(path, prompt=prompt_secret)


def trust_options(function: F) -> F:
    """Add `--trust` and `--crl`, which may be given more than once."""
    function = click.option(
        "--crl",
        "crls",
        multiple=True,
        type=existing_path,
        help="cli.revocation-list-pem-or-der-or",
    )(function)
    return click.option(
        "--trust",
        multiple=True,
        type=existing_path,
        help="cli.trust-anchor-pem-or-der-or",
    )(function)


def tsa_option(function: F) -> F:
    """Add `--tsa`, which may be given more than once: tried in order."""
    return click.option(
        "--tsa",
        multiple=True,
        metavar="URL|FILE",
        help="cli.rfc-3161-timestamp-service-its-address",
    )(function)


def policy_option(function: F) -> F:
    """Add `--policy FILE`, by which the signatures that are there are judged."""
    return click.option(
        "--policy",
        type=existing_file,
        help="cli.validation-policy-signatures-e-g-sm2",
    )(function)


def register_options(function: F) -> F:
    """Add `--register` and `--register-credential` of commands that make or sign single documents."""
    function = click.option(
        "--register-credential",
        type=any_path,
        metavar="CRED.yaml",
        help="cli.who-signs-register-else-whom-or",
    )(function)
    return click.option(
        "--register",
        "register_file",
        type=any_path,
        metavar="FILE",
        help="cli.record-register-register-db-files-lie",
    )(function)


class LevelChoice(click.Choice[str]):
    """PAdES levels in any case, shown as the standard writes them."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's own signature
        """Return the levels for help texts."""
        return f"[{'|'.join(self.choices)}]"

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:  # noqa: ARG002 - the same
        """Say which levels there are."""
        return translate(message("cli.not-one", value=value, repr=tuple(self.choices)))

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:  # noqa: ARG002 - the same
        """Say which levels there are."""
        return translate(message("cli.choose-from", choices=tuple(self.choices)))


def level_option(*, default: str | None, choices: tuple[str, ...]) -> Callable[[F], F]:
    """Add `--level` with these PAdES levels; without a default it must be given."""
    # An explicit `default=None` would count as given.
    settings: dict[str, Any] = {"required": True} if default is None else {"default": default}
    return click.option(
        "--level",
        type=LevelChoice(choices, case_sensitive=False),
        show_default=default is not None,
        help="cli.pades-level-reach",
        **settings,
    )


def read_signer(text: str | None) -> SignerPin | None:
    """Read whose signature must be there: a certificate file or a fingerprint; None for anybody's.

    Raises:
        InputError: It is neither.
    """
    from agreegen.api.access import SignerPin  # noqa: PLC0415 - every command loads this module

    return None if text is None else SignerPin.parse(text)


def read_trust(trust: Sequence[Path], crls: Sequence[Path]) -> Trust:
    """Load what `--trust` and `--crl` name, and warn of example anchors.

    Raises:
        CredentialError: A file cannot be read.
    """
    from agreegen.api.trust import load_trust  # noqa: PLC0415 - every command loads this module

    anchors = load_trust([*trust, *crls])
    if anchors.example:
        say_warning(message("cli.example-trust-anchor-was-given-anyone"))
    return anchors


def read_tsa(names: Sequence[str]) -> tuple[TimestampServer, ...]:
    """Read the timestamp services that the user named, by address or by file."""
    from agreegen.api.credentials import load_timestamp_servers  # noqa: PLC0415 - the same

    servers = load_timestamp_servers(names, prompt=prompt_secret)
    for warning in (warning for server in servers for warning in server.warnings):
        say_warning(warning)
    return servers


def read_aliases(texts: Sequence[str]) -> dict[str, str]:
    """Read `PRINTED=REGISTERED` options.

    Raises:
        UsageError: One is not of that form, or a printed name stands twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        printed, equals, registered = (part.strip() for part in text.partition("="))
        if not printed or not equals or not registered or printed in found:
            raise UsageError(message("cli.alias-write-printed-registered-each-printed", text=text))
        found[printed] = registered
    return found


def account_name() -> str:
    """Return the account's name, for a command that is not told who acts; `unknown` where there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def read_seam_options(texts: Sequence[str]) -> dict[str, Path]:
    """Read `ROLE=FILE` options.

    Raises:
        UsageError: One is not of that form, or a role stands twice.
    """
    found: dict[str, Path] = {}
    for text in texts:
        role, equals, file = (part.strip() for part in text.partition("="))
        if not role or not equals or not file or role in found:
            raise UsageError(message("cli.seam-write-role-file", text=text))
        found[role] = Path(file)
    return found
