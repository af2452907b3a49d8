"""Where the proof of B-LT comes from, and what never is one: OCSP and lists, dead, stale, revoking."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from agreegen.errors import SigningError
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.model.report import PadesLevel, Verdict
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.extend import add_validation_data_many, extend_pdf
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.services.timestamps import TimestampClient
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.signing.conftest import make_pdf

NOW = datetime.now(UTC).replace(microsecond=0)
LONG_TERM = (PadesLevel.B_LT, PadesLevel.B_LTA)


class World:
    """An example PKI with its services, whose clock and failures a test sets."""

    def __init__(self, folder: Path) -> None:
        self.pki = ExamplePki.from_folder(folder)
        self.clock = NOW
        self.services = Responder(self.pki.folder, clock=lambda: self.clock)
        found = load_trust([self.pki.trust])
        self.trust, self.crls = Trust(found.anchors_der), found.crls_der
        self.seal = load_credential(self.pki.credential("party-a-seal"))

    @property
    def tsa(self) -> tuple[TimestampServer, ...]:
        return (TimestampServer(self.services.tsa_url),)

    def sign(self, credential: Credential | None = None) -> bytes:
        request = SigningRequest("unit", PadesLevel.B_T, self.clock, self.trust, self.tsa)
        return sign_pdf(make_pdf(attachment=False), credential or self.seal, request).data

    def extend(self, data: bytes, level: PadesLevel, *, crls: tuple[bytes, ...] = ()) -> bytes:
        trust = Trust(self.trust.anchors_der, crls)
        return extend_pdf(data, level, trust=trust, tsa=self.tsa, now=self.clock).data

    def revoke(self) -> None:
        self.services.revoke(self.seal.certificate_der)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    folder = tmp_path_factory.mktemp("untouched") / "pki"
    return make_example_pki(folder, now=NOW, key_bits=2048, people=(), port=free_port())


@pytest.fixture
def world(tmp_path: Path, untouched: ExamplePki) -> Iterator[World]:
    made = World(Path(shutil.copytree(untouched.folder, tmp_path / "pki")))
    with made.services:
        yield made


def store_of(data: bytes) -> dict[str, list[bytes]]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return {
            key: [bytes(item.read_bytes()) for item in pdf.Root.DSS[key]] if key in pdf.Root.DSS else []
            for key in ("/Certs", "/OCSPs", "/CRLs")
        }


def test_evidence_is_asked_for_after_the_timestamps(world: World) -> None:
    request = SigningRequest("unit", PadesLevel.B_LTA, NOW, world.trust, world.tsa)
    signed = sign_pdf(make_pdf(attachment=False), world.seal, request).data
    kinds = [line.split("/")[1] for line in world.services.requests]
    stamps = [number for number, kind in enumerate(kinds) if kind == "tsa"]
    asked = [number for number, kind in enumerate(kinds) if kind in ("ocsp", "crl")]
    assert stamps[-2] < asked[0]  # the signature's timestamp came first, the archive's comes last
    assert asked[-1] < stamps[-1]
    stamped = verify_bytes("a", signed, Options(now=datetime.now(UTC), anchors_der=world.trust.anchors_der))
    assert stamped.verdict is Verdict.VALID
    moment = datetime.fromisoformat(str(stamped.to_dict()["signatures"][0]["time"]))
    for answer in store_of(signed)["/OCSPs"]:
        assert ocsp.load_der_ocsp_response(answer).this_update_utc >= moment


def test_each_document_carries_its_own_signers_evidence(world: World) -> None:
    """One chunk, two signers, shared answers: nobody's store holds the other one's certificate or status."""
    other = load_credential(world.pki.credential("party-b-seal"))
    files = [world.sign(), world.sign(other)]
    with TimestampClient(world.tsa, trust=world.trust) as client:
        made = add_validation_data_many(files, PadesLevel.B_LT, world.trust, client, NOW)
    own = [x509.load_der_x509_certificate(c.certificate_der) for c in (world.seal, other)]
    for mine, theirs, result in zip(own, reversed(own), made, strict=True):
        assert isinstance(result, SignedPdf)
        store = store_of(result.data)
        serials = [ocsp.load_der_ocsp_response(answer).serial_number for answer in store["/OCSPs"]]
        assert mine.serial_number in serials
        assert theirs.serial_number not in serials
        assert theirs.public_bytes(Encoding.DER) not in store["/Certs"]


def test_a_dead_ocsp_with_a_live_list(world: World) -> None:
    data = world.sign()
    world.services.out_of_service = {"ocsp"}
    extended = world.extend(data, PadesLevel.B_LT)
    assert store_of(extended)["/OCSPs"] == []
    assert store_of(extended)["/CRLs"]
    options = Options(now=NOW + timedelta(minutes=1), anchors_der=world.trust.anchors_der)
    assert verify_bytes("a", extended, options).verdict is Verdict.VALID


def test_a_dead_list_with_a_live_ocsp_is_not_enough_for_the_authority(world: World) -> None:
    """The CA's own status comes from the root's list alone."""
    data = world.sign()
    world.services.out_of_service = {"crl"}
    with pytest.raises(SigningError, match="is not to be had"):
        world.extend(data, PadesLevel.B_LT)


@pytest.mark.parametrize("level", LONG_TERM)
def test_everything_dead(world: World, level: PadesLevel) -> None:
    data = world.sign()
    world.services.out_of_service = {"ocsp", "crl"}
    with pytest.raises(SigningError, match="is not to be had"):
        world.extend(data, level)
    assert world.extend(data, level, crls=world.crls)  # as in an isolated network


@pytest.mark.parametrize("level", LONG_TERM)
def test_revoked_by_ocsp(world: World, level: PadesLevel) -> None:
    data = world.sign()
    world.revoke()
    with pytest.raises(SigningError, match="is revoked"):
        world.extend(data, level)


@pytest.mark.parametrize("level", LONG_TERM)
def test_revoked_by_a_fetched_list(world: World, level: PadesLevel) -> None:
    data = world.sign()
    world.revoke()
    world.services.out_of_service = {"ocsp"}
    with pytest.raises(SigningError, match="is revoked"):
        world.extend(data, level)


@pytest.mark.parametrize("level", LONG_TERM)
def test_revoked_by_a_given_list(world: World, level: PadesLevel) -> None:
    """What a list says counts, whatever OCSP would have said."""
    data = world.sign()
    world.revoke()
    world.services.publish_crls()
    revoking = load_trust([world.pki.trust]).crls_der
    world.services._services._revoked.clear()
    with pytest.raises(SigningError, match="is revoked"):
        world.extend(data, level, crls=revoking)


def test_unknown_to_ocsp_is_not_good_though_the_list_is_silent(world: World) -> None:
    data = world.sign()
    world.services.forget(world.seal.certificate_der)
    with pytest.raises(SigningError, match="unknown status"):
        world.extend(data, PadesLevel.B_LT)


def test_a_stale_list_is_no_evidence(world: World) -> None:
    data = world.sign()
    world.clock = NOW - timedelta(days=30)
    world.services.publish_crls(valid_for=timedelta(days=7))
    stale = load_trust([world.pki.trust]).crls_der[:2]
    assert all(
        (end := x509.load_der_x509_crl(der).next_update_utc) is not None and end < NOW for der in stale
    )
    world.services.out_of_service = {"ocsp"}  # and the lists that are fetched now are as old
    for crls in ((), stale):
        with pytest.raises(SigningError, match="is not to be had"):
            extend_pdf(
                data, PadesLevel.B_LT, trust=Trust(world.trust.anchors_der, crls), tsa=world.tsa, now=NOW
            )
    world.clock = NOW
    assert world.extend(data, PadesLevel.B_LT, crls=stale)  # a fresh one is to be had again


def test_openssl_agrees_with_the_evidence_inside(world: World, tmp_path: Path) -> None:
    data = world.sign()
    world.services.out_of_service = {"ocsp"}
    store = store_of(world.extend(data, PadesLevel.B_LT))
    pems = [x509.load_der_x509_crl(der).public_bytes(Encoding.PEM) for der in store["/CRLs"]]
    (tmp_path / "crls.pem").write_bytes(b"".join(pems))
    roots = [x509.load_der_x509_certificate(der) for der in store["/Certs"]]
    seal = x509.load_der_x509_certificate(world.seal.certificate_der)
    others = [c for c in roots if c.issuer != c.subject and c != seal]
    (tmp_path / "chain.pem").write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in others))
    (tmp_path / "seal.pem").write_bytes(seal.public_bytes(Encoding.PEM))
    (tmp_path / "root.pem").write_bytes((world.pki.trust / "root.pem").read_bytes())
    command = "openssl verify -crl_check_all -CAfile root.pem -untrusted chain.pem -CRLfile crls.pem seal.pem"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "seal.pem: OK\n"), done.stderr
    world.revoke()
    world.services.publish_crls()
    lists = sorted(world.pki.trust.glob("*.crl"))
    fresh = [x509.load_der_x509_crl(path.read_bytes()) for path in lists if not path.name.startswith("sm2")]
    (tmp_path / "crls.pem").write_bytes(b"".join(crl.public_bytes(Encoding.PEM) for crl in fresh))
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "certificate revoked" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("names", "good"), [(("own",), True), (("own", "other"), True), (("other",), False), ((), True)]
)
def test_a_list_of_another_part_says_nothing(world: World, names: tuple[str, ...], good: bool) -> None:
    """Authorities split their lists (RFC 5280, 6.3.3 b 2 i): one for others clears nobody."""
    data = world.sign()
    seal = x509.load_der_x509_certificate(world.seal.certificate_der)
    points = seal.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name
    places = {
        "own": points[0].full_name[0],
        "other": x509.UniformResourceIdentifier("http://127.0.0.1:1/part-2.crl"),
    }
    authority = world.services._services._authorities["ca"]
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=7))
    )
    if names:
        part = x509.IssuingDistributionPoint(
            [places[name] for name in names], None, False, False, None, False, False
        )
        builder = builder.add_extension(part, critical=True)
    crl = builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)
    world.services.out_of_service = {"ocsp", "crl"}
    others = (der for der in world.crls if x509.load_der_x509_crl(der).issuer != seal.issuer)
    lists = (crl, *others)
    if good:
        assert world.extend(data, PadesLevel.B_LT, crls=lists)
    else:
        with pytest.raises(SigningError, match="is not to be had"):
            world.extend(data, PadesLevel.B_LT, crls=lists)


@pytest.mark.parametrize("kind", ["delta", "some reasons", "stale", "taken back"])
def test_what_any_list_revokes_stays_revoked(world: World, kind: str) -> None:
    """Such a list clears nobody, but whom it names is revoked; a complete one beside it does not help."""
    data = world.sign()
    serial = x509.load_der_x509_certificate(world.seal.certificate_der).serial_number
    authority = world.services._services._authorities["ca"]
    begin = NOW - timedelta(days=30 if kind == "stale" else 0)
    reason = x509.ReasonFlags.remove_from_crl if kind == "taken back" else x509.ReasonFlags.key_compromise
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(begin)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(begin)
        .next_update(begin + timedelta(days=7))
        .add_revoked_certificate(entry.add_extension(x509.CRLReason(reason), critical=False).build())
    )
    if kind in ("delta", "taken back"):
        builder = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    if kind == "some reasons":
        reasons = frozenset([x509.ReasonFlags.key_compromise])
        part = x509.IssuingDistributionPoint(None, None, False, False, reasons, False, False)
        builder = builder.add_extension(part, critical=True)
    crl = builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)
    if kind == "taken back":
        assert world.extend(data, PadesLevel.B_LT, crls=(crl, *world.crls))
        return
    for lists in ((crl, *world.crls), (*world.crls, crl)):
        with pytest.raises(SigningError, match="is revoked"):
            world.extend(data, PadesLevel.B_LT, crls=lists)
