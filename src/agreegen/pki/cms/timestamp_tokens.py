"""Timestamp tokens (RFC 3161): the imprint, the service's signature, and the time they state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from agreegen.messages import Message, message
from agreegen.model.report import Integrity
from agreegen.pki.algorithms import (
    AlgorithmUse,
    UnsupportedError,
    compute_digest,
    digest_name,
    find_conflict,
    key_facts,
    read_algorithm,
)
from agreegen.pki.cms.signature_facts import TimestampFacts
from agreegen.pki.cms.structure import (
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
from agreegen.pki.signature_values import check_signature


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
    what = message(f"pki.timestamp-of.{use}")
    try:
        parsed = parse_cms(token, max_bytes=max_bytes)
        return guarded(what, lambda: _check(parsed, digest, use, what, extra_certificates))
    except MalformedError as exc:
        return TimestampFacts(
            use,
            None,
            Integrity.UNREADABLE,
            reasons=(message("pki.use-and-problem", use=what, problem=exc.sentence),),
            subindication="FORMAT_FAILURE",
        )
    except UnsupportedError as exc:
        return TimestampFacts(
            use,
            None,
            Integrity.UNSUPPORTED,
            reasons=(message("pki.use-and-problem", use=what, problem=exc.sentence),),
            subindication="GENERIC",
        )


class _WrongError(Exception):
    """A step that a token fails.

    Args:
        subindication: Of EN 319 102-1.
        code: Of the message, which takes the `stamp`.
    """

    def __init__(self, subindication: str, code: str) -> None:
        super().__init__(code)
        self.subindication = subindication
        self.code = code


def _check(
    parsed: ParsedCms, digest: Callable[[str], bytes], use: str, stamp: Message, extra: Sequence[Any]
) -> TimestampFacts:
    if parsed.content_type != TST_INFO or parsed.content is None:
        raise MalformedError(message("pki.not-rfc-3161-token"))
    info = parse_tst_info(parsed.content)
    certificate, agrees = find_signer(parsed, [*parsed.certificates, *extra])
    facts = TimestampFacts(
        use,
        info["gen_time"].native,
        Integrity.INTACT,
        certificate=certificate,
        certificates=parsed.certificates,
        crls_der=parsed.crls_der,
        ocsps_der=parsed.ocsps_der,
    )
    try:
        imprint_use = _check_content(parsed, info, digest)
        if certificate is None:
            reason = message("pki.certificate-of-timestamp-missing", stamp=stamp)
            return replace(
                facts,
                integrity=Integrity.UNSUPPORTED,
                reasons=(reason,),
                subindication="NO_SIGNING_CERTIFICATE_FOUND",
            )
        signature_use = _check_value(parsed, certificate, agrees=agrees)
    except _WrongError as exc:
        reason = message(exc.code, stamp=stamp)
        return replace(facts, integrity=Integrity.BROKEN, reasons=(reason,), subindication=exc.subindication)
    return replace(facts, algorithms=(signature_use, imprint_use))


def _check_content(parsed: ParsedCms, info: Any, digest: Callable[[str], bytes]) -> AlgorithmUse:
    """Step 1: the imprint (RFC 3161, 2.4.2). Step 2: the signed attributes (RFC 5652, 11)."""
    imprint = info["message_imprint"]
    name = digest_name(imprint["hash_algorithm"]["algorithm"].dotted)
    if not parsed.padding_clean:
        raise _WrongError("FORMAT_FAILURE", "pki.stamp-followed-by-bytes")
    if imprint["hashed_message"].native != digest(name):
        raise _WrongError("HASH_FAILURE", "pki.stamp-over-other-bytes")
    content_types, digests = parsed.signed.get(CONTENT_TYPE, []), parsed.signed.get(MESSAGE_DIGEST, [])
    if len(content_types) != 1 or len(digests) != 1 or content_types[0].dotted != TST_INFO:
        raise _WrongError("FORMAT_FAILURE", "pki.stamp-lacks-attributes")
    if digests[0].native != compute_digest(parsed.digest, parsed.content or b""):
        raise _WrongError("HASH_FAILURE", "pki.stamp-changed")
    return AlgorithmUse(message("pki.timestamp-imprint"), "", name)


def _check_value(parsed: ParsedCms, certificate: Any, *, agrees: bool) -> AlgorithmUse:
    """Step 3: the signature value, and the certificate that the token names."""
    algorithm = read_algorithm(parsed.signer["signature_algorithm"], parsed.digest)
    key = certificate.public_key.dump()
    if not check_signature(key, algorithm, parsed.attributes_der, parsed.signature):
        raise _WrongError("SIG_CRYPTO_FAILURE", "pki.stamp-wrong-value")
    if not agrees:
        raise _WrongError("NO_SIGNING_CERTIFICATE_FOUND", "pki.stamp-names-another-certificate")
    conflict = find_conflict(algorithm, parsed.digest)
    facts = key_facts(certificate.public_key)
    return AlgorithmUse(message("pki.timestamp"), algorithm.scheme, algorithm.digest, facts, conflict)
