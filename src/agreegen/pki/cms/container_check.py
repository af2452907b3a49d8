"""The cryptography of a signature container: digest, signed attributes, signature value, timestamps.

Numbered steps follow EN 319 102-1, clauses 5.2.2 (format), 5.2.3 (signing certificate) and 5.2.7
(cryptographic verification). Trust, revocation, time and policy are still owed by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from agreegen.errors import SpokenError
from agreegen.messages import Message, message
from agreegen.model.report import Integrity
from agreegen.pki.algorithms import (
    SM2_DEFAULT_ID,
    AlgorithmUse,
    SignatureAlgorithm,
    UnsupportedError,
    compute_digest,
    find_conflict,
    key_facts,
    read_algorithm,
)
from agreegen.pki.cms.repeated_containers import recognise, remember
from agreegen.pki.cms.signature_facts import SignatureFacts, TimestampFacts
from agreegen.pki.cms.structure import (
    ARCHIVE_TIMESTAMPS,
    CONTENT_TIMESTAMP,
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SIGNATURE_TIMESTAMP,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    SIGNING_TIME,
    ForeignContainerError,
    MalformedError,
    ParsedCms,
    find_signer,
    guarded,
    parse_cms,
    protects_algorithms,
)
from agreegen.pki.cms.timestamp_tokens import check_token
from agreegen.pki.encoding import der_of
from agreegen.pki.signature_values import check_signature

Digester = Callable[[str], bytes]
"""Gives the digest of the signed bytes by digest name."""

FORMAT_FAILURE, HASH_FAILURE, CRYPTO_FAILURE = "FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE"
NO_CERTIFICATE = "NO_SIGNING_CERTIFICATE_FOUND"
CADES, PKCS7, PKCS7_SHA1 = "ETSI.CAdES.detached", "adbe.pkcs7.detached", "adbe.pkcs7.sha1"
_ESS = frozenset({SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2})


def digester_for(data: bytes, byte_range: tuple[int, int, int, int]) -> Digester:
    """Return a function that digests the two stretches of a ByteRange, once per digest name."""
    first, first_length, second, second_length = byte_range
    view = memoryview(data)
    parts = (view[first : first + first_length], view[second : second + second_length])
    known: dict[str, bytes] = {}

    def digest(name: str) -> bytes:
        if name not in known:
            known[name] = compute_digest(name, *parts)
        return known[name]

    return digest


def check_container(
    contents: bytes,
    digest: Digester,
    *,
    subfilter: str,
    max_cms_bytes: int,
    extra_certificates: Sequence[Any] = (),
    sm2_ids: tuple[str, ...] = (SM2_DEFAULT_ID,),
) -> SignatureFacts:
    """Check a CMS signature over bytes that stand elsewhere."""
    if len(contents) <= max_cms_bytes:
        known = recognise(contents, digest, subfilter, sm2_ids, extra_certificates)
        if known is not None:
            return known
    try:
        parsed = parse_cms(contents, max_bytes=max_cms_bytes)
    except ForeignContainerError as exc:
        return SignatureFacts(Integrity.UNSUPPORTED, "GENERIC", reasons=(exc.sentence,))
    except MalformedError as exc:
        return SignatureFacts(Integrity.UNREADABLE, FORMAT_FAILURE, reasons=(exc.sentence,))
    try:
        facts = guarded(
            message("pki.signature-container"),
            lambda: _check_cms(parsed, digest, subfilter, extra_certificates, sm2_ids),
        )
        facts = guarded(
            message("pki.attributes"), lambda: _describe(facts, parsed, digest, subfilter, extra_certificates)
        )
        remember(contents, parsed, facts, subfilter, sm2_ids)
    except UnsupportedError as exc:
        return SignatureFacts(
            Integrity.UNSUPPORTED, "GENERIC", certificates=parsed.certificates, reasons=(exc.sentence,)
        )
    except MalformedError as exc:
        return _broken(FORMAT_FAILURE, exc.sentence)
    return facts


class _WrongError(SpokenError):
    """A step that a signature fails."""

    def __init__(self, subindication: str, reason: Message, *, padding_clean: bool = True) -> None:
        super().__init__(reason)
        self.subindication = subindication
        self.padding_clean = padding_clean


def _check_cms(
    parsed: ParsedCms, digest: Digester, subfilter: str, extra: Sequence[Any], sm2_ids: tuple[str, ...]
) -> SignatureFacts:
    certificate, agrees = find_signer(parsed, [*parsed.certificates, *extra])
    try:
        # Step 1: the format (5.2.2).
        _check_format(parsed, subfilter)
        # Step 2: the message digest (5.2.7.4, step 3).
        content_digest = _check_digest(parsed, digest, subfilter)
        # Step 3: the signing certificate (5.2.3).
        if certificate is None:
            reason = message("pki.certificate-signer-not-file")
            return SignatureFacts(Integrity.UNSUPPORTED, NO_CERTIFICATE, reasons=(reason,))
        # Step 4: the signature value (5.2.7.4, step 4).
        written = subfilter != CADES and not parsed.signed.keys() & _ESS
        algorithm, notes = _require_value(
            parsed, certificate, content_digest, sm2_ids, agrees=agrees, written=written
        )
    except _WrongError as exc:
        facts = _broken(exc.subindication, exc.sentence)
        return replace(facts, certificate=certificate, padding_clean=exc.padding_clean)
    conflict = _conflict(parsed)
    key = key_facts(certificate.public_key)
    uses = [AlgorithmUse(message("pki.signature"), algorithm.scheme, algorithm.digest, key, conflict)]
    if conflict is not None:
        notes = (*notes, message("pki.use-and-problem", use=message("pki.signature"), problem=conflict))
    if parsed.digest != algorithm.digest:
        uses.append(AlgorithmUse(message("pki.message-digest"), "", parsed.digest))
    if subfilter == PKCS7_SHA1:
        uses.append(AlgorithmUse(message("pki.digest-file"), "", "sha1"))
    return SignatureFacts(Integrity.INTACT, certificate=certificate, algorithms=tuple(uses), notes=notes)


def _conflict(parsed: ParsedCms) -> Message | None:
    """Say which of the algorithms that a container states do not fit each other."""
    if not protects_algorithms(parsed):
        return message("pki.signed-attributes-protect-other-algorithms-than")
    if not parsed.attributes_der:
        return None
    stated = read_algorithm(parsed.signer["signature_algorithm"], parsed.digest)
    return find_conflict(stated, parsed.digest)


def _require_value(
    parsed: ParsedCms,
    certificate: Any,
    content_digest: bytes,
    sm2_ids: tuple[str, ...],
    *,
    agrees: bool,
    written: bool,
) -> tuple[SignatureAlgorithm, tuple[Message, ...]]:
    """Require a right signature value; `written` accepts one over the attributes in the order written.

    RFC 5652, 5.4 has the attributes signed in DER order, and CAdES keeps to it. Widespread signers of plain
    PKCS#7 do not sort, and common readers check what is written: every byte is signed either way.
    """
    notes: tuple[Message, ...] = ()
    algorithm = check_value(parsed, certificate, content_digest, sm2_ids)
    if algorithm is None:
        as_written = replace(parsed, attributes_der=parsed.attributes_written)
        algorithm = check_value(as_written, certificate, content_digest, sm2_ids)
        notes = (message("pki.signed-attributes-were-signed-as-written"),)
        if algorithm is None or not written:
            reason = message("pki.signature-value-wrong")
            if algorithm is not None:
                reason = message("pki.signature-value-wrong-but-fits-written")
            elif read_algorithm(parsed.signer["signature_algorithm"], parsed.digest).scheme == "sm2":
                reason = message("pki.signature-value-wrong-or-other-sm2-id")
            raise _WrongError(CRYPTO_FAILURE, reason)
    if not agrees:
        raise _WrongError(NO_CERTIFICATE, message("pki.certificate-not-one-signature-names"))
    return algorithm, notes


def _check_digest(parsed: ParsedCms, digest: Digester, subfilter: str) -> bytes:
    """Compare the digest of the signed bytes and return what the signature value covers."""
    changed = message("pki.signed-bytes-file-were-changed-digest")
    if subfilter == PKCS7_SHA1:
        # ISO 32000-1, 12.8.3.3.1: the content is the SHA-1 digest of the byte range.
        if parsed.content != digest("sha1"):
            raise _WrongError(HASH_FAILURE, changed)
        content_digest = compute_digest(parsed.digest, parsed.content)
    else:
        content_digest = digest(parsed.digest)
    if parsed.attributes_der and _one(parsed.signed, MESSAGE_DIGEST).native != content_digest:
        raise _WrongError(HASH_FAILURE, changed)
    return content_digest


def _check_format(parsed: ParsedCms, subfilter: str) -> None:
    if subfilter == PKCS7_SHA1:
        if parsed.content is None:
            raise MalformedError(message("pki.signature-container-holds-no-digest"))
    elif parsed.content is not None:
        # ISO 32000-2, 12.8.3.3.1: no data shall be encapsulated.
        raise MalformedError(message("pki.signature-container-encapsulates-data-pdf-signat"))
    if not parsed.padding_clean:
        reason = message("pki.bytes-other-than-zero-stand-behind")
        raise _WrongError(FORMAT_FAILURE, reason, padding_clean=False)
    if not parsed.attributes_der:
        if subfilter == CADES:
            raise MalformedError(message("pki.signature-no-signed-attributes"))
        if parsed.content_type != DATA:
            raise MalformedError(message("pki.without-signed-attributes-content-type-must"))
        return
    if _one(parsed.signed, CONTENT_TYPE).dotted != parsed.content_type:
        raise MalformedError(message("pki.content-type-differs-between-attribute-container"))
    _one(parsed.signed, MESSAGE_DIGEST)


def _one(attributes: dict[str, list[Any]], oid: str) -> Any:
    values = attributes.get(oid, [])
    if len(values) != 1:
        raise MalformedError(message("pki.signed-attribute-values-one-required", oid=oid, count=len(values)))
    return values[0]


def check_value(
    parsed: ParsedCms, certificate: Any, content_digest: bytes, sm2_ids: tuple[str, ...] = (SM2_DEFAULT_ID,)
) -> SignatureAlgorithm | None:
    """Check the signature value over the signed attributes (RFC 5652, 5.4); None where it is wrong.

    Raises:
        UnsupportedError: Algorithm or key are not supported.
    """
    stated = read_algorithm(parsed.signer["signature_algorithm"], parsed.digest)
    key = der_of(certificate.public_key)
    if not parsed.attributes_der:
        right = check_signature(key, stated, b"", parsed.signature, digest=content_digest)
        return stated if right else None
    # Some signers name one digest in the signature algorithm and use the other one.
    attempts = [stated]
    if stated.scheme in {"rsa", "ecdsa", "dsa"} and stated.digest != parsed.digest:
        attempts.append(replace(stated, digest=parsed.digest))
    for algorithm in attempts:
        if check_signature(key, algorithm, parsed.attributes_der, parsed.signature, sm2_ids=sm2_ids):
            return algorithm
    return None


def _describe(
    facts: SignatureFacts, parsed: ParsedCms, digest: Digester, subfilter: str, extra: Sequence[Any]
) -> SignatureFacts:
    """Add what the container carries: certificates, revocation data, timestamps, attributes."""
    timestamps: list[TimestampFacts] = []
    pool = [*parsed.certificates, *extra]
    signature = parsed.signature
    for value in parsed.unsigned.get(SIGNATURE_TIMESTAMP, []):
        timestamps.append(
            check_token(value.dump(), lambda name: compute_digest(name, signature), "signature", pool)
        )
    for value in parsed.signed.get(CONTENT_TIMESTAMP, []):
        timestamps.append(check_token(value.dump(), digest, "content", pool))
    notes = [*facts.notes, *parsed.notes]
    if ARCHIVE_TIMESTAMPS & parsed.unsigned.keys():
        notes.append(message("pki.archive-timestamps-inside-signature-container-no"))
    time = parsed.signed.get(SIGNING_TIME, [])
    named = bool(parsed.signed.keys() & {SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2})
    cades = subfilter == CADES and named and not time
    return replace(
        facts,
        certificates=parsed.certificates,
        crls_der=parsed.crls_der,
        ocsps_der=parsed.ocsps_der,
        timestamps=tuple(timestamps),
        cades=cades,
        claimed_time=_claimed_time(time),
        notes=tuple(notes),
    )


def _claimed_time(values: list[Any]) -> datetime | None:
    """Read the signing-time attribute; it is a claim, and one that is no time says nothing."""
    try:
        return _aware(values[0].native) if values else None
    except (ValueError, TypeError, OverflowError):
        return None


def _aware(moment: Any) -> datetime | None:
    if not isinstance(moment, datetime):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def check_timestamp(
    contents: bytes, digest: Digester, *, max_cms_bytes: int, extra_certificates: Sequence[Any] = ()
) -> SignatureFacts:
    """Check a timestamp token that stands alone over bytes, as a document timestamp does (RFC 3161)."""
    return facts_of_token(
        check_token(contents, digest, "document", list(extra_certificates), max_bytes=max_cms_bytes)
    )


def facts_of_token(token: TimestampFacts) -> SignatureFacts:
    """Return what a token that stands alone shows, in the form of a signature's facts."""
    return SignatureFacts(
        token.integrity,
        token.subindication,
        certificate=token.certificate,
        certificates=token.certificates,
        crls_der=token.crls_der,
        ocsps_der=token.ocsps_der,
        algorithms=token.algorithms,
        timestamps=(token,),
        claimed_time=token.time,
        reasons=token.reasons,
    )


def _broken(subindication: str, reason: Message) -> SignatureFacts:
    return SignatureFacts(Integrity.BROKEN, subindication, reasons=(reason,))
