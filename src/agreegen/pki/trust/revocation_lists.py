"""What a revocation list says and what it covers (RFC 5280, 5); who may say it is judged elsewhere."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import core, x509
from asn1crypto import crl as asn1_crl
from cryptography import x509 as pyca

from agreegen.foreign import contained

_EXTENSIONS = {"crl_number", "authority_key_identifier", "issuing_distribution_point", "issuer_alt_name"}
"""Critical extensions of lists that are understood here."""
_BAD_EXTENSION = (
    pyca.ExtensionNotFound,
    pyca.DuplicateExtension,
    pyca.UnsupportedGeneralNameType,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A list, read by two libraries: one finds an entry among many at once, the other knows every extension.

    Attributes:
        fast: For its entries.
        slow: For everything else (asn1crypto).
        critical: Names of its critical extensions.
        issuer: Its issuer, as `name_key` compares names.
    """

    fast: pyca.CertificateRevocationList
    slow: Any
    critical: frozenset[str]
    issuer: str


@functools.lru_cache(maxsize=4096)
def name_key(name_der: bytes) -> str:
    """Return what makes two distinguished names equal (RFC 5280, 7.1)."""
    return str(x509.Name.load(name_der).hashable)


@functools.lru_cache(maxsize=32)
def read_list(der: bytes) -> RevocationList | None:
    """Read a list; None where it cannot be read."""
    load = contained(pyca.load_der_x509_crl)
    try:
        slow = asn1_crl.CertificateList.load(der)
        extensions = slow["tbs_cert_list"]["crl_extensions"]
        critical = {e["extn_id"].native for e in extensions if e["critical"].native}
        _ = slow.issuer, slow["tbs_cert_list"]["this_update"].native, slow.issuing_distribution_point_value
        return RevocationList(load(der), slow, frozenset(critical), name_key(slow.issuer.dump()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, pyca.InvalidVersion):
        return None


def revocation_on(crl: RevocationList, serial_number: int) -> datetime | None:
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


def scope_of(crl: RevocationList, certificate: Any) -> bool | None:
    """Say whether a list covers a certificate: True wholly, False where it lists it, None not at all."""
    if crl.critical - _EXTENSIONS - {"delta_crl_indicator"}:
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


def list_covers_expired_since(crl: Any) -> datetime | None:
    # expiredCertsOnCRL, X.509 (10/2019) 9.5.2.8: a GeneralizedTime.
    for extension in crl["tbs_cert_list"]["crl_extensions"]:
        if extension["extn_id"].dotted == "2.5.29.60":
            try:
                value = core.GeneralizedTime.load(extension["extn_value"].contents).native
            except ValueError:
                return None
            return value if isinstance(value, datetime) else None
    return None
