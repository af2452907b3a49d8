"""What is installed on this machine, what is missing, and what that means."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreegen import __version__
from agreegen.errors import AgreegenError
from agreegen.forms.catalog import forms_folder, list_forms
from agreegen.forms.check import check_form
from agreegen.forms.fonts import HAN_BLOCKS, covered_characters, find_font
from agreegen.messages import Message, message
from agreegen.model.form import Form

__all__ = ["MachineCheck", "examine_machine"]


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """One line of the doctor's findings.

    Attributes:
        name: What was looked for.
        state: `ok`, `missing` (what needs it cannot be done) or `failed` (a form cannot be made here).
        detail: What was found, or what is lost without it and how to get it.
    """

    name: Message | str
    state: str
    detail: Message | str

    def to_dict(self) -> dict[str, str]:
        """Return the JSON object of `doctor --json`."""
        return {"name": str(self.name), "state": self.state, "detail": str(self.detail)}


def examine_machine(forms: Path | None = None) -> Iterator[MachineCheck]:
    """Look at programs, packages, forms and fonts in turn.

    Args:
        forms: Folder of forms; None for the usual ones.
    """
    yield MachineCheck(
        "agreegen", "ok", message("api.on-python", version=__version__, python=sys.version.split()[0])
    )
    yield from _look_for_programs()
    yield from _look_for_packages()
    yield from _look_for_libcrypto()
    yield from _look_at_forms(forms)


def _find_libreoffice() -> str | None:
    """Return the program that lays out pages, under either of its names."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def _look_for_programs() -> Iterator[MachineCheck]:
    programs = (
        (
            "LibreOffice",
            _find_libreoffice(),
            message("api.needed-agreements-forms-not-compiled-libreoffice"),
        ),
        ("fontconfig", shutil.which("fc-match"), message("api.needed-find-installed-fonts-fontconfig")),
    )
    for name, found, loss in programs:
        yield MachineCheck(name, "ok" if found else "missing", found or loss)


def _look_for_packages() -> Iterator[MachineCheck]:
    packages = (
        (message("api.package.tokens"), "pkcs11", "agreegen[pkcs11]"),
        (message("api.package.gmssl"), "gmssl_pyx", message("api.agreegen-sm2-not-needed-where-openssl")),
        (message("api.package.clusters"), "distributed", "agreegen[dask]"),
        (message("api.package.responder"), "certomancer", message("api.agreegen-responder-trying-out-only")),
    )
    for name, module, extra in packages:
        found = importlib.util.find_spec(module) is not None
        yield MachineCheck(
            name,
            "ok" if found else "missing",
            message("api.installed") if found else message("api.install", extra=extra),
        )


def _look_for_libcrypto() -> Iterator[MachineCheck]:
    try:
        from agreegen.pki.sm2.backend import describe_backend  # noqa: PLC0415 - loads a shared library

        yield MachineCheck("SM2", "ok", describe_backend())
    except AgreegenError as exc:
        yield MachineCheck("SM2", "missing", exc.sentence)


def _look_at_forms(option: Path | None) -> Iterator[MachineCheck]:
    try:
        found = list_forms(forms_folder(option))
    except AgreegenError as exc:
        yield MachineCheck(message("api.forms"), "failed", exc.sentence)
        return
    if not found:
        yield MachineCheck(message("api.forms"), "failed", message("api.no-form-was-found-see-forms"))
    for form in found:
        yield _judge_form(form)
    yield from _look_at_fonts(found)


def _look_at_fonts(forms: list[Form]) -> Iterator[MachineCheck]:
    """Say of each font of the forms' chains which share of each block of GB 18030-2022 it prints."""
    families = dict.fromkeys(name for form in forms for _, chain in form.font_chains for name in chain)
    printed = frozenset[int]()
    for family in families:
        font = find_font(family)
        if font is None:
            yield MachineCheck(message("api.font", family=family), "missing", message("api.not-installed"))
            continue
        characters = covered_characters(font)
        printed |= characters
        yield MachineCheck(
            message("api.font", family=family),
            "ok",
            message("api.font-prints", shares=_shares(characters), path=font.path),
        )
    whole = all(block.covered(printed) == len(block) for block in HAN_BLOCKS)
    shares = message("api.shares", shares=_shares(printed))
    loss = message("api.rare-names-refused-install-fonts-hanazono", shares=shares)
    yield MachineCheck("GB 18030-2022", "ok" if whole else "missing", shares if whole else loss)


def _shares(characters: frozenset[int]) -> tuple[Message, ...]:
    """Return the share of each block, rounded down: only what is whole is 100 %."""
    return tuple(
        message(
            f"api.han-block.{block.name.lower().replace(' ', '-')}",
            percent=100 * block.covered(characters) // len(block),
        )
        for block in HAN_BLOCKS
    )


def _judge_form(form: Form) -> MachineCheck:
    from agreegen.pipeline.compiling import NEEDS_LIBREOFFICE, describe_compiled  # noqa: PLC0415 - keeps the start quick

    made = describe_compiled(form)
    if made == NEEDS_LIBREOFFICE and _find_libreoffice() is None:
        return MachineCheck(
            message("api.form", form=form.id),
            "failed",
            message("api.version-cannot-made-without-libreoffice", version=form.version),
        )
    complaints = [c for c in check_form(form.directory) if c.severity.value == "error"]
    if complaints:
        return MachineCheck(
            message("api.form", form=form.id), "failed", message("api.complaint", complaint=complaints[0])
        )
    return MachineCheck(
        message("api.form", form=form.id), "ok", message("api.form-version", version=form.version, made=made)
    )
