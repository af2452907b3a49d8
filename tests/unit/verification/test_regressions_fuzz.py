"""What fuzzing has found: each finding, as small as it can be, stays here."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509

from agreegen.forms.catalog import forms_folder
from agreegen.forms.description import load_form
from agreegen.model.document import Document, build_document
from agreegen.model.report import Verdict
from agreegen.pdf.limits import Limits
from agreegen.pki.certificates import load_certificates
from agreegen.pki.encoding import der_of
from agreegen.verification.examination import examine
from agreegen.verification.fetching import FetchError, check_address, fetch
from agreegen.verification.interface import Options
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.documents import signed as signed_document
from tests.attacks.increments import stream
from tests.attacks.prepared import with_field
from tests.attacks.samples import ATTACKS
from tests.soak.containers import elements, rebuilt
from tests.unit.verification.authority import NOW, STAMPING_KEY, add_store, blank_pdf, sign
from tests.unit.verification.conftest import Pki

PLEDGE = load_form(forms_folder() / "personal-pledge")


def with_unknown_version(der: bytes) -> bytes:
    """Give a revocation list a version that does not exist."""
    listed = asn1_crl.CertificateList.load(der)
    body = listed["tbs_cert_list"].dump()
    place = body.index(b"\x02\x01\x01") + 2
    return der.replace(body, body[:place] + b"\x41" + body[place + 1 :])


@pytest.mark.parametrize("inside", [True, False])
def test_a_revocation_list_of_an_unknown_version(pki: Pki, signed: bytes, inside: bool) -> None:
    """Found by damaging revocation lists: the library's exception for it is no ValueError."""
    lists = tuple(with_unknown_version(der) for der in pki.crls())
    data = add_store(signed, [pki.ca.holder.der], lists) if inside else signed
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=() if inside else lists)
    report = examine("x", data, options)
    assert report.unaltered is True
    assert report.verdict is Verdict.INDETERMINATE


@pytest.mark.parametrize("oid", ["1.2.840.113549.1.1.7", "1.3.101.110", "1.3.14.3.2.26", "2.5.4.3"])
def test_an_anchor_with_a_key_that_signs_nothing(pki: Pki, oid: str) -> None:
    """Asking such a key for its size is a NameError in asn1crypto; the checks before signing met it."""
    issuer = pki.root.sub_authority("RSA CA", key=STAMPING_KEY)
    data = sign(blank_pdf(), issuer.issue("Alice"))
    anchor = asn1_x509.Certificate.load(issuer.holder.der)
    anchor["tbs_certificate"]["subject_public_key_info"]["algorithm"] = {"algorithm": oid}
    report = examine("x", data, Options(now=NOW, anchors_der=(anchor.dump(force=True),)))
    assert report.unaltered is True
    assert report.verdict is not Verdict.VALID


def test_a_certificate_that_reads_but_does_not_write(pki: Pki) -> None:
    """Where a length ends in octet 80, the library writes all parts anew, and fails at an empty OID."""
    whole = pki.ca.holder.der
    oid = next(e for e in elements(whole) if whole[e.start : e.value] == b"\x06\x03")
    damaged = rebuilt(whole, oid, b"\x06\x00")
    name = next(e for e in elements(damaged) if e.tag in (0x0C, 0x13))
    for length in range(1, 256):
        text = (
            bytes((name.tag, 0x81, length)) + b"A" * length
            if length > 127
            else bytes((name.tag, length)) + b"A" * length
        )
        grown = rebuilt(damaged, name, text)
        if grown[3] == 0x80:
            break
    else:
        pytest.fail("no length came out right")
    assert all(der_of(certificate) == grown for certificate in load_certificates([grown]))


def test_a_visible_signature_field_without_a_name() -> None:
    """A field that was added without a name was a KeyError, and then no change was judged."""
    entries = b"/FT /Sig /F 4 /Rect [20 20 400 700] /AP << /N %d 0 R >>"
    look = stream(b"1 g 0 0 10 10 re f")
    report = examine("x", with_field(signed_document(), entries, look), Options(now=NOW))
    assert report.unaltered is False
    assert not any("cannot be judged" in str(alarm.message) for alarm in report.alarms)


def test_an_address_whose_name_is_too_long() -> None:
    """Names in addresses come from certificates; one of more than 63 octets is a UnicodeError, no OSError."""
    with pytest.raises(FetchError, match="is not known"):
        check_address(f"http://{'a' * 70}.example/ca.crl")


def test_a_verdict_does_not_depend_on_files_judged_before(pki: Pki, signed: bytes) -> None:
    """A chain that is remembered counts only where the file (or the caller) brings its certificates, too."""
    shown = pki.ca.holder.der.hex().encode()
    place = signed.lower().index(shown) + len(shown) - 10  # within the signature of the CA's certificate
    digit = b"1" if signed[place : place + 1] == b"0" else b"0"
    damaged = signed[:place] + digit + signed[place + 1 :]
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=pki.crls())
    assert examine("x", signed, options).verdict is Verdict.VALID
    assert examine("x", damaged, options).verdict is Verdict.INDETERMINATE


def test_a_redirection_to_nowhere() -> None:
    """The library reads where a redirection leads even if it does not follow: a ValueError of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(301)
            self.send_header("Location", "http://[::1")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    try:
        with pytest.raises(FetchError, match="did not answer"):
            fetch(f"http://127.0.0.1:{server.server_port}/ca.crl")
    finally:
        server.server_close()


def test_half_a_pair_of_surrogates_in_the_attached_values() -> None:
    """JSON can spell what is no text (RFC 8259, 8.2); writing it again was a UnicodeEncodeError."""
    document = build_document(PLEDGE, {"pledger_name": "\u738b\u4e94"})
    with pytest.raises(ValueError, match="surrogates"):
        Document.from_json(document.to_json().replace("\u738b".encode(), b"\\udbc6"))


@pytest.mark.parametrize("name", ["form_that_became_a_stream", "catalogue_that_became_a_stream"])
def test_a_dictionary_that_became_a_stream(name: str) -> None:
    """The rules asked it for keys; the file then counted as one that cannot be judged."""
    structure = scan_structure(ATTACKS[name](), Limits())
    assert structure.sound is False
    assert not any("cannot be judged" in str(alarm.message) for alarm in structure.alarms)
