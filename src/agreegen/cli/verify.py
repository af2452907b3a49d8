"""`agreegen verify`: judge files and folders, for people and for machines."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from agreegen.api.verification import (
    FileReport,
    Report,
    Verdict,
    VerifyOptions,
    abridge,
    expand_paths,
    report_xml,
    verify_each,
    verify_options,
    write_report_html,
    write_signed_revisions,
)
from agreegen.cli.options import (
    any_path,
    existing_file,
    existing_path,
    force_option,
    forms_option,
    json_option,
    read_aliases,
    read_trust,
    trust_options,
)
from agreegen.cli.output import print_json, progress_bar, say, to_json
from agreegen.errors import ExitCode, InputError, UsageError
from agreegen.files import read_limited, refuse_existing, refuse_inputs, write_atomically
from agreegen.messages import message, reader_language
from agreegen.reports.verification.table import Table, render_table

_MAX_PASSWORD_BYTES = 4096

_SHA256 = re.compile(r"[0-9a-f]{64}")


@click.command("verify")
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, allow_dash=True, readable=False),
    metavar="PATH...",
)
@trust_options
@click.option("--at", "at_text", metavar="TIME", help="cli.judge-moment-iso-8601")
@click.option("--complete", is_flag=True, help="cli.file-which-required-role-missing-not")
@click.option("--policy", type=existing_file, help="cli.validation-policy-yaml")
@click.option("--register", "register_file", type=existing_file, help="cli.register-should-know-files")
@click.option("--password-file", type=existing_file, help="cli.file-password-encrypted-pdfs")
@click.option("--fetch", is_flag=True, help="cli.fetch-revocation-data-over-network")
@click.option(
    "--seal-seen",
    "seals_seen",
    multiple=True,
    metavar="SHA256",
    help="cli.i-have-looked-picture-seal-over",
)
@click.option(
    "--evidence",
    "evidence",
    multiple=True,
    type=existing_path,
    help="cli.evidence-record-ers-rfc-4998-file",
)
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    metavar="PRINTED=REGISTERED",
    help="cli.i-know-printed-holder-certificate-carries",
)
@json_option
@click.option("--html", type=any_path, help="cli.also-write-report-one-html-file")
@click.option("--xml", type=any_path, help="cli.also-write-etsi-ts-119-102")
@click.option(
    "--extract-signed", type=any_path, metavar="DIR", help="cli.write-every-signed-revision-into-dir"
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="cli.processes")
@forms_option
@force_option
def command(
    paths: tuple[Path, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    at_text: str | None,
    complete: bool,
    policy: Path | None,
    register_file: Path | None,
    password_file: Path | None,
    fetch: bool,
    seals_seen: tuple[str, ...],
    evidence: tuple[Path, ...],
    aliases: tuple[str, ...],
    as_json: bool,
    html: Path | None,
    xml: Path | None,
    extract_signed: Path | None,
    jobs: int,
    forms_folder_option: Path | None,
    force: bool,
) -> int:
    """Judge signed PDFs: files, folders (every *.pdf below) or - for standard input."""
    outputs = _Outputs(html, xml, extract_signed, force)
    outputs.check(filter(None, (*paths, *trust, *crls, *evidence, policy, register_file, password_file)))
    password, second_password = read_passwords(password_file)
    options = verify_options(
        read_trust(trust, crls),
        at=read_moment(at_text),
        complete=complete,
        policy=policy,
        register=register_file,
        forms=forms_folder_option,
        password=password,
        second_password=second_password,
        fetch=fetch,
        evidence=evidence,
        seals_seen=read_hashes(seals_seen),
        aliases=read_aliases(aliases),
    )
    return outputs.answer(judge_paths(paths, options, jobs=jobs), options, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Outputs:
    """What is written besides the answer.

    Attributes:
        html: A report for people.
        xml: A report for machines (ETSI TS 119 102-2).
        folder: Where signed revisions go.
        force: Whether revisions that are there already are replaced.
    """

    html: Path | None
    xml: Path | None
    folder: Path | None
    force: bool

    def check(self, inputs: Iterable[Path]) -> None:
        """Refuse outputs that are there already, that are the same, or that are what is to be judged.

        Raises:
            UsageError: Writing them would destroy something, or the folder is a file.
        """
        judged = list(inputs)
        named = [output for output in (self.html, self.xml) if output is not None]
        if len({output.resolve() for output in named}) < len(named):
            raise UsageError(
                message("cli.html-xml-name-same-file"), hint=message("cli.choose-another-output")
            )
        for output in named:
            refuse_existing(output, force=self.force)
            if output.exists():
                refuse_inputs(output, itertools.chain(expand_paths(judged), _files_of(judged)))
        if self.folder is not None and self.folder.exists() and not self.folder.is_dir():
            raise UsageError(
                message("cli.file-folder-needed", folder=self.folder), hint=message("cli.name-another-folder")
            )

    def answer(self, files: Iterator[FileReport], options: VerifyOptions, *, as_json: bool) -> int:
        """Print the answer, and write all of them."""
        if (self.html, self.xml, self.folder) == (None, None, None):
            return stream_json(files) if as_json else print_reports(files, reader_language())
        # Only these need every word about every file; else a large report stays small.
        whole = as_json or self.xml is not None or self.folder is not None
        report = Report(tuple(files if whole else abridge(files)))
        self._write(report, options)
        if as_json:
            print_json(report.to_dict())
        else:
            click.echo(render_table(report, lang=reader_language()))
        return ExitCode.DONE if report.all_valid else ExitCode.NEGATIVE

    def _write(self, report: Report, options: VerifyOptions) -> None:
        if self.folder is not None:
            extract_all(report, self.folder, force=self.force)
        if self.html is not None:
            short = Report(tuple(abridge(report.files)))
            write_report_html(self.html, short, options, lang=reader_language())
        if self.xml is not None:
            write_atomically(self.xml, report_xml(report, options))


def read_hashes(texts: Iterable[str]) -> frozenset[str]:
    """Read the SHA-256 of pictures as reports print them.

    Raises:
        UsageError: A text is no such hash.
    """
    found = frozenset(text.strip().lower() for text in texts)
    for text in sorted(found):
        if _SHA256.fullmatch(text) is None:
            raise UsageError(
                message("cli.seal-seen-not-sha-256", text=text),
                hint=message("cli.copy-64-digits-from-below-picture"),
            )
    return found


def read_passwords(file: Path | None) -> tuple[str | None, str | None]:
    """Read the password of encrypted files, and from a second line their other one: UTF-8, without line ends.

    Raises:
        InputError: The file is not text.
    """
    if file is None:
        return None, None
    try:
        lines = read_limited(file, _MAX_PASSWORD_BYTES).decode("utf-8-sig").replace("\r", "").split("\n")
        return lines[0], lines[1] if len(lines) > 1 and lines[1] else None
    except OSError as exc:
        raise InputError(
            message("cli.password-file", file=file, exc=exc), hint=message("cli.check-path")
        ) from exc
    except UnicodeDecodeError as exc:
        raise InputError(
            message("cli.password-file-not-utf-8-text", file=file), hint=message("cli.save-utf-8")
        ) from exc


def _files_of(inputs: Iterable[Path]) -> Iterator[Path]:
    for path in inputs:
        if path.is_dir():
            yield from path.iterdir()


def read_moment(text: str | None) -> datetime | None:
    """Read an ISO 8601 moment; without an offset it is UTC.

    Raises:
        UsageError: The text is no such moment.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UsageError(
            message("cli.not-time", text=text), hint=message("cli.write-example-2026-05-10t12-00")
        ) from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def judge_paths(paths: tuple[Path, ...], options: VerifyOptions, *, jobs: int) -> Iterator[FileReport]:
    """Judge every path with a progress bar, one report after the other.

    Raises:
        InputError: The policy file is wrong; at once, so that nothing was printed yet.
    """
    targets = list(expand_paths(paths))
    return _show_progress(verify_each(targets, options, jobs=jobs), len(targets))


def _show_progress(files: Iterator[FileReport], total: int) -> Iterator[FileReport]:
    with progress_bar("verifying", total=total) as bar:
        for file in files:
            yield file
            bar.advance()


def stream_json(files: Iterable[FileReport]) -> int:
    """Print the JSON object file by file, so that memory stays flat however many there are."""
    counts = {verdict.value: 0 for verdict in Verdict}
    click.echo('{"files": [', nl=False)
    for number, file in enumerate(files):
        counts[file.verdict.value] += 1
        click.echo((",\n" if number else "\n") + to_json(file.to_dict()), nl=False)
    click.echo('\n], "summary": ' + json.dumps(counts) + "}")
    total = sum(counts.values())
    return ExitCode.DONE if total and counts[Verdict.VALID.value] == total else ExitCode.NEGATIVE


def print_reports(files: Iterable[FileReport], lang: str) -> int:
    """Print the table; of each file only its line is kept meanwhile, and what needs attention."""
    table = Table(lang)
    for file in files:
        table.add(file)
    click.echo(table.render())
    return ExitCode.DONE if table.all_valid else ExitCode.NEGATIVE


def extract_all(report: Report, folder: Path, *, force: bool) -> None:
    """Write the signed revisions of every readable file into a folder."""
    for file in report.files:
        for path in write_signed_revisions(file, folder, force=force):
            say(message("cli.written", path=path))
