"""Archive bags: written, signed, verified; their evidence records stamped and renewed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.api.access import Prompt
from agreegen.archive.evidence.extraction import Extraction, extract_document
from agreegen.archive.evidence.lifetime import Ending, endings_of
from agreegen.archive.evidence.stamping import RENEWAL_HASHES as RENEWAL_HASHES
from agreegen.archive.evidence.stamping import StampedBags
from agreegen.archive.evidence.stamping import renew_bags as renew
from agreegen.archive.evidence.stamping import timestamp_bags as timestamp
from agreegen.archive.interface import BagReport, BagRequest, BagSummary
from agreegen.clock import read_clock
from agreegen.errors import UsageError
from agreegen.messages import Message, message
from agreegen.model.four_properties import Check
from agreegen.pki.signer_pin import SignerPin
from agreegen.pki.trust.policy import load_policy
from agreegen.signing.interface import Credential, TimestampServer, Trust
from agreegen.verification.interface import Options

if TYPE_CHECKING:
    from agreegen.signing.services.timestamps import TimestampClient

__all__ = [
    "BagReport",
    "BagSummary",
    "Ending",
    "Extraction",
    "StampedBags",
    "create_bag",
    "extract_document",
    "list_endings",
    "renew_bags",
    "timestamp_bags",
    "verify_bag",
    "write_four",
]


def create_bag(
    source: Path,
    bag: Path,
    credential: Credential,
    *,
    trust: Trust | None = None,
    tsa: Sequence[TimestampServer] = (),
    omit_ids: bool = False,
    include_unsigned: bool = False,
    force: bool = False,
    register_credential: Path | None = None,
    prompt: Prompt | None = None,
    tell: Callable[[Message], None] | None = None,
    forms: Path | None = None,
    now: datetime | None = None,
) -> BagSummary:
    """Pack documents, parameters, certificates, reports and register of a folder into a signed bag.

    The source's register records the archiving, where it can be written; the job that it remembers says how
    long the bag is kept.

    Args:
        source: The output folder of a batch, or any folder of PDFs.
        bag: The folder to write.
        credential: Who signs the bag, from `load_credential`.
        trust: Anchors for the report inside the bag, and the revocation lists to keep.
        tsa: Timestamp services, tried in order; none for no token.
        omit_ids: Leave ID numbers out of parameters and register.
        include_unsigned: Take documents, too, that nobody signed or that the register does not know.
        force: Replace a bag that is already there.
        register_credential: Who signs the source's own register, where neither it nor its job says so.
        prompt: Asks for secrets that must be typed in.
        tell: Told once where another command writes to the register and this one waits.
        forms: Folder of released forms; None for the packaged ones.
        now: Aware UTC time; None for the clock.

    Raises:
        UsageError: The target is there already.
        ArchiveError: There is nothing to archive, a document is not the registered one, or the disk fails.
        SigningError: The bag could not be signed or timestamped.
        RegisterError: The register cannot be read or written.
    """
    from agreegen.archive import create  # noqa: PLC0415 - takes long to load
    from agreegen.batch.job.register_signers import (  # noqa: PLC0415 - the same
        recorder_for_bag,
        remembered_retention,
    )

    now = now or read_clock()
    request = BagRequest(
        source=source,
        bag=bag,
        credential=credential,
        now=now,
        trust=trust or Trust(),
        tsa=tuple(tsa),
        omit_ids=omit_ids,
        force=force,
        forms_folder=forms,
        include_unsigned=include_unsigned,
        retention=remembered_retention(source),
    )
    with recorder_for_bag(
        source, credential, register_credential, now=now, prompt=prompt, tell=tell
    ) as recorder:
        return create.create_bag(request, recorder=recorder)


def verify_bag(bag: Path, options: Options, *, signer: SignerPin | None = None) -> BagReport:
    """Judge a bag offline: every file, its signature and token, its documents at the proven time.

    Args:
        bag: The bag's folder.
        options: From `verify_options`; anchors come from there only.
        signer: Who must have sealed the bag; None for any person whom the anchors trust.

    Returns:
        The verdict. A report is no boolean: ask for `valid`.
    """
    from agreegen.archive import verify  # noqa: PLC0415 - takes long to load

    return verify.verify_bag(bag, options, signer=signer)


def write_four(
    bag: Path, report: BagReport, output: Path, *, stage: str = "preservation", now: datetime | None = None
) -> tuple[Check, ...]:
    """Check the four properties of a bag (四性检测) and write what was found, as HTML and beside it as XLSX.

    Args:
        bag: The bag's folder.
        report: From `verify_bag`, just made.
        output: The HTML file; the workbook has its name with `.xlsx`.
        stage: `archiving`, `receipt` or `preservation`.
        now: Aware UTC time; None for the clock.

    Returns:
        The checks. None of them is a certificate.

    Raises:
        OSError: A file cannot be written.
    """
    from agreegen.archive.four.checks import check_four  # noqa: PLC0415 - takes long to load
    from agreegen.reports.four_properties import (  # noqa: PLC0415 - the same
        write_four_html,
        write_four_workbook,
    )

    checks = check_four(bag, report)
    write_four_html(output, bag.name, checks, stage=stage, now=now or read_clock())
    write_four_workbook(output.with_suffix(".xlsx"), checks)
    return checks


def timestamp_bags(
    bags: Sequence[Path], tsa: Sequence[TimestampServer], *, trust: Trust, hash_name: str = "sha256"
) -> StampedBags:
    """Put all files of all bags under one timestamp token (evidence records, RFC 4998).

    Raises:
        UsageError: No timestamp service is given.
        ArchiveError: A bag is not whole, or has evidence already.
        TimestampError: No service gave an acceptable timestamp.
    """
    with _client(tsa, trust) as client:
        return timestamp(bags, client.timestamp_digest, trust, hash_name=hash_name)


def renew_bags(
    bags: Sequence[Path], tsa: Sequence[TimestampServer], *, trust: Trust, hash_name: str | None = None
) -> StampedBags:
    """Renew the timestamps of bags before a certificate or an algorithm ends.

    Args:
        bags: Bags with evidence.
        tsa: Timestamp services, tried in order.
        trust: Anchors that they chain to.
        hash_name: Another hash function, which hashes every file anew; None to renew the timestamps alone.

    Raises:
        UsageError: No timestamp service is given.
        ArchiveError: A bag has no evidence, or is not whole.
        TimestampError: No service gave an acceptable timestamp.
    """
    with _client(tsa, trust) as client:
        return renew(bags, client.timestamp_digest, trust, hash_name=hash_name)


def list_endings(
    bags: Sequence[Path],
    *,
    within: timedelta,
    policy: Path | None = None,
    now: datetime | None = None,
) -> list[tuple[Ending, bool]]:
    """Say what the proof of each bag rests on, when that ends, and whether that is within a time from now.

    Raises:
        InputError: The policy file is wrong.
        ArchiveError: A bag's evidence cannot be read.
    """
    now, rules = now or read_clock(), load_policy(policy)
    endings = [ending for bag in bags for ending in endings_of(bag, rules)]
    return [(ending, ending.due(now, within)) for ending in endings]


def _client(tsa: Sequence[TimestampServer], trust: Trust) -> TimestampClient:
    if not tsa:
        raise UsageError(message("api.no-timestamp-service-named"), hint=message("api.give-one-tsa-url"))
    from agreegen.signing.services import timestamps  # noqa: PLC0415 - takes long to load

    return timestamps.TimestampClient(tuple(tsa), trust=trust)
