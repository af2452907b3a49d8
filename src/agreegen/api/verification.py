"""Verdicts on signed PDF files: on disk, or bytes from strangers under limits; and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from agreegen.clock import read_clock
from agreegen.files import read_limited
from agreegen.model.report import FileReport, Report, Verdict
from agreegen.reports.verification.abridging import abridge as abridge
from agreegen.signing.interface import Trust
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options as VerifyOptions
from agreegen.verification.paths import expand_paths as expand_paths
from agreegen.verification.pictures.interface import PagePair
from agreegen.verification.service import verify_paths

__all__ = [
    "FileReport",
    "PagePair",
    "Report",
    "Verdict",
    "VerifyOptions",
    "changed_pages",
    "report_html",
    "report_xml",
    "verify",
    "verify_each",
    "verify_options",
    "write_report_html",
    "write_signed_revisions",
]


def verify_options(
    trust: Trust | Sequence[Path] = (),
    *,
    at: datetime | None = None,
    complete: bool = False,
    policy: Path | None = None,
    register: Path | None = None,
    forms: Path | None = None,
    password: str | None = None,
    second_password: str | None = None,
    fetch: bool = False,
    evidence: Iterable[Path] = (),
    seals_seen: Iterable[str] = (),
    aliases: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> VerifyOptions:
    """Gather what a verification goes by; trust folders and evidence records are read now, once.

    Args:
        trust: From `load_trust`, or the files and folders to load; without anchors, trust stays unknown.
        at: Moment to judge for, aware; None for now.
        complete: Whether a file in which a required role is missing is not valid.
        policy: Validation policy (YAML); None for the built-in one.
        register: Register that should know the files.
        forms: Folder of released forms; None for the packaged ones.
        password: Of encrypted files.
        second_password: The other one of encrypted files that have two: only with both is it known that both
            show the same.
        fetch: Whether revocation data may be fetched over the network.
        evidence: Evidence records (`.ers`, RFC 4998), and folders of them.
        seals_seen: SHA-256 (hex) of the pictures of seals that somebody has looked at.
        aliases: Printed name of a holder → the registered name of the certificate, where that is known.
        now: Time of the verification, aware UTC; None for the clock.

    Raises:
        CredentialError: A trust file cannot be read.
        OSError: An evidence record cannot be read, or is too large.
    """
    anchors = trust if isinstance(trust, Trust) else load_trust(trust)
    return VerifyOptions(
        now=now or read_clock(),
        anchors_der=anchors.anchors_der,
        crls_der=anchors.crls_der,
        at=at,
        complete=complete,
        policy_file=policy,
        register_file=register,
        forms_folder=forms,
        password=password,
        second_password=second_password,
        fetch=fetch,
        seals_seen=frozenset(seals_seen),
        evidence_der=tuple(_read_records(evidence)),
        aliases=tuple((aliases or {}).items()),
    )


def verify(paths: Iterable[Path], options: VerifyOptions | None = None, *, jobs: int = 1) -> Report:
    """Judge files and folders (every PDF below), each in a worker process under limits of time and memory.

    Args:
        paths: What to judge; whatever is in a file, it gets an entry.
        options: From `verify_options`; None for no trust anchors.
        jobs: Number of worker processes.

    Returns:
        The verdicts. A report is no boolean: ask for `all_valid`.

    Raises:
        InputError: The policy file is wrong.
    """
    return Report(tuple(verify_each(paths, options, jobs=jobs)))


def verify_each(
    paths: Iterable[Path], options: VerifyOptions | None = None, *, jobs: int = 1
) -> Iterator[FileReport]:
    """Judge files and folders as `verify` does, and give each report when it is there, in order.

    Raises:
        InputError: The policy file is wrong; at once, before the first report is asked for.
    """
    return verify_paths(list(paths), options or verify_options(), jobs=jobs)


def changed_pages(file: FileReport, data: bytes, *, password: str | None = None) -> tuple[PagePair, ...]:
    """Draw the pages that look different from what was signed, before and after.

    Args:
        file: The report.
        data: The bytes that were judged.
        password: For encrypted files.

    Returns:
        The pages that differ, at most a few; none where nothing was changed, or nothing can be drawn.
    """
    from agreegen.reports.verification import changed_pages as pages  # noqa: PLC0415 - only where drawn

    if not pages.shows_pages(file):
        return ()
    return pages.changed_pages(file, data, password=password) or ()


def report_html(
    report: Report,
    options: VerifyOptions,
    *,
    lang: str = "en",
    contents: Mapping[str, bytes] | None = None,
) -> str:
    """Return a report as one HTML file of its own, pages before and after a change as pictures.

    The files are read once more for the pictures. Give `abridge`d reports where there are very many.

    Args:
        report: The report.
        options: By what was judged.
        lang: `zh` or `en`.
        contents: Path → bytes of files that lie on no disk, such as uploads; None to read the files again.
    """
    from agreegen.reports.verification.html import render_html  # noqa: PLC0415 - only where asked for

    return render_html(report, options, lang=lang, contents=contents)


def write_report_html(path: Path, report: Report, options: VerifyOptions, *, lang: str = "en") -> None:
    """Write `report_html` piece by piece, durably.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    from agreegen.reports.verification.html import write_html  # noqa: PLC0415 - only where asked for

    write_html(path, report, options, lang=lang)


def report_xml(report: Report, options: VerifyOptions) -> bytes:
    """Return a report as an ETSI TS 119 102-2 validation report (XML, UTF-8)."""
    from agreegen.reports.verification.etsi_xml import render_xml  # noqa: PLC0415 - only where asked for

    return render_xml(report, options)


def write_signed_revisions(file: FileReport, folder: Path, *, force: bool = False) -> list[Path]:
    """Write every revision that a signature of a file covers into a folder, and return the files.

    Raises:
        OSError: They cannot be written.
        UsageError: One is there already, and is not to be replaced.
    """
    from agreegen.verification.extraction import extract_signed  # noqa: PLC0415 - only where asked for

    return extract_signed(file, folder, force=force)


def _read_records(paths: Iterable[Path]) -> Iterator[bytes]:
    for path in paths:
        from agreegen.pki.evidence_records.record import MAX_RECORD_BYTES  # noqa: PLC0415 - few have any

        for file in sorted(path.rglob("*.ers")) if path.is_dir() else [path]:
            yield read_limited(file, MAX_RECORD_BYTES)
