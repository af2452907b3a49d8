"""`agreegen sign`: PAdES signatures on one or many files, with one credential."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from agreegen.batch.job.register_signers import recorder_beside
from agreegen.cli.options import (
    any_path,
    force_option,
    level_option,
    policy_option,
    read_now,
    read_tsa,
    register_options,
    trust_options,
    tsa_option,
)
from agreegen.cli.output import prompt_secret, say, say_error, say_warning
from agreegen.errors import (
    AgreegenError,
    ArchiveError,
    CredentialError,
    ExitCode,
    InputError,
    RegisterError,
    TimestampError,
    UsageError,
)
from agreegen.files import read_limited, refuse_existing, refuse_inputs, write_atomically
from agreegen.model.report import PadesLevel
from agreegen.receiving import choose_role, identify, sign_received
from agreegen.recording.recorder import Recorder
from agreegen.recording.singles import expect_signed, record_signed
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, SigningRequest
from agreegen.signing.trust import load_trust

_MAX_FILE_BYTES = 256 << 20
_DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")


@click.command("sign")
@click.argument("inputs", nargs=-1, required=True, type=any_path, metavar="IN.pdf...")
@click.option(
    "-o", "--output", required=True, metavar="OUT.pdf|DIR/", help="The signed PDF, or a folder for many."
)
@click.option(
    "--role",
    help="Who signs: a role of the form, e.g. party_a_seal; else the one that this credential can sign next.",
)
@click.option("--credential", "credential_file", required=True, type=any_path, help="Credential file (YAML).")
@level_option(default="B-B", choices=_LEVELS)
@tsa_option
@trust_options
@click.option("--reason", help="Reason, written into the signature.")
@click.option("--location", help="Place, written into the signature.")
@policy_option
@click.option("--relax-order", is_flag=True, help="Sign although a role that comes first has not signed yet.")
@register_options
@force_option
def command(
    inputs: tuple[Path, ...],
    output: str,
    role: str | None,
    credential_file: Path,
    level: str,
    tsa: tuple[str, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    reason: str | None,
    location: str | None,
    policy: Path | None,
    relax_order: bool,
    register_file: Path | None,
    register_credential: Path | None,
    force: bool,
) -> int:
    """Sign IN.pdf in a role and write OUT.pdf; the input is never changed.

    Many inputs need a folder as output (`-o DIR/`); passphrase or PIN is asked for once. A file that cannot
    be signed is named, and the others go on (exit 8).
    """
    request = SigningRequest(
        role=role or "",
        level=PadesLevel(level.upper()),
        now=read_now(),
        trust=load_trust([*trust, *crls]),
        tsa=read_tsa(tsa),
        reason=reason,
        location=location,
        relax_order=relax_order,
    )
    pairs = plan_outputs(inputs, output, force=force)
    with contextlib.ExitStack() as stack:
        credential = load_credential(credential_file, prompt=prompt_secret)
        stack.callback(credential.close)
        for finding in check_credential(credential, request.trust, request.now):
            say_warning(str(finding))
        recorder = None
        if register_file is not None:
            recorder = stack.enter_context(
                recorder_beside(
                    register_file,
                    credential,
                    register_credential,
                    now=request.now,
                    prompt=prompt_secret,
                    tell=say,
                )
            )
        task = _Task(credential, request, policy, recorder)
        return process_all(pairs, task.sign)


@dataclass(frozen=True, slots=True)
class _Task:
    """What is done with each file.

    Attributes:
        credential: Who signs.
        request: How; without a role it is the one that this credential can sign next.
        policy: Validation policy for earlier signatures.
        recorder: The register, if any.
    """

    credential: Credential
    request: SigningRequest
    policy: Path | None
    recorder: Recorder | None

    def sign(self, source: Path, destination: Path) -> str:
        """Sign a file, write it, record it, and say what was done."""
        pdf, request = read_pdf(source), self.request
        single = None
        if self.recorder is not None:
            single = expect_signed(self.recorder, identify(pdf), source, pdf, destination)
        if not request.role:
            request = replace(request, role=choose_role(pdf, self.credential, request))
        signed = sign_received(pdf, self.credential, request, policy=self.policy)
        if signed.timestamp_pending:
            raise TimestampError(
                signed.why_pending or "no timestamp was to be had", hint="try again, or name another --tsa"
            )
        write_output(destination, signed.data)
        if self.recorder is not None and single is not None:
            facts = {"credential": self.credential.name, "level": signed.level.value}
            record_signed(self.recorder, single, signed.data, request.role, facts, now=request.now)
        return f"signed as {request.role}, {signed.level}"


def plan_outputs(inputs: Sequence[Path], output: str, *, force: bool) -> list[tuple[Path, Path]]:
    """Pair every input with its output, before anything is signed.

    Raises:
        UsageError: Many inputs without a folder, two inputs of one name, an output that exists.
    """
    target = Path(output)
    to_folder = output.endswith("/") or target.is_dir()
    if len(inputs) > 1 and not to_folder:
        raise UsageError("many inputs need a folder as output", hint="write -o DIR/ with a slash at the end")
    pairs = [(source, target / source.name if to_folder else target) for source in inputs]
    names = [destination for _, destination in pairs]
    if len(set(names)) != len(names):
        raise UsageError("two inputs have the same file name", hint="sign them into different folders")
    for _, destination in pairs:
        refuse_inputs(destination, inputs)
        refuse_existing(destination, force=force)
    return pairs


def read_pdf(path: Path) -> bytes:
    """Read an input file.

    Raises:
        InputError: There is no such file, or it cannot be read.
    """
    try:
        return read_limited(path, _MAX_FILE_BYTES)
    except OSError as exc:
        raise InputError(f"{path}: {exc.strerror or exc}") from exc


def process_all(pairs: Sequence[tuple[Path, Path]], process: Callable[[Path, Path], str]) -> int:
    """Process every input and write every output; a file that fails is named, and the others go on.

    Args:
        pairs: Inputs and outputs.
        process: Reads a file, writes the other one, and says what became of it.

    Returns:
        The exit code: of success; of the first failure where nothing succeeded; else of failed rows.

    Raises:
        CredentialError: The key itself failed: nothing more is tried, since tokens lock.
        ArchiveError, RegisterError: The disk or the register cannot be written: nothing more is tried.
    """
    failed: list[AgreegenError] = []
    for source, destination in pairs:
        try:
            result = process(source, destination)
        except (CredentialError, ArchiveError, RegisterError):
            raise
        except AgreegenError as exc:
            say_error(str(exc) if str(source) in str(exc) else f"{source}: {exc}", hint=exc.hint)
            failed.append(exc)
        else:
            say(f"{destination}: {result}")
    if not failed:
        return ExitCode.DONE
    if len(pairs) > 1:
        say(f"{len(failed)} of {len(pairs)} files failed")
    return failed[0].exit_code if len(failed) == len(pairs) else ExitCode.FAILED_ROWS


def write_output(path: Path, data: bytes) -> None:
    """Write one output durably.

    Raises:
        ArchiveError: The disk is full.
    """
    try:
        write_atomically(path, data)
    except OSError as exc:
        if exc.errno not in _DISK_IS_FULL:
            raise
        raise ArchiveError(
            f"{path} cannot be written: {exc.strerror}",
            hint="what was signed before stays; free space and sign the rest",
        ) from exc
