"""An office with an authority, a document that waits for its person, and a device that really signs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agreegen.device.authority import Authority, Person, der_signature
from agreegen.device.authority_files import POLICY, ROOT_KEY, AuthorityPlan, make_authority
from agreegen.device.evidence import Moments, Occasion, Pointer, SigningEvidence
from agreegen.device.signing import DeviceKey, DeviceSigning, HalfSigned
from agreegen.device.strokes import Drawing
from agreegen.files import sha256_of
from agreegen.model.report import PadesLevel
from agreegen.signing.interface import SignedPdf, SigningRequest, Trust
from agreegen.signing.pades import BatchSigner
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from tests.unit.verification.own_files import PERSON, OwnFiles, make_own_files

OFFICE = "豫州市普查办公室 EXAMPLE"


class Device:
    """What a browser does with WebCrypto: a key that signs with r and s of 32 bytes each."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        numbers = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
        return b"".join(number.to_bytes(32, "big") for number in numbers)


def drawing_text(**changes: object) -> str:
    """Return two strokes as the pad sends them."""
    first = [[1000 + 60 * n, 1500 - 30 * n, 400 + 10 * n, 16 * n] for n in range(30)]
    second = [[1200 + 50 * n, 900 + 45 * n, 600, 700 + 16 * n] for n in range(20)]
    return json.dumps({"width": 6000, "height": 2400, "strokes": [first, second]} | changes)


@dataclass(frozen=True, slots=True)
class DeviceOffice:
    """An office whose people sign on their own devices.

    Attributes:
        files: Its documents; the unit has signed one.
        folder: Its authority.
        pdf: A pledge that waits for its person.
        now: The time.
    """

    files: OwnFiles
    folder: Path
    pdf: bytes
    now: datetime

    @property
    def person(self) -> Person:
        return Person(PERSON, "HN0001", "豫州市统计局")

    @property
    def trust(self) -> Trust:
        """Anchors of the seal, and the office's own clock."""
        return load_trust([self.files.pki.trust, self.folder.parent / "trust"])

    @property
    def options(self) -> Options:
        """Options that trust the office's authority, its clock and its seal."""
        return replace(
            self.files.options, anchors_der=self.trust.anchors_der, policy_file=self.folder / POLICY
        )

    def evidence(self, **changes: object) -> SigningEvidence:
        document, moment = self.files.document, self.now
        evidence = SigningEvidence(
            document_id=document.id,
            document_sha256=sha256_of(self.pdf),
            form=(document.form_id, document.form_version),
            role="pledger",
            pages=(sha256_of(b"a page"),),
            consent=("1", "本人已阅读全文，同意以电子方式签署。"),
            moments=Moments(moment - timedelta(minutes=3), moment - timedelta(minutes=2), moment, moment),
            occasion=Occasion.DESK,
            address="10.0.0.7",
            browser="Mozilla/5.0",
            pointer=Pointer.TOUCH,
            witness="王建国",
            strokes_sha256=sha256_of(b"strokes"),
        )
        return replace(evidence, **changes)  # type: ignore[arg-type]  # the fields of the evidence

    def half(self, signing: DeviceSigning, device: Device, **changes: object) -> HalfSigned:
        info = signing.authority.request_info(self.person, device.public)
        return signing.prepare(
            self.pdf,
            self.person,
            DeviceKey(device.public, device.sign(info)),
            self.evidence(**changes),
            Drawing.from_json(drawing_text()),
            now=self.now,
        )

    def sign(self, signing: DeviceSigning, device: Device, **changes: object) -> SignedPdf:
        half = self.half(signing, device, **changes)
        return signing.finish(self.pdf, half, device.sign(half.prepared.attributes), now=self.now)


@pytest.fixture(scope="session")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> OwnFiles:
    return make_own_files(tmp_path_factory.mktemp("device"))


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, own_files: OwnFiles) -> DeviceOffice:
    folder = tmp_path_factory.mktemp("office") / "authority"
    trust = folder.parent / "trust"
    trust.mkdir()
    plan = AuthorityPlan(OFFICE, folder.parent / "stick" / ROOT_KEY, None, clock=True, trust=trust)
    plan.root_key.parent.mkdir()
    make_authority(folder, plan, now=own_files.now)
    return DeviceOffice(own_files, folder, own_files.signed["unit"], own_files.now)


@pytest.fixture
def authority(office: DeviceOffice) -> Authority:
    return Authority.load(office.folder)


@pytest.fixture
def signing(office: DeviceOffice, authority: Authority) -> DeviceSigning:
    return DeviceSigning(authority, office.trust, policy=office.folder / POLICY)


@pytest.fixture
def device() -> Device:
    return Device()


def forge(office: DeviceOffice, half: HalfSigned, device: Device, attributes: tuple[bytes, ...]) -> bytes:
    """Return what a signer makes who has a certificate and does not use the server's file."""
    request = SigningRequest("pledger", PadesLevel.B_B, office.now)
    signer = BatchSigner(replace(half.identity, attributes=attributes), request)
    prepared = signer.prepare(office.pdf)
    return signer.finish(prepared, der_signature(device.sign(prepared.attributes))).data
