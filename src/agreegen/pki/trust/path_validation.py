"""Paths built and validated by the certificate library, which takes long to load (RFC 5280, clause 6.1)."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from asn1crypto import algos, x509
from asn1crypto.keys import PublicKeyInfo
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.errors import ExpiredError, NotYetValidError, ValidationError
from pyhanko_certvalidator.name_trees import default_permitted_subtrees, process_general_subtrees
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    AcceptAllAlgorithms,
    CertRevTrustPolicy,
    PKIXValidationParams,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_VALIDATION_CONTEXT,
    SignatureValidationContext,
    SignatureValidator,
)
from pyhanko_certvalidator.validate import async_validate_path

from agreegen.messages import message
from agreegen.pki.algorithms import UnsupportedError
from agreegen.pki.trust.chain_result import TOLERANCE, Chain, ChainProblem
from agreegen.pki.trust.issuing import signature_holds
from agreegen.pki.trust.path_faults import explain_fault
from agreegen.pki.trust.path_search import Path

T = TypeVar("T")


class _Validator(SignatureValidator):
    """Checks certificate signatures, SM2 included, and remembers the right ones."""

    def __init__(self, sm2_ids: tuple[str, ...]) -> None:
        self._sm2_ids = sm2_ids

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: SignatureValidationContext = DEFAULT_VALIDATION_CONTEXT,  # noqa: ARG002 - part of the interface
    ) -> None:
        right = signature_holds(
            public_key_info.dump(), signature_algorithm.dump(), signed_data, signature, self._sm2_ids
        )
        if not right:
            raise InvalidSignature


_NO_REVOCATION = CertRevTrustPolicy(
    RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK)
)


def make_context(
    anchors: Sequence[Any], pool: Sequence[Any], moment: datetime, sm2_ids: tuple[str, ...]
) -> ValidationContext:
    """Return what paths are built and validated with: these certificates, this moment, no revocation."""
    return ValidationContext(
        trust_roots=list(anchors),
        other_certs=list(pool),
        moment=moment,
        revinfo_policy=_NO_REVOCATION,
        time_tolerance=TOLERANCE,
        algorithm_usage_policy=AcceptAllAlgorithms(),
        signature_validator=_Validator(sm2_ids),
    )


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits for anything; an event loop would cost more than its work."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return cast(T, stop.value)
    coroutine.close()
    raise RuntimeError("path validation waited for something although nothing may be fetched")


def validate(path: Path, context: ValidationContext) -> Chain:
    """Validate a path and say what is wrong with it.

    Args:
        path: The certificate first, an authority that is an anchor last.
        context: From `make_context`.
    """
    certificate, *between, anchor = path
    try:
        candidate = ValidationPath(_anchor(anchor), list(reversed(between)), certificate)
        _run(async_validate_path(context, candidate))
    except ExpiredError:
        return Chain(
            path, anchored=True, problem=ChainProblem.EXPIRED, sentence=message("pki.certificate-expired-2")
        )
    except NotYetValidError:
        early = message("pki.certificate-not-valid-yet-2")
        return Chain(path, anchored=True, problem=ChainProblem.NOT_YET_VALID, sentence=early)
    except (ValidationError, UnsupportedError, ValueError, TypeError, KeyError, NotImplementedError):
        return Chain(path, anchored=True, problem=ChainProblem.INVALID, sentence=explain_fault(path))
    return Chain(path, anchored=True)


def _anchor(certificate: Any) -> CertTrustAnchor:
    """Make an anchor whose own path length and name constraints bind what stands below it (RFC 5937).

    A root that may certify names of one organisation only does so, too, when it is given as an anchor.
    """
    permitted = excluded = None
    constraints = certificate.name_constraints_value
    if constraints is not None:
        if isinstance(constraints["permitted_subtrees"], x509.GeneralSubtrees):
            # Kinds of names that are not mentioned are not limited (RFC 5280, 4.2.1.10).
            permitted = {
                **default_permitted_subtrees(),
                **process_general_subtrees(constraints["permitted_subtrees"]),
            }
        if isinstance(constraints["excluded_subtrees"], x509.GeneralSubtrees):
            excluded = process_general_subtrees(constraints["excluded_subtrees"])
    length = certificate.max_path_length
    qualifiers = TrustQualifiers(
        max_path_length=length,
        max_aa_path_length=length,
        standard_parameters=PKIXValidationParams(
            initial_permitted_subtrees=permitted, initial_excluded_subtrees=excluded
        ),
    )
    return CertTrustAnchor(certificate, qualifiers)
