"""Judging uploads of strangers: under limits, by the office's trust folder; nothing of them is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from agreegen.model.report import FileReport
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.service import verify_bytes
from agreegen.web.office import Office


def office_options(office: Office) -> Options:
    """Return by what this office judges: its trust folder and its policy."""
    folder = office.home.trust
    trust = load_trust([folder]) if any(folder.iterdir()) else None
    policy = office.settings.policy
    return Options(
        now=office.clock(),
        anchors_der=trust.anchors_der if trust else (),
        crls_der=trust.crls_der if trust else (),
        policy_file=None if policy is None else office.home.folder / policy,
    )


def judge(office: Office, name: str, data: bytes) -> FileReport:
    """Judge one file."""
    return replace(verify_bytes(name, data, office_options(office)), path=name)


def trust_files(office: Office) -> tuple[str, ...]:
    """Name the anchors that this office trusts, for the page to say which."""
    kinds = {".pem", ".crt", ".cer"}
    return tuple(
        sorted(path.name for path in Path(office.home.trust).iterdir() if path.suffix.lower() in kinds)
    )
