"""The examination of one file, step by step; it always answers."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from agreegen.foreign import contained
from agreegen.messages import ErrorKind, Message, message
from agreegen.model.document import Document
from agreegen.model.report import Alarm, DocumentFacts, FileReport, Integrity, SignatureReport
from agreegen.pki.certificates import load_certificates
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.trust.policy import ValidationPolicy, load_policy
from agreegen.verification.document_checks import (
    BLOCKING,
    PAGE_UNKNOWN,
    PageCheck,
    check_roles,
    describe_signed_document,
    hold_against_form,
    hold_document,
    read_document,
    role_of,
)
from agreegen.verification.fetching import fetch_evidence
from agreegen.verification.interface import FoundSignature, Options, Structure, ValidationData
from agreegen.verification.paths import unreadable
from agreegen.verification.pictures.findings import judge_seals
from agreegen.verification.proof.existence import weigh_records
from agreegen.verification.proof.rebuilding import prove
from agreegen.verification.proof.released_roles import HeldRoles, alias_remarks
from agreegen.verification.register_checks import check_registered, roles_on_paper
from agreegen.verification.signatures.device import evidence_alarms, told_evidence
from agreegen.verification.signatures.integrity import judge_integrity
from agreegen.verification.signatures.judgement import FileJudge, OutsideProof
from agreegen.verification.verdict import judge_file, judge_unaltered


@functools.lru_cache(maxsize=8)
def _policy(path: Path | None, further_ids: tuple[str, ...]) -> ValidationPolicy:
    policy = load_policy(path)
    return replace(policy, sm2_signer_ids=tuple(dict.fromkeys((*policy.sm2_signer_ids, *further_ids))))


def examine(label: str, data: bytes, options: Options, *, rebuild: bool = True) -> FileReport:
    """Judge one file.

    1. The structure: revisions, signatures, coverage, changes; a file of ours is proved by making it again.
    2. The cryptography of every signature and timestamp.
    3. Chains, revocation, times, levels.
    4. What is ours: roles, form, text, register.
    5. Looks of signatures over earlier content: permitted, confirmed, or for a person to see.
    6. `unaltered` and the verdict.

    Args:
        label: The path as the user gave it.
        data: The file's bytes.
        options: What the caller chose.
        rebuild: Whether a file of ours may be proved by making it again, or is held against what comes out;
            false for who has just made it and wants it judged by other code.
    """
    if not data:
        empty = hashlib.sha256(data).hexdigest()
        return unreadable(label, "empty", message("verification.file-empty"), size_bytes=0, sha256=empty)
    return _judge_read(label, data, options, _read_structure(data, options, rebuild=rebuild))


def examine_made(label: str, data: bytes, options: Options) -> tuple[FileReport, Document] | None:
    """Judge a file of ours that nobody has signed and that is made again, byte for byte.

    What it says follows from its form and the values attached to it, and no library opens it: who signs such
    files needs no process of its own for judging them.

    Args:
        label: What the report calls it.
        data: The file's bytes.
        options: What the caller chose.

    Returns:
        What `examine` says of it, and what it carries; None for any other file.
    """
    proved = prove(data, options) if options.limits.native else None
    if proved is None or proved.structure.signatures:
        return None
    report = _judge_read(label, data, options, (proved.structure, PageCheck.PROVED, proved.document))
    return report, proved.document


def _judge_read(
    label: str, data: bytes, options: Options, read: tuple[Structure, PageCheck, Document | None]
) -> FileReport:
    """Go on from what was read of a file: steps 2 to 6 of `examine`."""
    structure, page, proved = read
    policy = _policy(options.policy_file, options.sm2_signer_ids)
    sha256 = hashlib.sha256(data).hexdigest()
    facts = [_facts(data, found, structure, options, policy) for found in structure.signatures]
    outside = weigh_records(data, options, policy)
    judge, notes = _judge(structure, facts, options, policy, outside.proof)
    document, complaints = read_document(structure, proved)
    alarms = [*structure.alarms, *outside.alarms, *notes, *complaints]
    recorded = list(check_registered(document, sha256, options))
    held = _hold(document, options, recorded)
    signatures = _report_signatures(judge, held, data, structure, facts, options)
    alarms.extend(evidence_alarms(signatures))
    alarms.extend(_padding_alarms(structure, facts))
    alarms.extend(example_alarms(judge, facts))
    described, complaints = _check_document(document, held, data, structure, facts, options, page)
    known = frozenset() if held is None else _known_roles(held, complaints)
    seals = judge_seals(structure.seals, seen=options.seals_seen, known=known)
    alarms.extend((*complaints, *recorded, *seals.alarms))
    if seals.alarms:
        structure = replace(structure, sound=structure.sound and None)
    unaltered = judge_unaltered(structure, facts)
    aliases = () if held is None else alias_remarks(held.aliases)
    return FileReport(
        path=label,
        verdict=judge_file(structure, unaltered, signatures, described, alarms, complete=options.complete),
        unaltered=unaltered,
        document=described,
        signatures=signatures,
        alarms=tuple(dict.fromkeys(alarms)),
        remarks=(*seals.remarks, *outside.remarks, *aliases),
        sha256=sha256,
        size_bytes=len(data),
    )


def _report_signatures(
    judge: FileJudge,
    held: HeldRoles | None,
    data: bytes,
    structure: Structure,
    facts: list[SignatureFacts],
    options: Options,
) -> tuple[SignatureReport, ...]:
    found = structure.signatures
    reports = [judge.report(index, role=role_of(held, each)) for index, each in enumerate(found)]
    return tuple(
        _tell_evidence(data, one, structure, facts, index, options) for index, one in enumerate(reports)
    )


def _read_structure(
    data: bytes, options: Options, *, rebuild: bool
) -> tuple[Structure, PageCheck, Document | None]:
    """Read a file's structure; say how its page is still to be held against its form, and what it holds."""
    proved = prove(data, options) if rebuild and options.limits.native else None
    if proved is not None:
        return proved.structure, PageCheck.PROVED, proved.document
    from agreegen.verification.structure.scan import scan_structure  # noqa: PLC0415 - most files of ours are proved

    page = PageCheck.OBJECTS if rebuild else PageCheck.TEXT
    return scan_structure(data, options.limits, options.password), page, None


def _known_roles(held: HeldRoles, complaints: Sequence[Alarm]) -> frozenset[str]:
    """Return the roles whose places on the page are known: where the page is another, none is."""
    if any(alarm.code in PAGE_UNKNOWN for alarm in complaints):
        return frozenset()
    return frozenset(role.id for role in held.roles)


def _judge(
    structure: Structure,
    facts: list[SignatureFacts],
    options: Options,
    policy: ValidationPolicy,
    outside: OutsideProof,
) -> tuple[FileJudge, list[Alarm]]:
    """Make the judge of trust and time; embedded evidence at which it breaks down is left out and told."""
    try:
        crls, ocsps, notes = contained(fetch_evidence)(facts, structure, options)
        judge = contained(FileJudge)(
            structure,
            facts,
            options,
            policy,
            fetched_crls=crls,
            fetched_ocsps=ocsps,
            outside=outside,
        )
    except MemoryError:
        raise
    except Exception as exc:
        bare = [
            replace(fact, crls_der=(), ocsps_der=(), certificates=(), timestamps=(), certificate=None)
            for fact in facts
        ]
        empty = replace(structure, validation_data=ValidationData())
        return FileJudge(empty, bare, options, policy), [
            _stopped(message("verification.certificates-and-revocation-data"), exc)
        ]
    return judge, notes


def _hold(document: Document | None, options: Options, recorded: list[Alarm]) -> HeldRoles | None:
    """Take the roles from the released form; a register that knows the file as it is confirms its aliases."""
    held = hold_document(document, options)
    if held is None or options.register_file is None or any(alarm.code in BLOCKING for alarm in recorded):
        return held
    known = {alias.printed: alias.registered for alias in held.aliases}
    return hold_document(document, replace(options, aliases=tuple(known.items())))


def _check_document(
    document: Document | None,
    held: HeldRoles | None,
    data: bytes,
    structure: Structure,
    facts: list[SignatureFacts],
    options: Options,
    page: PageCheck,
) -> tuple[DocumentFacts | None, list[Alarm]]:
    """Hold a document of ours against its form; what breaks there does not hide the signatures."""
    if document is None or held is None:
        return None, []
    signed = list(zip(structure.signatures, facts, strict=True))
    described = describe_signed_document(document, held, signed)
    on_paper = roles_on_paper(document, options)
    if on_paper:
        described = described.with_paper(on_paper)
    alarms = [*held.alarms, *check_roles(held, signed)]
    if not options.limits.native:
        text = message("verification.text-not-compared-with-form-library")
        alarms.append(Alarm("text-unchecked", text))
    else:
        try:
            alarms.extend(contained(hold_against_form)(document, data, structure, options, page=page))
        except MemoryError:
            raise
        except Exception as exc:
            alarms.append(_stopped(message("verification.form"), exc))
    return described, alarms


def _stopped(what: Message, exc: Exception) -> Alarm:
    told = message("verification.part-stopped-unexpectedly", what=what, kind=ErrorKind.of(exc))
    return Alarm("internal-error", told)


def _facts(
    data: bytes, found: FoundSignature, structure: Structure, options: Options, policy: ValidationPolicy
) -> SignatureFacts:
    """Check the cryptography of one signature; whatever happens inside stays with this signature."""
    extra = load_certificates((*structure.validation_data.certificates_der, *options.anchors_der))
    try:
        return contained(judge_integrity)(
            data,
            found,
            max_cms_bytes=options.limits.max_cms_bytes,
            extra_certificates=extra,
            sm2_ids=policy.sm2_signer_ids,
        )
    except MemoryError:
        raise
    except Exception as exc:
        reason = message("verification.signature-cannot-read", kind=ErrorKind.of(exc))
        return SignatureFacts(Integrity.UNREADABLE, "FORMAT_FAILURE", reasons=(reason,))


def _tell_evidence(
    data: bytes,
    report: SignatureReport,
    structure: Structure,
    facts: list[SignatureFacts],
    index: int,
    options: Options,
) -> SignatureReport:
    found, limit = structure.signatures[index], options.limits.max_cms_bytes
    method, evidence = told_evidence(data, found, facts[index], structure, max_cms_bytes=limit)
    return replace(report, method=method, evidence=evidence)


def _padding_alarms(structure: Structure, facts: list[SignatureFacts]) -> Iterator[Alarm]:
    for found, fact in zip(structure.signatures, facts, strict=True):
        if not fact.padding_clean:
            name = found.field or message("verification.no-field")
            yield Alarm(
                "padding-not-zero",
                message("verification.signature-something-other-than-zeros-stands", name=name),
                alters=True,
            )


def example_alarms(judge: FileJudge, facts: list[SignatureFacts]) -> Iterator[Alarm]:
    """Warn where trust rests on an example certificate."""
    for fact in facts:
        if fact.certificate is None or not judge.certificates.anchors:
            continue
        if judge.certificates.rests_on(fact.certificate, "EXAMPLE"):
            yield Alarm(
                "example-trust",
                message("verification.example-trust"),
            )
            return
