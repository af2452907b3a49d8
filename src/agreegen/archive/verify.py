"""Verifying a bag offline: its files, its signature and token, and the documents at the proven time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from agreegen.archive.evidence.judging import judge_evidence, kept_crls
from agreegen.archive.interface import (
    SIGNATURE_NAME,
    TOKEN_NAME,
    BagLimits,
    BagProblem,
    BagReport,
)
from agreegen.archive.paper import read_paper, with_paper
from agreegen.archive.structure import BagContents, check_structure
from agreegen.messages import message
from agreegen.model.report import FileReport, Report
from agreegen.pki.signer_pin import SignerPin
from agreegen.reports.verification.abridging import abridge
from agreegen.signing.trust import parse_crls
from agreegen.verification.detached import SealReport, SealState, judge_signature, judge_token
from agreegen.verification.interface import Options
from agreegen.verification.service import judging_processes, verify_paths

_DOCUMENTS = "data/documents/"
_CRLS = "data/crls/"
_MAX_CRL_BYTES = 64 << 20


def verify_bag(
    bag: Path, options: Options, *, limits: BagLimits | None = None, signer: SignerPin | None = None
) -> BagReport:
    """Judge a bag. Nothing is fetched, and anchors come from the caller only.

    1. The files against the manifests, hashes included (RFC 8493, 3).
    2. The bag's revocation lists join those of the caller; being signed, they need no trust of their own.
    3. The timestamp token over the tag manifest, then the detached signature.
    4. The evidence records over all files, where there are some (RFC 4998).
    5. The documents, at the earliest time that token or evidence prove (else the signature's own timestamp,
       else now): the manifests tie each of them to that time. Each must be the file that was hashed.
    6. The records of what was signed on paper, each with its scans: such a role is no missing one.

    Args:
        bag: The bag's folder.
        options: Anchors, revocation lists, policy and time of the verification.
        limits: What a bag may cost.
        signer: Who must have sealed the bag; None for any person whom the anchors trust.
    """
    if bag.is_symlink() or not bag.is_dir():
        problem = BagProblem("missing", "", message("archive.no-bag-folder-expected"))
        missing = SealReport(SealState.MISSING)
        return BagReport(str(bag), 0, (problem,), missing, missing, None, Report())
    contents = _read_contents(bag, limits or BagLimits())
    lists = (*options.crls_der, *_read_crls(bag, contents), *kept_crls(bag))
    options = replace(options, crls_der=lists, fetch=False, at=None)
    data = contents.tag_manifest or b""
    token = judge_token(_read_seal(bag / TOKEN_NAME, options), data, options)
    sealed = _read_seal(bag / SIGNATURE_NAME, options)
    about = message("archive.the-bag")
    signature, proved = judge_signature(sealed, data, options, subject=about, pin=signer)
    evidence = judge_evidence(bag, options, contents.right_payload)
    times = (token.time if token.state is SealState.VALID else proved, evidence.time)
    proven_time = min((time for time in times if time is not None), default=None)
    on_paper, odd = read_paper(bag, contents.right_payload)
    changed: list[BagProblem] = []
    judged = _judge_documents(bag, contents, replace(options, now=proven_time or options.now), changed)
    documents = Report(tuple(abridge(with_paper(file, on_paper) for file in judged)))
    return BagReport(
        bag=str(bag),
        files=contents.right,
        problems=(*contents.problems, *evidence.problems, *changed, *odd),
        signature=signature,
        token=token,
        proven_time=proven_time,
        documents=documents,
        evidence=evidence.seal,
    )


def _read_contents(bag: Path, limits: BagLimits) -> BagContents:
    try:
        return check_structure(bag, limits)
    except OSError as exc:
        problem = BagProblem("unreadable", str(exc.filename or ""), message("archive.cannot-read-2", exc=exc))
        return BagContents({}, {}, None, (problem,))


def _read_crls(bag: Path, contents: BagContents) -> tuple[bytes, ...]:
    bad = {problem.path for problem in contents.problems}
    found: list[bytes] = []
    for path in contents.payload:
        if path.startswith(_CRLS) and path not in bad and (bag / path).stat().st_size <= _MAX_CRL_BYTES:
            found.extend(parse_crls((bag / path).read_bytes()))
    return tuple(found)


def _read_seal(path: Path, options: Options) -> bytes | None:
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(options.limits.max_cms_bytes + 1)


def _judge_documents(
    bag: Path, contents: BagContents, options: Options, problems: list[BagProblem]
) -> Iterator[FileReport]:
    """Judge the documents one after the other; what is wrong with them as files of the bag is added."""
    bad = {
        problem.path for problem in contents.problems if problem.code in {"missing", "unreadable", "limit"}
    }
    names = [
        path
        for path in contents.payload
        if path.startswith(_DOCUMENTS) and path.lower().endswith(".pdf") and path not in bad
    ]
    if not names:
        problems.append(BagProblem("missing", _DOCUMENTS, message("archive.bag-holds-no-document")))
    judged = verify_paths([bag / name for name in names], options, jobs=judging_processes(len(names)))
    for name, file in zip(names, judged, strict=True):
        if file.sha256 not in {None, contents.payload[name]}:
            told = message("archive.file-was-judged-not-one-manifest")
            problems.append(BagProblem("changed", name, told))
        yield replace(file, path=name)
