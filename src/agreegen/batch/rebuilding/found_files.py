"""Reading what is there: documents that prove themselves, and bags that vouch for more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agreegen.archive.interface import SIGNATURE_NAME, BagLimits
from agreegen.archive.paper import RECORDS
from agreegen.archive.structure import BagContents, check_structure
from agreegen.batch.planning.document_paths import DOCUMENTS, SUPERSEDED
from agreegen.batch.rebuilding.interface import BagFacts, FoundDocument
from agreegen.batch.rebuilding.office_signers import OfficeSigners
from agreegen.files import sha256_of
from agreegen.json_text import parse_json
from agreegen.messages import Message, message
from agreegen.model.report import FileReport
from agreegen.recording.head_signatures import read_signature
from agreegen.recording.own_documents import OwnDocument, read_own
from agreegen.recording.signature_problems import examine_own, signature_problems
from agreegen.register.interface import ScanFile
from agreegen.register.paper import PaperRecord
from agreegen.signing.interface import Trust
from agreegen.verification.detached import SealState, judge_signature
from agreegen.verification.interface import Options

_PARAMETERS = "data/parameters/"
_ANOTHER_TEXT = {
    "text-differs",
    "page-differs",
    "seam-differs",
    "engine-differs",
    "roles-differ",
    "text-hidden",
    "unsigned-content",
    "covers-content",
}
"""Alarms of a file that shows something else than its document says."""


@dataclass(slots=True)
class Findings:
    """Reads a folder and its bags.

    Attributes:
        folder: The folder whose register was lost.
        trust: Anchors that signers must chain to; none for not asking.
        now: Time of the examination, aware UTC.
        office: Who signs for the office; what anybody else sealed or signed in their place proves nothing.
        lost: What cannot be used, one sentence each.
    """

    folder: Path
    trust: Trust
    now: datetime
    office: OfficeSigners = field(default_factory=OfficeSigners)
    lost: list[Message] = field(default_factory=list)

    def documents(self) -> Iterator[FoundDocument]:
        """Yield the documents that their own files prove; what is odd about the others is noted."""
        for name in (SUPERSEDED, DOCUMENTS):
            for path in sorted((self.folder / name).rglob("*")):
                if path.is_file() and path.suffix.lower() == ".pdf":
                    found = self._document(path, replaced=name == SUPERSEDED)
                    if found is not None:
                        yield found

    def _document(self, path: Path, *, replaced: bool) -> FoundDocument | None:
        relative = path.relative_to(self.folder).as_posix()
        try:
            data = path.read_bytes()
        except OSError as exc:
            self.lost.append(message("batch.cannot-read-3", relative=relative, exc=exc))
            return None
        own = read_own(data)
        if own.document is None:
            self.lost.append(message("batch.carries-no-document-ours", relative=relative))
            return None
        reason = self._doubt(data) or self._doubt_of_roles(own)
        if reason is not None:
            self.lost.append(message("batch.lost", path=relative, reason=reason))
            return None
        return FoundDocument(relative, sha256_of(data), len(data), own.document, own.signers, replaced)

    def _doubt(self, data: bytes) -> Message | None:
        report = examine_own(data, self.trust, self.now)
        if not isinstance(report, FileReport):
            return report
        return _doubt_of_content(report) or next(signature_problems(report, self.trust), None)

    def _doubt_of_roles(self, own: OwnDocument) -> Message | None:
        """Say who signed in the office's place: a role without a holder takes any trusted certificate."""
        for role, signer in own.signers.items():
            expected = self.office.roles.get(role, ())
            by_name = bool(self.trust.anchors_der)
            if expected and not any(signer.same_as(each, by_name=by_name) for each in expected):
                return message("batch.role-signed-by-somebody-else", role=role, subject=signer)
        return None

    def bags(self, folders: list[Path]) -> dict[str, BagFacts]:
        """Return what whole, signed bags say, by document id; of several bags, the last one counts."""
        found: dict[str, BagFacts] = {}
        for bag in folders:
            contents = check_structure(bag, BagLimits())
            reason = self._doubt_of_bag(bag, contents)
            if reason is not None:
                self.lost.append(reason)
                continue
            try:
                found |= _read_bag(bag, contents.right_payload)
            except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
                self.lost.append(message("batch.its-parameters-cannot-read", bag=bag, exc=exc))
        return found

    def _doubt_of_bag(self, bag: Path, contents: BagContents) -> Message | None:
        """Say why a bag vouches for nothing: any trusted person can seal one, with whatever records in it."""
        options = Options(now=self.now, anchors_der=self.trust.anchors_der, crls_der=self.trust.crls_der)
        path, signed = bag / SIGNATURE_NAME, contents.tag_manifest or b""
        signature = path.read_bytes() if path.is_file() else None
        seal, _ = judge_signature(signature, signed, options, subject=message("archive.the-bag"))
        anchored = bool(self.trust.anchors_der)
        trusted = seal.state is SealState.VALID or (not anchored and seal.state is SealState.INDETERMINATE)
        read = None if signature is None else read_signature(signature, signed)
        if contents.problems or not trusted or read is None:
            return message("batch.not-whole-or-not-signed-anybody", bag=bag)
        if any(read.signer.same_as(each, by_name=anchored) for each in self.office.sealers):
            return None
        return message("batch.sealed-by-somebody-else", bag=bag, subject=read.signer)


def _doubt_of_content(report: FileReport) -> Message | None:
    return next((alarm.message for alarm in report.alarms if alarm.code in _ANOTHER_TEXT), None)


def _read_bag(bag: Path, payload: Mapping[str, str]) -> dict[str, BagFacts]:
    records = parse_json((bag / RECORDS).read_bytes()) if RECORDS in payload else []
    paper = {str(record["document"]): record for record in records}
    found: dict[str, BagFacts] = {}
    for path in payload:
        if not path.startswith(_PARAMETERS):
            continue
        facts = parse_json((bag / path).read_bytes())
        document = facts["document"]
        if document is None:
            continue
        name = f"data/documents/{path.removeprefix(_PARAMETERS).removesuffix('.json')}"
        record = paper.get(document["id"])
        found[document["id"]] = BagFacts(
            bag=bag.name,
            sha256=payload.get(name, ""),
            registration=facts.get("registration", {}),
            paper=None if record is None else _paper(record),
            scan_sources={}
            if record is None
            else {scan["kept_as"]: str(bag / scan["path"]) for scan in record["scans"]},
        )
    return found


def _paper(record: Mapping[str, Any]) -> PaperRecord:
    return PaperRecord(
        document_id=str(record["document"]),
        roles=tuple(record["roles"]),
        scans=tuple(
            ScanFile(
                scan["kept_as"], scan["sha256"], scan["pages"], scan["source_sha256"], scan["source_page"]
            )
            for scan in record["scans"]
        ),
        accepted_by=str(record["accepted_by"]),
        automatic=bool(record["automatic"]),
    )
