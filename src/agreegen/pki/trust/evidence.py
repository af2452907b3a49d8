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

from asn1crypto import core, x509
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509 as pyca

from agreegen.foreign import contained
from agreegen.pki.algorithms import UnsupportedError, compute_digest, digest_name
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.chain import issued_by, signature_holds

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
MAX_ITEMS = 512
_INVALIDITY_DATE = "2.5.29.24"
_CRL_EXTENSIONS = {"crl_number", "authority_key_identifier", "issuing_distribution_point", "issuer_alt_name"}


class Standing(Enum):
    """What a signer of evidence is to the authority that issued the certificate in question."""

    OWN_KEY = "the authority's own key"
    SAME_NAME = "another key under the authority's name: it counts with a path to the same anchor only"
    DELEGATED = "a responder that the authority named, signed with its own key"


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


@dataclass(frozen=True, slots=True)
class _Crl:
    fast: pyca.CertificateRevocationList
    slow: Any
    critical: frozenset[str]
    issuer: str


@functools.lru_cache(maxsize=4096)
def name_key(name_der: bytes) -> str:
    """Return what makes two distinguished names equal (RFC 5280, 7.1)."""
    return str(x509.Name.load(name_der).hashable)


@functools.lru_cache(maxsize=32)
def _read_crl(der: bytes) -> _Crl | None:
    load = contained(pyca.load_der_x509_crl)
    try:
        slow = asn1_crl.CertificateList.load(der)
        extensions = slow["tbs_cert_list"]["crl_extensions"]
        critical = {e["extn_id"].native for e in extensions if e["critical"].native}
        _ = slow.issuer, slow["tbs_cert_list"]["this_update"].native, slow.issuing_distribution_point_value
        return _Crl(load(der), slow, frozenset(critical), name_key(slow.issuer.dump()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, pyca.InvalidVersion):
        return None


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
        self._crls = [(i, c) for i in _unique(crls) if (c := _read_crl(i.der)) is not None]
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
    def _from_crl(self, item: Item, crl: _Crl, certificate: Any, issuer: Any) -> list[Statement]:
        scope = _crl_scope(crl, certificate)
        if scope is None or crl.issuer != name_key(der_of(certificate.issuer)):
            return []
        tbs = crl.slow["tbs_cert_list"]
        revoked_at = _revocation_on(crl, certificate.serial_number)
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
                covers_expired_since=_expired_on_crl(crl.slow),
            )
            for signer, standing in self._crl_signers(crl, issuer)
        ]

    def _crl_signers(self, crl: _Crl, issuer: Any) -> Iterator[tuple[Any, Standing]]:
        """Find who signed a list: the authority in question, or others of its name who may sign lists.

        Authorities change keys (RFC 5280, 6.3.3 f), so a list may be signed with a later one. But anybody can
        take a name: what another key says counts only where it leads to the same anchor.
        """
        others = (c for c in self._certificates if name_key(der_of(c.subject)) == crl.issuer)
        algorithm = crl.slow["signature_algorithm"].dump()
        tbs, signature = der_of(crl.slow["tbs_cert_list"]), crl.slow["signature"].native
        for candidate in {der_of(c): c for c in itertools.chain((issuer,), others)}.values():
            usage = candidate.key_usage_value
            if usage is not None and "crl_sign" not in usage.native:
                continue
            if signature_holds(der_of(candidate.public_key), algorithm, tbs, signature, self._sm2_ids):
                yield candidate, Standing.OWN_KEY if same_key(candidate, issuer) else Standing.SAME_NAME

    def _from_ocsp(self, item: Item, basic: Any, certificate: Any, issuer: Any) -> Iterator[Statement]:
        data = basic["tbs_response_data"]
        singles = [s for s in data["responses"] if _is_about(s["cert_id"], certificate, issuer)]
        if not singles:
            return
        found = self._ocsp_signer(basic, issuer)
        if found is None:
            return
        signer, standing = found
        for single in singles:
            status = single["cert_status"]
            if status.name == "unknown":
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


_BAD_EXTENSION = (
    pyca.ExtensionNotFound,
    pyca.DuplicateExtension,
    pyca.UnsupportedGeneralNameType,
    ValueError,
)


def _revocation_on(crl: _Crl, serial_number: int) -> datetime | None:
    """Return since when a list has a certificate revoked; None where it does not.

    The key may have been lost before the authority heard of it: invalidityDate (RFC 5280, 5.3.2) counts where
    it is earlier. An entry "removeFromCRL" takes one back in a delta list only (5.3.1); in any other list it
    makes no sense, and what makes no sense clears nobody.
    """
    entry = crl.fast.get_revoked_certificate_by_serial_number(serial_number)
    if entry is None:
        return None
    if crl.slow.delta_crl_indicator_value is not None and _is_removed(entry):
        return None
    try:
        known = entry.extensions.get_extension_for_class(pyca.InvalidityDate).value.invalidity_date_utc
    except _BAD_EXTENSION:
        return entry.revocation_date_utc
    return min(known, entry.revocation_date_utc)


def _is_removed(entry: pyca.RevokedCertificate) -> bool:
    try:
        reason = entry.extensions.get_extension_for_class(pyca.CRLReason).value.reason
    except _BAD_EXTENSION:
        return False
    return reason is pyca.ReasonFlags.remove_from_crl


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


def _crl_scope(crl: _Crl, certificate: Any) -> bool | None:
    """Say whether a list covers a certificate: True wholly, False where it lists it, None not at all."""
    if crl.critical - _CRL_EXTENSIONS - {"delta_crl_indicator"}:
        return None
    complete = crl.slow.delta_crl_indicator_value is None
    point = crl.slow.issuing_distribution_point_value
    if point is None:
        return complete
    if point["indirect_crl"].native or point["only_contains_attribute_certs"].native:
        return None
    is_authority = bool(certificate.ca)
    if point["only_contains_user_certs"].native and is_authority:
        return None
    if point["only_contains_ca_certs"].native and not is_authority:
        return None
    if point["only_some_reasons"].native is not None:
        complete = False
    return complete and _same_point(point, certificate)


def _same_point(point: Any, certificate: Any) -> bool:
    """Say whether the list's distribution point is one of the certificate's (RFC 5280, 6.3.3 b 2 i)."""
    name = point["distribution_point"]
    if name.native is None or name.name != "full_name":
        return name.native is None
    own = {general.native for general in name.chosen if isinstance(general.native, str)}
    declared = certificate.crl_distribution_points_value or []
    for entry in declared:
        listed = entry["distribution_point"]
        if listed.native is not None and listed.name == "full_name":
            own_match = own & {g.native for g in listed.chosen if isinstance(g.native, str)}
            if own_match:
                return True
    return False


def _expired_on_crl(crl: Any) -> datetime | None:
    # expiredCertsOnCRL, X.509 (10/2019) 9.5.2.8: a GeneralizedTime.
    for extension in crl["tbs_cert_list"]["crl_extensions"]:
        if extension["extn_id"].dotted == "2.5.29.60":
            try:
                value = core.GeneralizedTime.load(extension["extn_value"].contents).native
            except ValueError:
                return None
            return value if isinstance(value, datetime) else None
    return None


def _archive_cutoff(single: Any) -> datetime | None:
    for extension in single["single_extensions"] or []:
        if extension["extn_id"].native == "archive_cutoff":
            value = extension["extn_value"].parsed.native
            return value if isinstance(value, datetime) else None
    return None


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
