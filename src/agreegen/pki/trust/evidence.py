"""Revocation lists (RFC 5280, 5) and OCSP responses (RFC 6960) as evidence, asked by certificate."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from asn1crypto import core
from asn1crypto import ocsp as asn1_ocsp

from agreegen.foreign import contained
from agreegen.pki.algorithms import UnsupportedError, compute_digest, digest_name
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.issuing import issued_by, signature_holds
from agreegen.pki.trust.revocation_lists import (
    RevocationList,
    list_covers_expired_since,
    name_key,
    read_list,
    revocation_on,
    scope_of,
)

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
MAX_ITEMS = 512
_INVALIDITY_DATE = "2.5.29.24"


class Standing(Enum):
    """What a signer of evidence is to the authority that issued the certificate in question."""

    OWN_KEY = "own-key"
    SAME_NAME = "same-name"
    DELEGATED = "delegated"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one piece of evidence says about one certificate, its signature checked.

    Attributes:
        kind: `CRL` or `OCSP`.
        revoked_at: Time of revocation; None where it says good.
        this_update: When this was true.
        next_update: Until when nothing newer is expected, None where not stated.
        complete: Whether a `good` counts; where a list covers only some reasons, only revocations do.
        signer: Certificate of the one who states it (asn1crypto).
        standing: What the signer is to the authority that issued the certificate.
        proved_at: Earliest time at which the evidence is known to have existed.
        covers_expired_since: Certificates that expired after this are still listed (expiredCertsOnCRL,
            archive cutoff), None where only unexpired ones are.
    """

    kind: str
    revoked_at: datetime | None
    this_update: datetime
    next_update: datetime | None
    complete: bool
    signer: Any
    standing: Standing
    proved_at: datetime
    covers_expired_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """An encoded CRL or OCSP response and the earliest time at which it is known to have existed."""

    der: bytes
    proved_at: datetime


@functools.lru_cache(maxsize=128)
def _read_ocsp(der: bytes) -> Any | None:
    try:
        response = asn1_ocsp.OCSPResponse.load(der)
        if response["response_status"].native != "successful":
            return None
        basic = response.basic_ocsp_response
        for single in basic["tbs_response_data"]["responses"]:
            _ = single["cert_id"]["serial_number"].native, single["this_update"].native
        _ = [c.dump() for c in basic["certs"] or []]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return basic


class EvidencePool:
    """All revocation evidence that is at hand for one file.

    Args:
        crls: Revocation lists.
        ocsps: OCSP responses.
        certificates: Certificates among which signers of evidence are looked for.
        sm2_ids: SM2 signer ids to try.
    """

    def __init__(
        self,
        crls: Iterable[Item],
        ocsps: Iterable[Item],
        certificates: Iterable[Any],
        sm2_ids: tuple[str, ...],
    ) -> None:
        self._crls = [(i, c) for i in _unique(crls) if (c := read_list(i.der)) is not None]
        self._ocsps = [(i, r) for i in _unique(ocsps) if (r := _read_ocsp(i.der)) is not None]
        self._certificates = list(certificates)
        self._sm2_ids = sm2_ids

    def ocsp_certificates(self) -> Iterator[bytes]:
        """Give the certificates that OCSP responses carry, DER."""
        for _, basic in self._ocsps:
            for certificate in basic["certs"] or []:
                yield certificate.dump()

    def statements(self, certificate: Any, issuer: Any) -> list[Statement]:
        """Give what all evidence says about a certificate; evidence with a wrong signature is left out."""
        found: list[Statement] = []
        for item, crl in self._crls:
            with contextlib.suppress(*_UNREADABLE):
                found += list(self._from_crl(item, crl, certificate, issuer))
        for item, basic in self._ocsps:
            with contextlib.suppress(*_UNREADABLE):
                found += list(self._from_ocsp(item, basic, certificate, issuer))
        return found

    @contained
    def _from_crl(self, item: Item, crl: RevocationList, certificate: Any, issuer: Any) -> list[Statement]:
        scope = scope_of(crl, certificate)
        if scope is None or crl.issuer != name_key(der_of(certificate.issuer)):
            return []
        tbs = crl.slow["tbs_cert_list"]
        revoked_at = revocation_on(crl, certificate.serial_number)
        return [
            Statement(
                kind="CRL",
                revoked_at=revoked_at,
                this_update=tbs["this_update"].native,
                next_update=tbs["next_update"].native,
                complete=scope,
                signer=signer,
                standing=standing,
                proved_at=item.proved_at,
                covers_expired_since=list_covers_expired_since(crl.slow),
            )
            for signer, standing in self._crl_signers(crl, issuer)
        ]

    def _crl_signers(self, crl: RevocationList, issuer: Any) -> Iterator[tuple[Any, Standing]]:
        """Find who signed a list: the authority in question, or others of its name who may sign lists.

        Authorities change keys (RFC 5280, 6.3.3 f), so a list may be signed with a later one. But anybody can
        take a name: what another key says counts only where it leads to the same anchor.
        """
        others = (c for c in self._certificates if name_key(der_of(c.subject)) == crl.issuer)
        algorithm = crl.slow["signature_algorithm"].dump()
        tbs, signature = der_of(crl.slow["tbs_cert_list"]), crl.slow["signature"].native
        for candidate in {der_of(c): c for c in itertools.chain((issuer,), others)}.values():
            if not _may_sign_lists(candidate, issuer):
                continue
            if signature_holds(der_of(candidate.public_key), algorithm, tbs, signature, self._sm2_ids):
                yield candidate, Standing.OWN_KEY if same_key(candidate, issuer) else Standing.SAME_NAME

    @contained
    def unknown_to_responder(self, certificate: Any, issuer: Any) -> bool:
        """Say whether a responder who may speak about a certificate answers that it does not know it."""
        for _, basic in self._ocsps:
            with contextlib.suppress(*_UNREADABLE):
                singles = _singles_about(basic, certificate, issuer)
                if any(single["cert_status"].name == "unknown" for single in singles):
                    return self._ocsp_signer(basic, issuer) is not None
        return False

    def _from_ocsp(self, item: Item, basic: Any, certificate: Any, issuer: Any) -> Iterator[Statement]:
        singles = _singles_about(basic, certificate, issuer)
        found = self._ocsp_signer(basic, issuer) if singles else None
        if found is None:
            return
        signer, standing = found
        for single in singles:
            if single["cert_status"].name == "unknown":
                continue
            yield Statement(
                kind="OCSP",
                revoked_at=_revocation_in(single),
                this_update=single["this_update"].native,
                next_update=single["next_update"].native,
                complete=True,
                signer=signer,
                standing=standing,
                proved_at=item.proved_at,
                covers_expired_since=_archive_cutoff(single),
            )

    def _ocsp_signer(self, basic: Any, issuer: Any) -> tuple[Any, Standing] | None:
        """Find who signed: the issuer's key, or a responder that it named (RFC 6960, 4.2.2.2)."""
        responder = basic["tbs_response_data"]["responder_id"]
        embedded = list(basic["certs"] or [])
        algorithm, signature = basic["signature_algorithm"].dump(), basic["signature"].native
        tbs = basic["tbs_response_data"].dump()
        for candidate in [issuer, *embedded, *self._certificates]:
            if not _is_responder(responder, candidate):
                continue
            if not signature_holds(der_of(candidate.public_key), algorithm, tbs, signature, self._sm2_ids):
                continue
            if same_key(candidate, issuer):
                return issuer, Standing.OWN_KEY
            if self._is_delegate(candidate, issuer):
                return candidate, Standing.DELEGATED
        return None

    def _is_delegate(self, candidate: Any, issuer: Any) -> bool:
        extended, usage = candidate.extended_key_usage_value, candidate.key_usage_value
        if extended is None or "ocsp_signing" not in extended.native or candidate.issuer != issuer.subject:
            return False
        if usage is not None and not {"digital_signature", "non_repudiation"} & set(usage.native):
            return False
        return issued_by(candidate, issuer, self._sm2_ids)


def _may_sign_lists(certificate: Any, issuer: Any) -> bool:
    """Say whether a certificate lets its key sign lists; without key usages only authorities do."""
    usage = certificate.key_usage_value
    if usage is None:
        return bool(certificate.ca) or same_key(certificate, issuer)
    return "crl_sign" in usage.native


def same_key(one: Any, other: Any) -> bool:
    """Say whether two certificates hold the same key."""
    return der_of(one.public_key) == der_of(other.public_key)


def _unique(items: Iterable[Item]) -> list[Item]:
    earliest: dict[bytes, Item] = {}
    for item in items:
        known = earliest.get(item.der)
        if known is None or item.proved_at < known.proved_at:
            earliest[item.der] = item
        if len(earliest) >= MAX_ITEMS:
            break
    return list(earliest.values())


def _revocation_in(single: Any) -> datetime | None:
    """Return since when a response has a certificate revoked; invalidityDate counts (RFC 6960, 4.4.5)."""
    status = single["cert_status"]
    if status.name != "revoked":
        return None
    times: list[datetime] = [status.chosen["revocation_time"].native]
    for extension in single["single_extensions"] or []:
        if extension["extn_id"].dotted == _INVALIDITY_DATE:
            with contextlib.suppress(ValueError, TypeError):
                value = core.GeneralizedTime.load(bytes(extension["extn_value"])).native
                times += [value] if isinstance(value, datetime) else []
    return min(times)


def _archive_cutoff(single: Any) -> datetime | None:
    for extension in single["single_extensions"] or []:
        if extension["extn_id"].native == "archive_cutoff":
            value = extension["extn_value"].parsed.native
            return value if isinstance(value, datetime) else None
    return None


def _singles_about(basic: Any, certificate: Any, issuer: Any) -> list[Any]:
    responses = basic["tbs_response_data"]["responses"]
    return [single for single in responses if _is_about(single["cert_id"], certificate, issuer)]


def _is_about(cert_id: Any, certificate: Any, issuer: Any) -> bool:
    if cert_id["serial_number"].native != certificate.serial_number:
        return False
    try:
        name = digest_name(cert_id["hash_algorithm"]["algorithm"].dotted)
        key = issuer.public_key["public_key"]
        key_hash = compute_digest(name, bytes(key.contents[1:]))
        names = (der_of(issuer.subject), der_of(certificate.issuer))
        name_right = cert_id["issuer_name_hash"].native in {compute_digest(name, n) for n in names}
    except UnsupportedError:
        return False
    return name_right and bool(cert_id["issuer_key_hash"].native == key_hash)


def _is_responder(responder: Any, candidate: Any) -> bool:
    if responder.name == "by_name":
        return bool(responder.chosen == candidate.subject)
    return bool(
        responder.chosen.native
        == compute_digest("sha1", bytes(candidate.public_key["public_key"].contents[1:]))
    )


def offers_revocation(certificate: Any) -> bool:
    """Say whether a certificate names any place where its revocation status can be had."""
    try:
        if certificate.crl_distribution_points_value:
            return True
        access = certificate.authority_information_access_value or []
        return any(entry["access_method"].native == "ocsp" for entry in access)
    except (ValueError, TypeError, KeyError):
        return True


def needs_no_check(certificate: Any) -> bool:
    """Say whether a responder's certificate is exempt (id-pkix-ocsp-nocheck, RFC 6960, 4.2.2.2.1)."""
    return certificate.ocsp_no_check_value is not None
