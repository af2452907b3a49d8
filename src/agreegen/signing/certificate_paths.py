"""The certification path of a signing certificate, found by the judge of `pki` and known for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from agreegen.errors import CredentialError
from agreegen.messages import Message, message
from agreegen.pki.certificates import load_certificates
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.chain import ChainBuilder
from agreegen.pki.trust.chain_result import chain_uses
from agreegen.pki.trust.policy import BUILT_IN
from agreegen.signing.interface import Trust
from agreegen.signing.names import subject_label


@dataclass(frozen=True, slots=True)
class _KnownPath:
    """A path that was found valid, and the time in which all its certificates are."""

    path: tuple[bytes, ...]
    begin: datetime
    end: datetime

    @classmethod
    def of(cls, path: Sequence[bytes]) -> _KnownPath:
        certificates = [x509.load_der_x509_certificate(der) for der in path]
        return cls(
            tuple(path),
            max(certificate.not_valid_before_utc for certificate in certificates),
            min(certificate.not_valid_after_utc for certificate in certificates),
        )


_PathKey = tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]
_KNOWN_PATHS: dict[_PathKey, _KnownPath] = {}
_MAX_KNOWN_PATHS = 10_000

KnownPaths = tuple[tuple[_PathKey, _KnownPath], ...]
"""Paths that were found valid, to be told to another process of the same run."""


def known_paths() -> KnownPaths:
    """Return the paths that this process has found valid."""
    return tuple(_KNOWN_PATHS.items())


def accept_paths(paths: KnownPaths) -> None:
    """Take over what the process that started this one has found valid; dates and lists are still checked."""
    _KNOWN_PATHS.update(paths)


def find_path(
    certificate_der: bytes, chain_der: Sequence[bytes], trust: Trust, now: datetime, name: str
) -> list[bytes]:
    """Find the path from a certificate to a trust anchor (RFC 5280, section 6), leaf first, anchor last.

    Raises:
        CredentialError: There is none, or a certificate on it is not valid.
    """
    key = (certificate_der, tuple(chain_der), trust.anchors_der)
    known = _KNOWN_PATHS.get(key)
    if known is not None and known.begin <= now <= known.end:
        return list(known.path)
    path = _judge_path(certificate_der, chain_der, trust, now, name)
    if len(_KNOWN_PATHS) >= _MAX_KNOWN_PATHS:
        _KNOWN_PATHS.clear()
    _KNOWN_PATHS[key] = _KnownPath.of(path)
    return path


def _judge_path(
    certificate_der: bytes, chain_der: Sequence[bytes], trust: Trust, now: datetime, name: str
) -> list[bytes]:
    # The judge takes long to load; workers of a batch are told the paths that their coordinator found.
    leaves = load_certificates((certificate_der,))
    builder = ChainBuilder(load_certificates(trust.anchors_der), load_certificates(chain_der), ())
    problem: Message | None = message("signing.certificate-cannot-read")
    if leaves:
        chain = builder.chain(leaves[0], now)
        weaknesses = (BUILT_IN.weakness(use, now) for use in chain_uses(chain))
        problem = chain.sentence if chain.problem else next(filter(None, weaknesses), None)
        if not problem:
            return [der_of(certificate) for certificate in chain.certificates]
    raise CredentialError(
        message(
            "signing.credential-has-no-valid-chain-anchor",
            name=name,
            certificate_der=subject_label(certificate_der),
            problem=problem,
        ),
        hint=message("signing.give-right-anchor-trust-ca-certificates"),
    )
