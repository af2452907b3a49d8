"""`agreegen credentials`: what a token holds, and whether a credential can do the job."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.cli.options import any_path, existing_file, json_option, read_now, trust_options
from agreegen.cli.output import print_json, print_table, prompt_secret, say, say_warning
from agreegen.signing.appearance.field_appearance import appearance_of
from agreegen.signing.certificate_checks import check_credential, try_credential
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.prepared import SigningIdentity
from agreegen.signing.services.revocation import check_status
from agreegen.signing.trust import load_trust

_SOME_FIELD_PT = (119.06, 119.06)
"""A field of 42 mm, to try the picture of a seal on."""


@click.group("credentials")
def command() -> None:
    """List tokens and check credentials."""


@command.command("list")
@click.option("--module", required=True, type=any_path, help="The PKCS#11 library of the token.")
@json_option
def list_command(module: Path, as_json: bool) -> None:
    """Show the tokens, keys and certificates that a PKCS#11 module gives without a PIN."""
    from agreegen.signing.credentials.pkcs11 import list_module  # noqa: PLC0415 - needs the optional package

    entries = list_module(module)
    if as_json:
        print_json([entry.to_dict() for entry in entries])
        return
    print_table(
        ("token", "serial", "kind", "label", "id", "subject", "valid until", "state"),
        [
            (e.token, e.serial, e.kind, e.label, e.id, e.subject or "", e.not_after or "", e.state)
            for e in entries
        ],
    )


@command.command("check")
@click.argument("credential_file", type=any_path, metavar="CRED.yaml")
@click.option(
    "--for-job", type=existing_file, metavar="JOB.yaml", help="Check against this job's length and trust."
)
@trust_options
def check_command(
    credential_file: Path, for_job: Path | None, trust: tuple[Path, ...], crls: tuple[Path, ...]
) -> None:
    """Load a credential, check certificate, chain, key and picture, and make one trial signature."""
    now = read_now()
    until = None
    places = [*trust, *crls]
    if for_job is not None:
        from agreegen.batch.checking.preflight import expected_end  # noqa: PLC0415
        from agreegen.batch.job.job_file import read_job  # noqa: PLC0415 - only with the option

        job = read_job(for_job)
        places.extend(job.trust)
        until = expected_end(job, now)
    credential = load_credential(credential_file, prompt=prompt_secret)
    try:
        anchors = load_trust(places)
        findings = check_credential(credential, anchors, now, until=until)
        for finding in [*findings, *check_status(credential, anchors, now)]:
            say_warning(str(finding))
        try_credential(credential)
        appearance_of(SigningIdentity.of(credential), now)(*_SOME_FIELD_PT)
    finally:
        credential.close()
    say(f"{credential_file}: ready to sign ({credential.signer.mechanism.value})")
