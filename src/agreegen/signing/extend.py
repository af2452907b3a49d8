"""Raising signed PDFs to B-T, B-LT and B-LTA, and renewing them (EN 319 142-1, 5.4 to 6.3).

Earlier `/Contents` are never touched: time is proved by document timestamps, validation data goes into a
document security store without VRI entries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.validation.dss import DocumentSecurityStore

from agreegen.errors import AgreegenError, CredentialError, SigningError
from agreegen.messages import Message, join_sentences, message
from agreegen.model.report import Integrity, PadesLevel
from agreegen.pki.algorithms import compute_digest
from agreegen.pki.certificates import UNREADABLE, load_certificates
from agreegen.pki.cms.signature_facts import TimestampFacts
from agreegen.pki.cms.timestamp_tokens import check_token
from agreegen.pki.device_certificates import promised_digest
from agreegen.pki.encoding import der_of
from agreegen.signing.certificate_paths import find_path
from agreegen.signing.document_reading import (
    FOREIGN_ERRORS,
    PdfState,
    check_integrity,
    read_field_names,
    read_state,
    resolve,
)
from agreegen.signing.embedding import prepare_timestamp
from agreegen.signing.field_contents import FieldContent
from agreegen.signing.interface import Evidence, SignedPdf, TimestampServer, Trust
from agreegen.signing.names import subject_label
from agreegen.signing.plain.validation_update import (
    append_store,
    free_timestamp_name,
    prepare_plain_timestamp,
    read_contents,
    read_names,
)
from agreegen.signing.services.revocation import EvidenceStore, merge
from agreegen.signing.services.timestamps import TimestampClient

_ATTEMPTS = 2
"""A second one where another service, with larger tokens, answered in between."""


@dataclass(frozen=True, slots=True)
class _Proved:
    """A signature or timestamp, with the time before which it is known to have existed."""

    label: Message
    certificate: Any
    certificates: tuple[Any, ...]
    known_at: datetime
    stamped: bool


def extend_pdf(
    pdf: bytes,
    level: PadesLevel,
    *,
    trust: Trust,
    tsa: Sequence[TimestampServer] = (),
    now: datetime,
    judged: bool = False,
) -> SignedPdf:
    """Raise a signed PDF to a level, or renew it at level B-LTA.

    Steps: earlier signatures hold → certificates have not expired without proof → document timestamp where
    a signature has none → revocation evidence, asked for only now → validation data → archive timestamp.

    Args:
        pdf: A signed PDF, ours or not.
        level: B-T, B-LT or B-LTA.
        trust: Anchors and CRLs; B-LT and B-LTA need anchors.
        tsa: Timestamp services, tried in order.
        now: The time, aware UTC.
        judged: Whether the signatures were found unaltered already, by the examination of `verify`.

    Raises:
        SigningError: Not signed, broken, expired without proof, a certificate revoked or its status unknown.
        TimestampError: No service gave an acceptable timestamp.
    """
    if level not in (PadesLevel.B_T, PadesLevel.B_LT, PadesLevel.B_LTA):
        raise SigningError(
            message("signing.file-cannot-extended", level=level), hint=message("signing.use-b-t-b-lt-or")
        )
    state = read_state(pdf)
    if not state.signed_fields:
        raise SigningError(message("signing.file-not-signed"), hint=message("signing.sign-first"))
    if not judged:
        check_integrity(state)
    proved = _prove(_contents_of(state), trust, now)
    client = TimestampClient(tsa, trust=trust) if tsa else None
    try:
        if not all(entry.stamped for entry in proved):
            pdf = _add_timestamp(pdf, _need(client))
        if level is PadesLevel.B_T:
            return SignedPdf(pdf, level)
        return add_validation_data(pdf, level, trust, client, now)
    finally:
        if client is not None:
            client.close()


def add_validation_data(
    pdf: bytes,
    level: PadesLevel,
    trust: Trust,
    client: TimestampClient | None,
    now: datetime,
    *,
    store: EvidenceStore | None = None,
) -> SignedPdf:
    """Add the validation data of every signature and timestamp, and for B-LTA a document timestamp over it.

    Args:
        pdf: A file whose signatures all have timestamps.
        level: B-LT or B-LTA.
        trust: Anchors and CRLs.
        client: Timestamp services; B-LTA needs them.
        now: The time, aware UTC.
        store: Evidence shared by a chunk, made after its timestamps; None for a fresh one.

    Raises:
        SigningError: A chain cannot be built, a certificate is revoked or its status unknown.
        TimestampError: No service gave an acceptable timestamp.
    """
    if not trust.anchors_der:
        raise SigningError(
            message("signing.level-needs-trust-anchors", level=level), hint=message("signing.give-them-trust")
        )
    own = store or EvidenceStore(trust.crls_der, now=now)
    try:
        evidence = _collect(pdf, trust, now, own)
    finally:
        if store is None:
            own.close()
    pdf = _write_store(pdf, evidence)
    if level is PadesLevel.B_LTA:
        pdf = _add_timestamp(pdf, _need(client))
    return SignedPdf(pdf, level)


def add_validation_data_many(
    pdfs: Sequence[bytes],
    level: PadesLevel,
    trust: Trust,
    client: TimestampClient,
    now: datetime,
) -> list[SignedPdf | AgreegenError]:
    """Do what `add_validation_data` does for a chunk: evidence is fetched once, timestamps concurrently.

    Args:
        pdfs: Files whose signatures all have timestamps, taken before this call.
        level: B-LT or B-LTA.
        trust: Anchors and CRLs.
        client: Timestamp services.
        now: The time, aware UTC.

    Returns:
        For each file the result, or what was wrong with it, in the same order.
    """
    store = EvidenceStore(trust.crls_der, now=now)

    def fill(pdf: bytes) -> SignedPdf | AgreegenError:
        try:
            made = add_validation_data(pdf, PadesLevel.B_LT, trust, client, now, store=store)
        except AgreegenError as exc:
            return exc
        return made

    def stamp(made: SignedPdf | AgreegenError) -> SignedPdf | AgreegenError:
        if isinstance(made, AgreegenError):
            return made
        try:
            return SignedPdf(_add_timestamp(made.data, client), level)
        except AgreegenError as exc:
            return exc

    try:
        filled = [fill(pdf) for pdf in pdfs]
    finally:
        store.close()
    if level is not PadesLevel.B_LTA:
        return filled
    client.token_bytes()  # once, before many threads want to know
    with ThreadPoolExecutor(client.concurrency) as pool:
        return list(pool.map(stamp, filled))


def _prove(signatures: Sequence[FieldContent], trust: Trust, now: datetime) -> list[_Proved]:
    """Find for each signature and timestamp, newest first, when it is known to have existed."""
    known_at, stamped = now, False
    proved: list[_Proved] = []
    for signature in reversed(signatures):
        label = message("signing.field-of", name=signature.field)
        own_at, own_stamped = known_at, stamped or signature.timestamp
        for stamp in _stamps_of(signature):
            which = message("signing.timestamp", label=label)
            proved.append(_held(which, stamp.certificate, stamp.certificates, known_at, stamped=True))
            assert stamp.time is not None
            own_at, own_stamped = min(own_at, stamp.time), True
        certificate, others = signature.certificate, signature.cms.certificates
        proved.append(_held(label, certificate, others, own_at, stamped=own_stamped))
        if signature.time is not None:
            known_at, stamped = signature.time, True
    if trust.anchors_der:
        for entry in proved:
            _path(entry, trust)
    return proved


def _stamps_of(signature: FieldContent) -> list[TimestampFacts]:
    """Return the timestamps over a signature value, each checked.

    Raises:
        SigningError: One is over other bytes, or does not hold.
    """
    value, stamps = signature.cms.signature, []
    for token in signature.tokens:
        facts = check_token(token, lambda name: compute_digest(name, value), "signature")
        if facts.integrity is not Integrity.INTACT:
            raise SigningError(
                join_sentences(facts.reasons) or message("signing.timestamp-wrong"),
                hint=message("signing.ask-original-file"),
            )
        stamps.append(facts)
    return stamps


def _held(
    label: Message,
    certificate: Any | None,
    others: tuple[Any, ...],
    known_at: datetime,
    *,
    stamped: bool,
) -> _Proved:
    """Note that a signature existed at a time, when its certificate still held.

    Raises:
        SigningError: Its certificate is not there, or had expired.
    """
    if certificate is None:
        raise SigningError(message("signing.certificate-not-file", label=label))
    try:
        end = certificate.not_valid_after
    except UNREADABLE as exc:
        raise SigningError(message("signing.certificate-cannot-read-2", label=label)) from exc
    if known_at > end:
        raise SigningError(
            message("signing.certificate-expired-on-nothing-proves-signed", label=label, end=end.date()),
            hint=message("signing.document-must-signed-again"),
        )
    return _Proved(label, certificate, others, known_at, stamped)


def _path(entry: _Proved, trust: Trust) -> list[bytes]:
    own = der_of(entry.certificate)
    others = [der for der in map(der_of, entry.certificates) if der != own]
    on_device = _is_on_device(entry)
    if on_device:
        trust = replace(trust, anchors_der=trust.device_anchors_der)
    try:
        return find_path(own, others, trust, entry.known_at, subject_label(own))
    except CredentialError as exc:
        raise SigningError(
            message("model.place-and-problem", place=entry.label, problem=exc.sentence),
            hint=message("signing.device-needs-policy") if on_device else exc.advice,
        ) from exc


def _is_on_device(entry: _Proved) -> bool:
    return promised_digest(entry.certificate) is not None


def _contents_of(state: PdfState) -> list[FieldContent]:
    return [entry.content for entry in state.signatures]


def _collect(pdf: bytes, trust: Trust, now: datetime, store: EvidenceStore) -> Evidence:
    contents = read_contents(pdf)
    if contents is None:
        contents = _contents_of(read_state(pdf))
    parts = []
    for entry in _prove(contents, trust, now):
        path = _path(entry, trust)
        if _is_on_device(entry):  # such certificates are never revoked, they only expire
            parts.append(Evidence(tuple(path)))
            continue
        expired = any(certificate.not_valid_after < now for certificate in load_certificates(path[:-1]))
        if expired:
            # Nobody answers for expired certificates any more: what the file carries must prove it.
            kept = _kept(read_state(pdf))
            part = store.for_path(path, entry.known_at, kept_ocsps=kept.ocsps_der, kept_crls=kept.crls_der)
        else:
            part = store.for_path(path, now)
        parts.append(part)
    return merge(parts)


def _kept(state: PdfState) -> Evidence:
    if "/DSS" not in state.reader.root:
        return Evidence(())
    dss = state.reader.root["/DSS"]
    try:
        lists = [
            tuple(item.get_object().data for item in resolve(dss, key, ())) for key in ("/OCSPs", "/CRLs")
        ]
    except FOREIGN_ERRORS as exc:
        raise SigningError(message("signing.document-security-store-cannot-read", exc=exc)) from exc
    return Evidence((), lists[0], lists[1])


def _write_store(pdf: bytes, evidence: Evidence) -> bytes:
    plain = append_store(pdf, evidence)
    if plain is not None:
        return plain
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
        DocumentSecurityStore.supply_dss_in_writer(
            writer,
            None,
            certs=[asn1_x509.Certificate.load(der) for der in evidence.certificates_der],
            ocsps=[asn1_ocsp.OCSPResponse.load(der) for der in evidence.ocsps_der],
            crls=[asn1_crl.CertificateList.load(der) for der in evidence.crls_der],
        )
        target = BytesIO()
        writer.write(target)  # type: ignore[no-untyped-call]
    except FOREIGN_ERRORS as exc:
        raise SigningError(message("signing.validation-data-cannot-written", exc=exc)) from exc
    return target.getvalue()


def _add_timestamp(pdf: bytes, client: TimestampClient) -> bytes:
    taken = read_names(pdf)
    if taken is None:
        taken = read_field_names(pdf)
    name = free_timestamp_name(taken)
    for _ in range(_ATTEMPTS):
        reserved = client.token_bytes()
        plain = prepare_plain_timestamp(pdf, name, reserved_bytes=reserved)
        prepared = plain or prepare_timestamp(pdf, name, reserved_bytes=reserved)
        data = memoryview(prepared.data)
        digest = hashlib.sha256(data[: prepared.start])
        digest.update(data[prepared.end :])
        token = client.timestamp_digest(digest.digest())
        if len(token) <= reserved:
            break
    return prepared.fill(token)


def _need(client: TimestampClient | None) -> TimestampClient:
    if client is None:
        raise SigningError(
            message("signing.timestamp-service-needed"), hint=message("signing.give-one-tsa-url")
        )
    return client
