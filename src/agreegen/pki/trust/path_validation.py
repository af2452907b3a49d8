"""Paths built and validated by the certificate library, which takes long to load (RFC 5280, clause 6.1)."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from asn1crypto import algos, x509
from asn1crypto.keys import PublicKeyInfo
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import ExpiredError, NotYetValidError, PathBuildingError, ValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    AcceptAllAlgorithms,
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_VALIDATION_CONTEXT,
    SignatureValidationContext,
    SignatureValidator,
)
from pyhanko_certvalidator.validate import async_validate_path

from agreegen.pki.algorithms import UnsupportedError
from agreegen.pki.trust.chain import MAX_PATHS, TOLERANCE, Chain, ChainProblem, signature_holds

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


def collect(context: ValidationContext, certificate: Any) -> list[ValidationPath]:
    """Return the paths from a certificate to the anchors, the first ones found."""
    return _run(_collect(context, certificate))


async def _collect(context: ValidationContext, certificate: Any) -> list[ValidationPath]:
    found: list[ValidationPath] = []
    try:
        async for path in context.path_builder.async_build_paths_lazy(certificate):
            found.append(path)
            if len(found) >= MAX_PATHS:
                break
    except PathBuildingError:
        return found
    return found


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits for anything; an event loop would cost more than its work."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return cast(T, stop.value)
    coroutine.close()
    raise RuntimeError("path validation waited for something although nothing may be fetched")


def validate(path: ValidationPath, certificate: Any, context: ValidationContext) -> Chain:
    """Validate a path and say what is wrong with it."""
    certificates = tuple(_certificates(path, certificate))
    try:
        _run(async_validate_path(context, path))
    except ExpiredError as exc:
        return Chain(certificates, anchored=True, problem=ChainProblem.EXPIRED, message=_sentence(exc))
    except NotYetValidError as exc:
        return Chain(certificates, anchored=True, problem=ChainProblem.NOT_YET_VALID, message=_sentence(exc))
    except (ValidationError, UnsupportedError, ValueError, TypeError, KeyError, NotImplementedError) as exc:
        return Chain(certificates, anchored=True, problem=ChainProblem.INVALID, message=_sentence(exc))
    return Chain(certificates, anchored=True)


def _certificates(path: ValidationPath, certificate: Any) -> list[Any]:
    found = [item for item in path.iter_certs(include_root=True) if isinstance(item, x509.Certificate)]
    found.reverse()
    return found or [certificate]


def _sentence(exc: Exception) -> str:
    text = " ".join(str(exc).split())
    return text[:300] or type(exc).__name__
