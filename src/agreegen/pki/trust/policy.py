"""The validation policy (EN 319 102-1, 5.1.4): algorithms with end dates, key sizes, revocation, roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from agreegen.errors import InputError
from agreegen.files import read_limited
from agreegen.messages import Message, message
from agreegen.pki.algorithms import DIGESTS, SM2_DEFAULT_ID, AlgorithmUse, KeyFacts
from agreegen.yaml_text import MAX_BYTES, load_typed

DIGEST_NAMES = frozenset(DIGESTS.values())
KEY_KINDS = frozenset({"rsa", "dsa", "ec", "ed25519", "ed448", "sm2"})

_PEM = "-----BEGIN CERTIFICATE-----"
_KEYS = frozenset(
    {
        "name",
        "digests",
        "keys",
        "revocation",
        "allowed_roles",
        "sm2_signer_ids",
        "refused_usages",
        "authorities_limit_usages",
        "device_authorities",
    }
)

# ETSI TS 119 312 and NIST SP 800-131A rev. 2: the ends that the built-in policy sets.
_DIGEST_ENDS: dict[str, date | None] = {
    "md5": date(2004, 8, 1),
    "ripemd160": date(2011, 8, 1),
    "sha1": date(2012, 8, 1),
    "sha224": date(2029, 1, 1),
    **dict.fromkeys(
        (
            *("sha256", "sha384", "sha512", "sha512_256", "sha3_224", "sha3_256", "sha3_384", "sha3_512"),
            *("shake_256", "sm3"),
        )
    ),
}
_KEY_ENDS: dict[str, tuple[tuple[int, date | None], ...]] = {
    "rsa": ((1024, date(2011, 1, 1)), (1536, date(2014, 1, 1)), (1900, date(2029, 1, 1)), (3000, None)),
    "dsa": ((1024, date(2011, 1, 1)), (2048, date(2029, 1, 1))),
    "ec": ((160, date(2013, 1, 1)), (224, date(2017, 1, 1)), (256, None)),
    "ed25519": ((256, None),),
    "ed448": ((448, None),),
    "sm2": ((256, None),),
}


@dataclass(frozen=True, slots=True)
class ValidationPolicy:
    """What a signature must satisfy beyond right cryptography and an unbroken chain.

    Attributes:
        name: Shown in reports.
        digests: Digest name → last day on which it may be relied on, None for no end; others are refused.
        keys: Key kind → smallest sizes in bits with their last day, ascending; others are refused.
        hard_fail: Whether missing or stale revocation information keeps a signature from passing.
        allow_not_offered: Whether a certificate without any revocation address passes.
        max_revocation_age_hours: Greatest age of revocation information at the time of judging, None for any.
        allowed_roles: Roles that may sign; empty for all.
        sm2_signer_ids: SM2 signer ids that are tried in turn.
        refused_usages: Extended key usages that sign no documents when a certificate names nothing else.
        authorities_limit_usages: Whether extended key usages of authorities limit what they issue.
        device_authorities: Authorities whose certificates for keys on signers' own devices are trusted, DER;
            nobody else's are, and these are trusted for nothing else.
    """

    name: str = "built-in"
    digests: Mapping[str, date | None] = field(default_factory=lambda: MappingProxyType(_DIGEST_ENDS))
    keys: Mapping[str, tuple[tuple[int, date | None], ...]] = field(
        default_factory=lambda: MappingProxyType(_KEY_ENDS)
    )
    hard_fail: bool = True
    allow_not_offered: bool = False
    max_revocation_age_hours: int | None = None
    allowed_roles: tuple[str, ...] = ()
    sm2_signer_ids: tuple[str, ...] = (SM2_DEFAULT_ID,)
    refused_usages: tuple[str, ...] = (
        "1.3.6.1.5.5.7.3.1",
        "1.3.6.1.5.5.7.3.2",
        "1.3.6.1.5.5.7.3.8",
        "1.3.6.1.5.5.7.3.9",
    )
    authorities_limit_usages: bool = True
    device_authorities: tuple[bytes, ...] = ()

    def weakness(self, use: AlgorithmUse, at: datetime) -> Message | None:
        """Say why the policy does not accept an algorithm at a time; None where it does."""
        problem = use.conflict or self._weak_digest(use.digest, at) or self._weak_key(use.key, at)
        return message("pki.use-and-problem", use=use.use, problem=problem) if problem else None

    def _weak_digest(self, name: str, at: datetime) -> Message | None:
        if not name:
            return None
        if name not in self.digests:
            return message("pki.not-accepted-by-policy", value=name.upper())
        end = self.digests[name]
        return message("pki.may-not-relied-on-after", value=name.upper(), end=end) if _past(end, at) else None

    def _weak_key(self, key: KeyFacts | None, at: datetime) -> Message | None:
        if key is None:
            return None
        sizes = self.keys.get(key.kind, ())
        fitting = [end for size, end in sizes if key.bits >= size]
        shown = message("pki.key-of-bits", kind=key.kind, bits=key.bits)
        if not fitting:
            return message("pki.not-accepted-by-policy", value=shown)
        if _past(fitting[-1], at):
            return message("pki.may-not-relied-on-after", value=shown, end=fitting[-1])
        return None


def _past(end: date | None, at: datetime) -> bool:
    return end is not None and at >= datetime.combine(end, time.min, tzinfo=UTC)


BUILT_IN = ValidationPolicy()


def load_policy(path: Path | None) -> ValidationPolicy:
    """Load a policy file; None gives the built-in policy.

    Raises:
        InputError: The file cannot be read, or says something that a policy cannot say.
    """
    if path is None:
        return BUILT_IN
    try:
        raw = load_typed(read_limited(path, MAX_BYTES))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise InputError(
            message("pki.policy-cannot-read", path=path), hint=message("pki.docs-policy-md-describes-format")
        ) from exc
    if not isinstance(raw, dict):
        raise InputError(
            message("pki.policy-not-mapping", path=path), hint=message("pki.docs-policy-md-describes-format")
        )
    return _Reader(path, raw).read()


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    raw: dict[Any, Any]

    def read(self) -> ValidationPolicy:
        self._only(self.raw, set(_KEYS), "")
        revocation = self._mapping(self.raw.get("revocation", {}), "revocation")
        self._only(revocation, {"hard_fail", "allow_not_offered", "max_age_hours"}, "revocation.")
        return ValidationPolicy(
            name=self._text(self.raw.get("name", self.path.stem), "name"),
            digests=self._digests() if "digests" in self.raw else BUILT_IN.digests,
            keys=self._keys() if "keys" in self.raw else BUILT_IN.keys,
            hard_fail=self._flag(revocation, "hard_fail", default=True),
            allow_not_offered=self._flag(revocation, "allow_not_offered", default=False),
            max_revocation_age_hours=self._hours(revocation.get("max_age_hours")),
            allowed_roles=self._texts("allowed_roles", ()),
            sm2_signer_ids=self._texts("sm2_signer_ids", BUILT_IN.sm2_signer_ids),
            refused_usages=self._texts("refused_usages", BUILT_IN.refused_usages),
            authorities_limit_usages=self._flag(self.raw, "authorities_limit_usages", default=True),
            device_authorities=self._device_authorities(),
        )

    def _fail(self, where: str, problem: Message) -> InputError:
        return InputError(
            message("pki.policy-problem", path=self.path, where=where, problem=problem),
            hint=message("pki.docs-policy-md-describes-format"),
        )

    def _only(self, mapping: dict[Any, Any], known: set[str], prefix: str) -> None:
        for key in mapping:
            if key not in known:
                raise self._fail(
                    f"{prefix}{key}", message("pki.unknown-key-known", value=tuple(sorted(known)))
                )

    def _mapping(self, value: Any, where: str) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise self._fail(where, message("pki.mapping-expected"))
        return value

    def _text(self, value: Any, where: str) -> str:
        if not isinstance(value, str):
            raise self._fail(where, message("pki.text-expected-put-numbers-quotes"))
        if not value:
            raise self._fail(where, message("pki.text-expected-this-one-empty"))
        return value

    def _texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        if key not in self.raw:
            return default
        value = self.raw[key]
        if not isinstance(value, list):
            raise self._fail(key, message("pki.list-expected"))
        return tuple(self._text(item, key) for item in value)

    def _flag(self, mapping: dict[Any, Any], key: str, *, default: bool) -> bool:
        value = mapping.get(key, default)
        if not isinstance(value, bool):
            raise self._fail(key, message("pki.true-or-false-expected"))
        return value

    def _hours(self, value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self._fail("revocation.max_age_hours", message("pki.whole-number-hours-expected"))
        return value

    def _end(self, value: Any, where: str) -> date | None:
        if value is None or value == "none":
            return None
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self._fail(where, message("pki.date-such-as-2029-01-01"))
        return value

    def _device_authorities(self) -> tuple[bytes, ...]:
        """Read certificates: PEM as it stands, or a file beside the policy."""
        found: list[bytes] = []
        for text in self._texts("device_authorities", ()):
            try:
                pem = text.encode() if text.startswith(_PEM) else self._beside(text)
                certificates = x509.load_pem_x509_certificates(pem)
            except (OSError, ValueError) as exc:
                problem = message("pki.certificate-pem-expected-or-name-file")
                raise self._fail("device_authorities", problem) from exc
            found += (certificate.public_bytes(Encoding.DER) for certificate in certificates)
        return tuple(dict.fromkeys(found))

    def _beside(self, name: str) -> bytes:
        return read_limited(self.path.parent / name, MAX_BYTES)

    def _digests(self) -> Mapping[str, date | None]:
        mapping = self._mapping(self.raw["digests"], "digests")
        self._only(mapping, set(DIGEST_NAMES), "digests.")
        return MappingProxyType({name: self._end(end, f"digests.{name}") for name, end in mapping.items()})

    def _keys(self) -> Mapping[str, tuple[tuple[int, date | None], ...]]:
        mapping = self._mapping(self.raw["keys"], "keys")
        self._only(mapping, set(KEY_KINDS), "keys.")
        result = {}
        for kind, sizes in mapping.items():
            steps = []
            for size, end in self._mapping(sizes, f"keys.{kind}").items():
                if isinstance(size, bool) or not isinstance(size, int) or size <= 0:
                    raise self._fail(f"keys.{kind}", message("pki.sizes-bits-expected-as-keys"))
                steps.append((size, self._end(end, f"keys.{kind}.{size}")))
            result[kind] = tuple(sorted(steps, key=lambda step: step[0]))
        return MappingProxyType(result)
