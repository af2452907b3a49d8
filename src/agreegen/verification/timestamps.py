"""Timestamp tokens (RFC 3161): the imprint, the service's signature, and the time they state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agreegen.model.report import Integrity
from agreegen.verification.algorithms import (
    UnsupportedError,
    check_signature,
    compute_digest,
    digest_name,
    key_facts,
    read_algorithm,
)
from agreegen.verification.cms import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    TST_INFO,
    MalformedError,
    ParsedCms,
    find_signer,
    guarded,
    parse_cms,
    parse_tst_info,
)
from agreegen.verification.facts import AlgorithmUse, TimestampFacts


def check_token(
    token: bytes,
    digest: Callable[[str], bytes],
    use: str,
    extra_certificates: Sequence[Any] = (),
    *,
    max_bytes: int = 4 << 20,
) -> TimestampFacts:
    """Check imprint and signature of a timestamp token. The caller still owes its trust.

    Args:
        token: TimeStampToken, DER, zeros behind it allowed.
        digest: Gives the digest of the stamped bytes by digest name.
        use: `signature`, `content` or `document`.
        extra_certificates: Further places to look for the service's certificate.
        max_bytes: Greatest size.
    """
    what = f"the {use} timestamp"
    try:
        parsed = parse_cms(token, max_bytes=max_bytes)
        return guarded(what, lambda: _check(parsed, digest, use, extra_certificates))
    except MalformedError as exc:
        return TimestampFacts(
            use, None, Integrity.UNREADABLE, reasons=(f"{what}: {exc}",), subindication="FORMAT_FAILURE"
        )
    except UnsupportedError as exc:
        return TimestampFacts(
            use, None, Integrity.UNSUPPORTED, reasons=(f"{what}: {exc}",), subindication="GENERIC"
        )


def _check(
    parsed: ParsedCms, digest: Callable[[str], bytes], use: str, extra: Sequence[Any]
) -> TimestampFacts:
    what = f"the {use} timestamp"
    if parsed.content_type != TST_INFO or parsed.content is None:
        raise MalformedError("it is not an RFC 3161 token")
    info = parse_tst_info(parsed.content)
    time = info["gen_time"].native
    imprint = info["message_imprint"]
    imprint_digest = digest_name(imprint["hash_algorithm"]["algorithm"].dotted)

    def failed(subindication: str, reason: str, certificate: Any = None) -> TimestampFacts:
        return TimestampFacts(
            use,
            time,
            Integrity.BROKEN,
            certificate=certificate,
            certificates=parsed.certificates,
            reasons=(f"{what} {reason}",),
            subindication=subindication,
        )

    # Step 1: padding, imprint (RFC 3161, 2.4.2).
    if not parsed.padding_clean:
        return failed("FORMAT_FAILURE", "is followed by bytes other than zero")
    if imprint["hashed_message"].native != digest(imprint_digest):
        return failed("HASH_FAILURE", "was made over other bytes")
    # Step 2: signed attributes (RFC 5652, 11).
    content_types, digests = parsed.signed.get(CONTENT_TYPE, []), parsed.signed.get(MESSAGE_DIGEST, [])
    if len(content_types) != 1 or len(digests) != 1 or content_types[0].dotted != TST_INFO:
        return failed("FORMAT_FAILURE", "lacks its signed attributes")
    if digests[0].native != compute_digest(parsed.digest, parsed.content):
        return failed("HASH_FAILURE", "has been changed")
    # Step 3: the certificate and the signature value.
    certificate, agrees = find_signer(parsed, [*parsed.certificates, *extra])
    if certificate is None:
        return TimestampFacts(
            use,
            time,
            Integrity.UNSUPPORTED,
            certificates=parsed.certificates,
            reasons=(f"the certificate of {what} is not in the file",),
            subindication="NO_SIGNING_CERTIFICATE_FOUND",
        )
    algorithm = read_algorithm(parsed.signer["signature_algorithm"], parsed.digest)
    key = certificate.public_key.dump()
    if not check_signature(key, algorithm, parsed.attributes_der, parsed.signature):
        return failed("SIG_CRYPTO_FAILURE", "has a wrong signature value", certificate)
    if not agrees:
        return failed("NO_SIGNING_CERTIFICATE_FOUND", "names another certificate", certificate)
    uses = (
        AlgorithmUse("timestamp", algorithm.scheme, algorithm.digest, key_facts(certificate.public_key)),
        AlgorithmUse("timestamp imprint", "", imprint_digest),
    )
    return TimestampFacts(
        use,
        time,
        Integrity.INTACT,
        certificate=certificate,
        certificates=parsed.certificates,
        crls_der=parsed.crls_der,
        ocsps_der=parsed.ocsps_der,
        algorithms=uses,
    )
