"""Whom a certificate names, and whether that is the holder whom a document asks for."""

from __future__ import annotations

import functools
import re

from cryptography import x509
from cryptography.x509.oid import NameOID

UNREADABLE_X509 = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises on damaged certificates and lists, of which it reads most parts only when asked."""

_NAME_OIDS = (
    NameOID.COMMON_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.PSEUDONYM,
)
_DOTS = str.maketrans(dict.fromkeys("•‧・･∙⋅", "·"))
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_HAN = "[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U000323af\u00b7]"
_BESIDE_HAN = re.compile(rf"(?<={_HAN})\s+|\s+(?={_HAN})")


def normalise_name(name: str) -> str:
    """Bring a name to the form in which names are compared: width, dots and spaces made alike.

    No compatibility normalisation is done: it would change characters of real names.
    """
    text = " ".join(name.translate(_WIDE).translate(_DOTS).split())
    return _BESIDE_HAN.sub("", text)


@functools.lru_cache(maxsize=1024)
def certificate_names(certificate_der: bytes) -> tuple[str, ...]:
    """Return every name that a certificate gives its subject, without doubles.

    Common name, organisation, organisational units and pseudonym of the subject (RFC 5280, 4.1.2.6), surname
    with given name, and the names in the subject alternative name (4.2.1.6). An unreadable certificate names
    nobody.
    """
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        names = _subject_names(certificate.subject)
        try:
            alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            alternative = x509.SubjectAlternativeName([])
        for entry in alternative:
            if isinstance(entry, x509.DirectoryName):
                names.extend(_subject_names(entry.value))
            elif isinstance(entry, x509.RFC822Name | x509.DNSName | x509.UniformResourceIdentifier):
                names.append(entry.value)
    except UNREADABLE_X509:
        return ()
    return tuple(dict.fromkeys(name for name in names if name.strip()))


def names_holder(certificate_der: bytes, holder: str) -> bool:
    """Tell whether a certificate names a holder, exactly but for spaces, width and the kind of dot."""
    wanted = normalise_name(holder)
    return bool(wanted) and any(normalise_name(name) == wanted for name in certificate_names(certificate_der))


def subject_label(certificate_der: bytes) -> str:
    """Return one name for messages and appearances: the common name, else the first there is, else a dash."""
    names = certificate_names(certificate_der)
    return names[0] if names else "—"


def _subject_names(subject: x509.Name) -> list[str]:
    names = [str(part.value) for oid in _NAME_OIDS for part in subject.get_attributes_for_oid(oid)]
    surnames = subject.get_attributes_for_oid(NameOID.SURNAME)
    given = subject.get_attributes_for_oid(NameOID.GIVEN_NAME)
    if surnames and given:
        family, first = str(surnames[0].value), str(given[0].value)
        names.extend((f"{family} {first}", f"{first} {family}"))
    return names
