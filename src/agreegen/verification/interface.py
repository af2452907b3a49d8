"""What the parts of verification hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.messages import Message
from agreegen.model.report import Alarm, Changes, Coverage, SignatureKind
from agreegen.pdf.limits import Limits
from agreegen.verification.changes.painted_places import PermittedPlace
from agreegen.verification.pictures.interface import SealLook

UNSIGNED_CONTENT = "unsigned-content"
"""Alarm: something stands in the file that nobody signed."""

SEAM_DIFFERS = "seam-differs"
"""Alarm: seals over the edges of the pages are not those that the document or the signature says."""

COVERS_CONTENT = "covers-content"
"""Alarm: the look of a signature lies over what stood there earlier."""


@dataclass(frozen=True, slots=True)
class FoundSignature:
    """A signature dictionary found in the file, whether the form declares it or not.

    Attributes:
        field: Fully qualified name of the field that declares it; None where no field does.
        kind: By SubFilter: `ETSI.RFC3161` is a timestamp, everything else a signature.
        subfilter: The SubFilter's name without the slash.
        byte_range: As written, or None where missing or not four integers.
        contents: The decoded `/Contents`, padding included; None where missing or unreadable.
        certificates: The decoded strings of `/Cert` (adbe.x509.rsa_sha1).
        revision: Index into `Structure.revisions` of the revision it signs; None where it covers none.
        coverage: What its ByteRange covers.
        changes: What came after the revision it signs.
        docmdp: Permission level where this is the certification signature.
        claimed_time: `/M`, aware, or None.
        name: `/Name`.
        reason: `/Reason`.
        location: `/Location`.
        reasons: Why coverage or changes are not in order, one sentence each.
        placed: Whether coverage could be judged; false where a limit stopped the reading before.
    """

    field: str | None
    kind: SignatureKind
    subfilter: str | None
    byte_range: tuple[int, int, int, int] | None
    contents: bytes | None
    revision: int | None
    coverage: Coverage
    changes: Changes
    certificates: tuple[bytes, ...] = ()
    docmdp: int | None = None
    claimed_time: datetime | None = None
    name: str | None = None
    reason: str | None = None
    location: str | None = None
    reasons: tuple[Message, ...] = ()
    placed: bool = True


@dataclass(frozen=True, slots=True)
class ValidationData:
    """Certificates and revocation data of the document security stores (EN 319 142-1, 5.4) of all revisions.

    Attributes:
        certificates_der: Certificates, DER.
        ocsps_der: OCSP responses, DER.
        crls_der: Revocation lists, DER.
        newest_revision: Index of the last revision that changed the store; None where there is none.
        first_revisions: SHA-256 (hex) of an item → index of the first revision whose store holds it; an item
            that is not named here counts as added in `newest_revision`.
    """

    certificates_der: tuple[bytes, ...] = ()
    ocsps_der: tuple[bytes, ...] = ()
    crls_der: tuple[bytes, ...] = ()
    newest_revision: int | None = None
    first_revisions: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Structure:
    """What the structure scan says about a file.

    Attributes:
        revisions: End offsets of the revisions on the `/Prev` chain, oldest first.
        signatures: In file order; signed and undeclared ones, without empty fields.
        empty_fields: Names of signature fields without a value.
        alarms: What is wrong with the file as a whole.
        sound: False where the structure alone shows that the file was altered or parsers differ; None where
            it cannot be judged (limits, unsupported).
        validation_data: The document security store.
        attachment: The bytes of `agreegen.json` in the first signed revision (the last one if nothing is
            signed); None where there is none.
        encrypted: Whether the file is encrypted.
        readable: Whether it can be read as a PDF at all.
        places: What later revisions were permitted to paint, by revision and page.
    """

    revisions: tuple[int, ...]
    signatures: tuple[FoundSignature, ...]
    empty_fields: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    sound: bool | None = True
    validation_data: ValidationData = field(default_factory=ValidationData)
    attachment: bytes | None = None
    encrypted: bool = False
    readable: bool = True
    places: tuple[PermittedPlace, ...] = ()
    seals: tuple[SealLook, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller of `verify` chose.

    Attributes:
        anchors_der: Trust anchors, DER; empty means that trust stays unknown.
        crls_der: Revocation lists from outside, DER.
        now: Time of the verification, aware UTC.
        at: Moment to judge for, aware UTC; None for now.
        complete: Whether missing roles make a verdict indeterminate.
        policy_file: Validation policy, None for the built-in one.
        sm2_signer_ids: SM2 signer ids that are tried after those of the policy.
        register_file: Register that should know the file.
        forms_folder: Where released forms are looked up, None for the packaged ones.
        password: For encrypted files.
        second_password: The other one of files that have two, the owner's or the user's.
        fetch: Whether revocation data may be fetched.
        evidence_der: Evidence records (RFC 4998), DER; each is used for the file it is about.
        seals_seen: SHA-256 (hex) of the pictures of seals that the caller has looked at.
        aliases: Printed names of holders and the registered names that the caller knows to be the same.
        known_fonts: SHA-256 (hex) of an office's own fonts that pages may be set in; None for the files that
            `AGREEGEN_FONTS` names.
        limits: What one file may cost.
    """

    now: datetime
    anchors_der: tuple[bytes, ...] = ()
    crls_der: tuple[bytes, ...] = ()
    at: datetime | None = None
    complete: bool = False
    policy_file: Path | None = None
    sm2_signer_ids: tuple[str, ...] = ()
    register_file: Path | None = None
    forms_folder: Path | None = None
    password: str | None = None
    second_password: str | None = None
    fetch: bool = False
    evidence_der: tuple[bytes, ...] = ()
    seals_seen: frozenset[str] = frozenset()
    aliases: tuple[tuple[str, str], ...] = ()
    known_fonts: frozenset[str] | None = None
    limits: Limits = field(default_factory=Limits)
