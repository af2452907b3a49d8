"""What a bag is made from, and what verifying one finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from agreegen.messages import Message, in_every_language, message, translate
from agreegen.model.report import FileReport, Report
from agreegen.model.retention import Retention
from agreegen.signing.interface import Credential, TimestampServer, Trust
from agreegen.verification.detached import SealReport, SealState

SIGNATURE_NAME = "tagmanifest-sha256.txt.p7s"
TOKEN_NAME = "tagmanifest-sha256.txt.tsr"  # noqa: S105  # a timestamp token, not a secret
TOKEN_LABEL = "Timestamp-Token"  # noqa: S105  # the same
"""The element of `bag-info.txt` that names the token of a bag that has one."""
RETENTION_LABEL = "Retention-Years"
"""The element of `bag-info.txt` that says how long the bag is kept."""
PAYLOAD_MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"


@dataclass(frozen=True, slots=True)
class BagRequest:
    """What to archive and who signs.

    Attributes:
        source: The output folder of a batch (`documents/`, `register.db`) or any folder of PDFs.
        bag: The folder to write.
        credential: Who signs the bag.
        now: Aware UTC time.
        trust: Anchors for the report inside the bag, and the CRLs to keep.
        tsa: Timestamp services, tried in order; none for no token.
        omit_ids: Leave ID numbers out of parameters and register.
        force: Replace a bag that is already there.
        documents: Paths below `source` to take; None for every PDF in force.
        forms_folder: Released forms, None for the packaged ones.
        include_unsigned: Take documents, too, that nobody signed or that the register does not know.
        retention: How long the bag is kept; None for what the forms of its documents say.
        attachments: Path below `data/` and content of what else the bag holds.
    """

    source: Path
    bag: Path
    credential: Credential
    now: datetime
    trust: Trust = field(default_factory=Trust)
    tsa: tuple[TimestampServer, ...] = ()
    omit_ids: bool = False
    force: bool = False
    documents: tuple[str, ...] | None = None
    forms_folder: Path | None = None
    include_unsigned: bool = False
    attachments: tuple[tuple[str, bytes], ...] = ()
    retention: Retention | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A document that a bag does not take.

    Attributes:
        path: Its path below the source.
        reason: Why.
    """

    path: str
    reason: Message

    @property
    def told(self) -> Message:
        """The document and why, for people."""
        return message("model.place-and-problem", place=self.path, problem=self.reason)


@dataclass(frozen=True, slots=True)
class BagSummary:
    """What a new bag holds.

    Attributes:
        bag: Its folder.
        documents: Number of PDFs.
        payload_files: Number of payload files.
        payload_bytes: Bytes of payload.
        timestamped: Whether it carries a timestamp token.
        document_paths: The archived PDFs, relative to the source.
        left_out: What the source holds and the bag does not.
    """

    bag: Path
    documents: int
    payload_files: int
    payload_bytes: int
    timestamped: bool
    document_paths: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class BagLimits:
    """What a bag may cost to read.

    Attributes:
        max_files: Files in the bag.
        max_tag_bytes: Size of one manifest or tag file.
        max_file_bytes: Size of one file.
        max_total_bytes: Size of all files.
        max_depth: Depth of folders.
        max_path_chars: Length of a path.
    """

    max_files: int = 1_000_000
    max_tag_bytes: int = 256 << 20
    max_file_bytes: int = 4 << 30
    max_total_bytes: int = 1 << 40
    max_depth: int = 32
    max_path_chars: int = 1_024


@dataclass(frozen=True, slots=True)
class BagProblem:
    """One thing that is wrong with a bag.

    Attributes:
        code: Stable, lower-case, hyphenated code, e.g. `file-changed`.
        path: The path in the bag, or empty.
        message: One sentence.
    """

    code: str
    path: str
    message: Message

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `archive verify --json`."""
        return {"code": self.code, "path": self.path, **in_every_language("message", self.message)}

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """Return place and problem in a reader's language."""
        if not self.path:
            return translate(self.message, language)
        return translate(message("archive.problem", path=self.path, problem=self.message), language)


@dataclass(frozen=True, slots=True)
class BagReport:
    """The verdict on a bag. It has no truth value: ask for `valid`.

    Attributes:
        bag: Path of the bag.
        files: Number of payload files whose hash was right.
        problems: What is wrong with the bag's files.
        signature: The detached signature over the tag manifest.
        token: The timestamp token over the tag manifest.
        proven_time: The time that a trusted token proves, None where there is none.
        documents: The verdicts on the PDFs at that time.
        evidence: The evidence records over all files (RFC 4998).
    """

    bag: str
    files: int
    problems: tuple[BagProblem, ...]
    signature: SealReport
    token: SealReport
    proven_time: datetime | None
    documents: Report
    evidence: SealReport = field(default_factory=lambda: SealReport(SealState.MISSING))

    def __bool__(self) -> NoReturn:
        raise TypeError("a report is not a boolean; ask for .valid")

    @property
    def valid(self) -> bool:
        """Whether every file is right, signature and token (if any) are valid, and so is every document."""
        return (
            not self.problems
            and self.signature.state is SealState.VALID
            and self.token.state in {SealState.VALID, SealState.MISSING}
            and self.evidence.state in {SealState.VALID, SealState.MISSING}
            and bool(self.documents.files)
            and all(file.settled for file in self.documents.files)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `archive verify --json`."""
        return {
            "bag": self.bag,
            "valid": self.valid,
            "files": self.files,
            "problems": [problem.to_dict() for problem in self.problems],
            "signature": self.signature.to_dict(),
            "token": self.token.to_dict(),
            "evidence": self.evidence.to_dict(),
            "proven_time": None
            if self.proven_time is None
            else self.proven_time.isoformat().replace("+00:00", "Z"),
            "documents": self.documents.to_dict(),
        }

    def sealer(self) -> Message:
        """Say who sealed the bag, and whether that was asked for: any trusted person can make a bag."""
        seal = self.signature
        if seal.state is SealState.MISSING:
            return message("archive.sealed-nobody")
        line = message(
            "archive.sealed", signer=seal.signer or message("messages.unknown"), value=_result(seal.state)
        )
        if seal.certificate_sha256 is not None:
            line = message("archive.sealer-certificate", line=line, sha256=seal.certificate_sha256)
        return line if seal.pinned else message("archive.without-signer-any-trusted-person-seal", line=line)

    def rows(self) -> list[tuple[object, object, object]]:
        """Return check, result and detail for a table."""
        files, state = self.documents.files, "wrong" if self.problems else "right"
        hashed = message("archive.payload-files-hashed", files=self.files)
        counts = [
            message("archive.so-many", count=count, verdict=_result(verdict))
            for verdict, count in self.documents.counts().items()
            if count
        ]
        seals = {"signature": self.signature, "timestamp": self.token, "evidence": self.evidence}
        return [
            (_check("bag"), _result("valid" if self.valid else "not-valid"), self.bag),
            (_check("files"), _result(state), hashed),
            *(
                (_check("problem"), message(f"archive.problem-kind.{problem.code}"), problem)
                for problem in self.problems
            ),
            *((_check(name), _result(seal.state), seal.detail) for name, seal in seals.items()),
            (_check("documents"), counts or message("messages.none"), _still_open(files)),
            *((_check("document"), _result(file.verdict), file.path) for file in files if not file.settled),
            *(
                (
                    _check("on-paper"),
                    [file.document.role(role) for role, _ in file.document.fulfilled_elsewhere],
                    file.path,
                )
                for file in files
                if file.document is not None and file.document.fulfilled_elsewhere
            ),
        ]


def _still_open(files: Sequence[FileReport]) -> Message | str:
    """Say of how many documents a required role is open: what is signed of them may be valid all the same."""
    count = sum(bool(file.document and file.document.missing_roles) for file in files)
    return message("archive.documents-not-fully-signed", count=count) if count else ""


def _check(name: str) -> Message:
    return message(f"archive.check.{name}")


def _result(word: str) -> Message:
    return message(f"archive.result.{word}")
