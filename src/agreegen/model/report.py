"""The verification report: verdicts, each axis on its own, as `verify --json` prints them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn

from agreegen.messages import Message
from agreegen.model.document import DeclaredRole


class Verdict(StrEnum):
    """The one word about a file."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"


class SignatureKind(StrEnum):
    """Signature or document timestamp, by SubFilter."""

    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"


class Indication(StrEnum):
    """Main indications of EN 319 102-1, clause 5.1.3."""

    TOTAL_PASSED = "TOTAL-PASSED"
    TOTAL_FAILED = "TOTAL-FAILED"
    INDETERMINATE = "INDETERMINATE"


class Integrity(StrEnum):
    """Whether the cryptography of a signature holds."""

    INTACT = "intact"
    BROKEN = "broken"
    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"


class Coverage(StrEnum):
    """What the ByteRange of a signature covers."""

    WHOLE_FILE = "whole-file"
    REVISION = "revision"
    PARTIAL = "partial"


class Changes(StrEnum):
    """What came after the signed revision."""

    NONE = "none"
    PERMITTED = "permitted"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


class TrustStatus(StrEnum):
    """Whether the certificate chains to an anchor that was given."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    UNKNOWN = "unknown"


class Revocation(StrEnum):
    """What revocation evidence says about the signer's certificate."""

    CLEAR = "clear"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    NOT_OFFERED = "not-offered"


class PadesLevel(StrEnum):
    """PAdES baseline levels (EN 319 142-1, clause 6)."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"
    OTHER = "other"


class Method(StrEnum):
    """Whose key signed: a certificate's own, or one made on the signer's device for this once."""

    CERTIFICATE = "certificate"
    DEVICE = "device"


class Evidence(StrEnum):
    """Whether the evidence of a signature made on a device is what its certificate promises."""

    INTACT = "intact"
    DIFFERS = "differs"
    MISSING = "missing"


class TimeSource(StrEnum):
    """Where a signing time comes from."""

    CLAIMED = "claimed"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something about a file that a recipient must know.

    Attributes:
        code: Stable, lower-case, hyphenated code, e.g. `wrong-signer`.
        message: One sentence.
        alters: Whether it makes `unaltered` false.
        topic: What it is about, where one code has several plain explanations.
        page: The page that it is about, from 1.
        box: Where on it: left, bottom, right, top in points.
        text: What somebody wrote there.
        picture_png: What it looks like.
    """

    code: str
    message: Message
    alters: bool = False
    topic: str = ""
    page: int | None = None
    box: tuple[float, float, float, float] | None = None
    text: str | None = None
    picture_png: bytes | None = field(default=None, repr=False)

    @property
    def picture_sha256(self) -> str | None:
        """The SHA-256 of the picture, by which a verifier confirms it."""
        return None if self.picture_png is None else hashlib.sha256(self.picture_png).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the interface; place, text and picture only where there are any."""
        more = {
            "page": self.page,
            "box": None if self.box is None else list(self.box),
            "text": self.text,
            "picture_sha256": self.picture_sha256,
        }
        told = {key: value for key, value in more.items() if value is not None}
        return {"code": self.code, "message": str(self.message), **told}


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """What verification found about one signature or document timestamp."""

    field: str | None
    role: str | None
    signer: str | Message | None
    kind: SignatureKind
    indication: Indication
    subindication: str | None
    integrity: Integrity
    coverage: Coverage
    changes_after: Changes
    trust: TrustStatus
    revocation: Revocation
    level: PadesLevel
    time: datetime | None
    time_source: TimeSource
    reasons: tuple[Message, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    method: Method = Method.CERTIFICATE
    evidence: Evidence | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the interface; `details` holds further facts by name."""
        return {
            "field": self.field,
            "role": self.role,
            "signer": None if self.signer is None else str(self.signer),
            "kind": self.kind.value,
            "indication": self.indication.value,
            "subindication": self.subindication,
            "integrity": self.integrity.value,
            "coverage": self.coverage.value,
            "changes_after": self.changes_after.value,
            "trust": self.trust.value,
            "revocation": self.revocation.value,
            "level": self.level.value,
            "time": None if self.time is None else self.time.isoformat().replace("+00:00", "Z"),
            "time_source": self.time_source.value,
            "method": self.method.value,
            "evidence": None if self.evidence is None else self.evidence.value,
            "reasons": [str(reason) for reason in self.reasons],
            "details": dict(self.details),
        }


@dataclass(frozen=True, slots=True)
class HolderAlias:
    """A role's holder whose certificate carries another name than is printed.

    Attributes:
        role: The role.
        printed: The printed name.
        registered: The name that certificates carry.
        confirmed: Whether the verifier or the register says that this is the same holder.
        declared: The role as its form has it; None for its id alone.
    """

    role: str
    printed: str
    registered: str
    confirmed: bool
    declared: DeclaredRole | None = None

    def to_dict(self) -> dict[str, str | bool]:
        """Return what JSON holds."""
        return {
            "role": self.role,
            "printed": self.printed,
            "registered": self.registered,
            "confirmed": self.confirmed,
        }


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What people call a role of a document, and whose it is.

    Attributes:
        id: Role id and name of its field.
        label_zh: Chinese label.
        label_en: English label; empty where the form is not known here.
        holder: The printed name of who has to sign; None where anyone may.
    """

    id: str
    label_zh: str
    label_en: str = ""
    holder: str | None = None

    def in_language(self, language: str) -> str:
        """Return the label in a language; the id where there is none."""
        return (self.label_zh if language == "zh" else self.label_en) or self.id


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What a file says about itself in `agreegen.json`.

    Attributes:
        id: Document id.
        form: Form id.
        missing_roles: Required roles that nobody has signed.
        form_version: Version of the form.
        title: Printed title.
        aliases: Holders whose certificates carry another name than is printed.
        fulfilled_elsewhere: Roles that were fulfilled outside of the file, and how, e.g. on paper.
        roles: All roles, as people call them.
    """

    id: str
    form: str
    missing_roles: tuple[str, ...]
    form_version: str = ""
    title: str = ""
    aliases: tuple[HolderAlias, ...] = ()
    fulfilled_elsewhere: tuple[tuple[str, str], ...] = ()
    roles: tuple[RoleFacts, ...] = ()

    def role(self, role_id: str) -> RoleFacts:
        """Return what people call a role; nothing but its id where the document does not have it."""
        return next((role for role in self.roles if role.id == role_id), RoleFacts(role_id, ""))

    def with_paper(self, roles: Collection[str]) -> DocumentFacts:
        """Return these facts where some roles were fulfilled on paper; `*` stands for all missing ones."""
        signed = tuple(self.missing_roles) if "*" in roles else tuple(roles)
        return replace(
            self,
            missing_roles=tuple(role for role in self.missing_roles if role not in signed),
            fulfilled_elsewhere=tuple((role, "paper") for role in signed),
        )


@dataclass(frozen=True, slots=True)
class FileReport:
    """The verdict on one file. It has no truth value: ask for the axis that is meant.

    `remarks` say what a recipient may want to know and what speaks against nothing. `abridged` is a report of
    which only what a list shows was kept.
    """

    path: str
    verdict: Verdict
    unaltered: bool | None
    document: DocumentFacts | None = None
    signatures: tuple[SignatureReport, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    remarks: tuple[Alarm, ...] = ()
    sha256: str | None = None
    size_bytes: int | None = None
    abridged: bool = False

    def __bool__(self) -> NoReturn:
        raise TypeError("a report is not a boolean; ask for .verdict or .unaltered")

    @property
    def settled(self) -> bool:
        """Whether nothing is to be done: it is valid, or everybody signed it on paper and nothing is odd."""
        if self.verdict is not Verdict.UNSIGNED:
            return self.verdict is Verdict.VALID
        document = self.document
        on_paper = document is not None and document.fulfilled_elsewhere and not document.missing_roles
        return bool(on_paper) and not self.alarms

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the interface for this file."""
        document = self.document
        return {
            "path": self.path,
            "verdict": self.verdict.value,
            "unaltered": self.unaltered,
            "document": None
            if document is None
            else {
                "id": document.id,
                "form": document.form,
                "form_version": document.form_version,
                "title": document.title,
                "missing_roles": list(document.missing_roles),
                "aliases": [alias.to_dict() for alias in document.aliases],
                "fulfilled_elsewhere": [
                    {"role": role, "how": how} for role, how in document.fulfilled_elsewhere
                ],
            },
            "signatures": [signature.to_dict() for signature in self.signatures],
            "alarms": [alarm.to_dict() for alarm in self.alarms],
            "remarks": [remark.to_dict() for remark in self.remarks],
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The verdicts on many files, in the order in which they were asked for."""

    files: tuple[FileReport, ...] = field(default=())

    def __bool__(self) -> NoReturn:
        raise TypeError("a report is not a boolean; ask for .all_valid")

    @property
    def all_valid(self) -> bool:
        """Whether there is at least one file and every verdict is `valid`."""
        return bool(self.files) and all(file.verdict is Verdict.VALID for file in self.files)

    def counts(self) -> dict[str, int]:
        """Count the files by verdict; every verdict has an entry."""
        return {v.value: sum(file.verdict is v for file in self.files) for v in Verdict}

    def to_dict(self) -> dict[str, Any]:
        """Return the whole JSON object of `verify --json`."""
        return {"files": [file.to_dict() for file in self.files], "summary": self.counts()}
