"""The evidence of a bag, judged for all its files at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreegen.archive.evidence.stamping import hash_file
from agreegen.archive.evidence.store import has_evidence, kept_files, read_evidence
from agreegen.archive.evidence.values import BagEvidence
from agreegen.archive.interface import BagProblem
from agreegen.errors import ArchiveError
from agreegen.messages import Message, foreign_text, message
from agreegen.model.text import CertificateName
from agreegen.pki.evidence_records.checking import LinkFacts, check_record
from agreegen.pki.trust.policy import load_policy
from agreegen.signing.trust import parse_crls
from agreegen.verification.detached import SealReport, SealState
from agreegen.verification.interface import Options
from agreegen.verification.proof.existence import judge_links

_MAX_CRL_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class EvidenceFindings:
    """What was found about a bag's evidence.

    Attributes:
        seal: The word about it; its time is the earliest that is proved for every file.
        problems: What is wrong with its files.
    """

    seal: SealReport
    problems: tuple[BagProblem, ...] = ()

    @property
    def time(self) -> datetime | None:
        """The time that is proved; None where nothing is."""
        return self.seal.time if self.seal.state is SealState.VALID else None


def judge_evidence(bag: Path, options: Options, payload: Mapping[str, str]) -> EvidenceFindings:
    """Judge a bag's evidence (RFC 4998, 5.3).

    The trees are computed from the hashes of all files; so the record of one file stands for all, once its
    root is the one that the token is over, and every file has its listed hash.

    Args:
        bag: The bag.
        options: Anchors, lists, policy and time of the verification.
        payload: Payload path → SHA-256 of each file whose hash was found to be the listed one.
    """
    if not has_evidence(bag):
        return EvidenceFindings(SealReport(SealState.MISSING))
    try:
        evidence = read_evidence(bag)
        problems = tuple(_changed(bag, evidence, payload))
        path, record = next(iter(evidence.records().items()))
    except (ArchiveError, OSError) as exc:
        reason = exc.sentence if isinstance(exc, ArchiveError) else message("archive.cannot-read-2", exc=exc)
        return EvidenceFindings(SealReport(SealState.INVALID, reasons=(reason,)))
    known = {chain.hash_name: chain.hashes[path] for chain in evidence.chains}
    links = check_record(record, lambda name: known.get(name, b""))
    proof = judge_links(links, options, load_policy(options.policy_file))
    broken = bool(problems) or any(link.problem for link in links)
    state = (
        SealState.INVALID if broken else SealState.INDETERMINATE if proof.time is None else SealState.VALID
    )
    return EvidenceFindings(SealReport(state, _services(links), proof.time, proof.reasons), problems)


def _changed(bag: Path, evidence: BagEvidence, payload: Mapping[str, str]) -> Iterator[BagProblem]:
    for chain in evidence.chains:
        for path in sorted(chain.hashes.keys() ^ payload.keys()):
            yield BagProblem("evidence", path, message("archive.evidence-not-over-files-bag"))
        name = chain.hash_name
        for path, value in chain.hashes.items():
            if name == "sha256":
                found = bytes.fromhex(payload.get(path, ""))
            else:
                found = hash_file(bag / path, name)[name] if path in payload else b""
            if path in payload and found != value:
                yield BagProblem(
                    "evidence", path, message("archive.its-evidence-over-another", hash_name=name)
                )


def _services(links: Iterable[LinkFacts]) -> Message | None:
    found = [link.token.certificate for link in links if link.token.certificate]
    return foreign_text(CertificateName(str(found[-1].subject.human_friendly))) if found else None


def kept_crls(bag: Path) -> tuple[bytes, ...]:
    """Return the revocation lists of a bag's evidence; being signed, they need no trust of their own."""
    found: list[bytes] = []
    for path in kept_files(bag, "crls"):
        if path.stat().st_size <= _MAX_CRL_BYTES:
            found.extend(parse_crls(path.read_bytes()))
    return tuple(found)
