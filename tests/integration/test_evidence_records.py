"""Evidence records over bags: forty years of renewals, and judges that are not ours."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest
from asn1crypto import tsp
from asn1crypto.cms import ContentInfo
from certomancer.services import choose_signed_digest
from cryptography.hazmat.primitives import hashes

from agreegen.archive.evidence.extraction import extract_document
from agreegen.archive.evidence.judging import judge_evidence
from agreegen.archive.evidence.stamping import hash_payload, renew_bags, timestamp_bags
from agreegen.archive.evidence.store import read_evidence
from agreegen.archive.manifests import manifest_lines
from agreegen.errors import ArchiveError, UsageError
from agreegen.example_pki import certificates
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.services import Services
from agreegen.model.report import PadesLevel, Verdict
from agreegen.pki.cms.timestamp_tokens import check_token
from agreegen.pki.evidence_records.record import EvidenceRecord
from agreegen.pki.trust.policy import BUILT_IN, ValidationPolicy
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import SigningRequest, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.trust import load_trust
from agreegen.verification.detached import SealState
from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from agreegen.verification.proof.existence import prove_existence
from tests.judges import bouncycastle
from tests.judges.openssl import verify_token
from tests.unit.signing.conftest import make_pdf

BEGIN = datetime(2006, 3, 2, 8, tzinfo=UTC)
YEAR = timedelta(days=365)


@dataclass
class Office:
    """An archive's timestamp services over time: a new authority whenever the last one is about to end."""

    folder: Path
    now: datetime = BEGIN
    digest: str = "sha256"

    def __post_init__(self) -> None:
        self.pki = self._make()

    def _make(self) -> ExamplePki:
        folder = self.folder / f"{self.now:%Y}"
        if folder.exists():  # made by another test of this module
            return ExamplePki.from_folder(folder)
        return make_example_pki(folder, now=self.now, people=(), key_bits=3072)

    def trust(self) -> Trust:
        """Return the present anchors, and lists as of now."""
        services = Services(self.pki, lambda: self.now)
        lists = tuple(der for name in ("ca", "root") if (der := services.crl(name)) is not None)
        return Trust(load_trust([self.pki.trust / "root.pem"]).anchors_der, lists)

    def move(self, years: int, digest: str) -> Trust:
        """Go on in time: last lists of the old authority are kept, then comes a new one."""
        self.now, self.digest = BEGIN + years * YEAR, digest
        before = self.trust()
        self.pki = self._make()
        return together(before, self.trust())

    def stamp(self, digest: bytes, hash_name: str) -> bytes:
        """Give a token as of now."""
        imprint = {"hash_algorithm": {"algorithm": hash_name}, "hashed_message": digest}
        request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
        services = Services(self.pki, lambda: self.now)
        stamper = services._stamper
        stamper.md_algorithm = self.digest
        stamper.signature_algo = choose_signed_digest(self.digest, stamper.tsa_cert.public_key)
        return bytes(tsp.TimeStampResp.load(services.timestamp(request.dump()))["time_stamp_token"].dump())


def together(*parts: Trust) -> Trust:
    anchors = tuple(der for part in parts for der in part.anchors_der)
    return Trust(anchors, tuple(der for part in parts for der in part.crls_der))


@pytest.fixture(autouse=True)
def long_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services whose certificates last until the next renewal, and are signed with what lasts as long."""
    monkeypatch.setattr(certificates, "SERVICE_YEARS", 8)
    monkeypatch.setattr(certificates, "hashes", SimpleNamespace(SHA256=hashes.SHA512))


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authorities")


@pytest.fixture
def office(authorities: Path) -> Office:
    return Office(authorities)


def make_bag(
    folder: Path, documents: int, *, seed: str = "", first: bytes | None = None, lists: tuple[bytes, ...] = ()
) -> Path:
    """Return a folder with the payload and the manifest of a bag."""
    files = {f"data/documents/{n:03d}.pdf": f"%PDF {seed}{n}".encode() for n in range(documents)}
    files["data/register.csv"] = b"id\n"
    files |= {} if first is None else {"data/documents/000.pdf": first}
    files |= {f"data/crls/{number}.crl": der for number, der in enumerate(lists)}
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    (folder / "manifest-sha256.txt").write_bytes(b"".join(manifest_lines(sorted(hashes.items()))))
    return folder


def _listed(bag: Path) -> dict[str, str]:
    return {path: value.hex() for path, value in hash_payload(bag, "sha256").items()}


def _judge(bag: Path, trust: Trust, now: datetime) -> SealState:
    options = Options(now=now, anchors_der=trust.anchors_der, crls_der=trust.crls_der)
    return judge_evidence(bag, options, _listed(bag)).seal.state


def test_one_token_proves_all_bags(office: Office, tmp_path: Path) -> None:
    bags = [make_bag(tmp_path / f"bag{n}", size, seed=f"{n}-") for n, size in enumerate((1, 2, 7))]
    trust = office.trust()
    done = timestamp_bags(bags, office.stamp, trust)
    assert (done.files, done.tokens) == (13, 1)
    for bag in bags:
        assert _judge(bag, trust, BEGIN + timedelta(days=1)) is SealState.VALID
        records = read_evidence(bag).records()
        assert {record.stamps[0].token for record in records.values()} == {
            read_evidence(bags[0]).chains[0].stamps[0].token
        }
    with pytest.raises(UsageError):
        timestamp_bags(bags, office.stamp, trust)


def test_a_changed_file_is_not_renewed(office: Office, tmp_path: Path) -> None:
    bag, trust = make_bag(tmp_path / "bag", 3), office.trust()
    timestamp_bags([bag], office.stamp, trust)
    (bag / "data/documents/001.pdf").write_bytes(b"%PDF other")
    with pytest.raises(ArchiveError, match=r"001\.pdf"):
        renew_bags([bag], office.stamp, trust, hash_name="sha512")
    assert len(read_evidence(bag).chains) == 1


@dataclass(frozen=True)
class History:
    """A bag of forty years ago, and what was trusted in that time."""

    bag: Path
    trust: Trust
    now: datetime
    policy: ValidationPolicy


STEPS = (
    (7, None, "sha256"),
    (14, "sha512", "sha512"),
    (21, None, "sha512"),
    (28, "sha384", "sha512"),
    (35, None, "sha512"),
    (40, None, "sha512"),
)
"""Years after the beginning, new hash function, digest of the service; SHA-256 leaves after 20 years."""


def _live(office: Office, bag: Path, skipped: int | None = None) -> History:
    parts = [office.trust()]
    timestamp_bags([bag], office.stamp, parts[0])
    for number, (years, hash_name, digest) in enumerate(STEPS):
        if number == skipped:
            continue
        parts.append(office.move(years, digest))
        renew_bags([bag], office.stamp, parts[-1], hash_name=hash_name)
    digests = MappingProxyType({**BUILT_IN.digests, "sha256": date(2026, 1, 1)})
    policy = dataclasses.replace(BUILT_IN, digests=digests)
    return History(bag, together(*parts, office.trust()), office.now + timedelta(days=1), policy)


def _prove(history: History, folder: Path) -> tuple[datetime | None, tuple[str, ...]]:
    done = extract_document(history.bag, "001.pdf", folder)
    options = Options(now=history.now, anchors_der=history.trust.anchors_der, crls_der=history.trust.crls_der)
    proof = prove_existence(done.document.read_bytes(), done.record.read_bytes(), options, history.policy)
    return proof.time, tuple(map(str, proof.reasons))


def test_forty_years_and_six_renewals(office: Office, tmp_path: Path) -> None:
    history = _live(office, make_bag(tmp_path / "bag", 3))
    time, reasons = _prove(history, tmp_path / "out")
    assert "\n".join(reasons) == ""
    assert time == BEGIN


@pytest.mark.parametrize("skipped", [0, 1, len(STEPS) - 2])
def test_one_renewal_skipped_and_nothing_is_proved(office: Office, tmp_path: Path, skipped: int) -> None:
    history = _live(office, make_bag(tmp_path / "bag", 3), skipped)
    time, reasons = _prove(history, tmp_path / "out")
    assert time is None
    assert reasons


@pytest.mark.skipif(not bouncycastle.available(), reason="needs BouncyCastle")
def test_bouncycastle_agrees(office: Office, tmp_path: Path) -> None:
    """It accepts each record after each kind of renewal, and refuses other data."""
    bag = make_bag(tmp_path / "bag", 5)
    timestamp_bags([bag], office.stamp, office.trust())
    cases: list[tuple[Path, Path, Path]] = []
    for number, (years, hash_name, digest) in enumerate(((0, None, "sha256"), *STEPS)):
        if years:
            renew_bags([bag], office.stamp, office.move(years, digest), hash_name=hash_name)
        for name in ("000.pdf", "003.pdf"):
            done = extract_document(bag, name, tmp_path / f"out{number}")
            service = tmp_path / f"service{number}.cer"
            service.write_bytes(_service(done.record))
            cases.append((done.record, done.document, service))
    answers = bouncycastle.judge(cases)
    assert [said for accepted, said in answers if not accepted] == []
    other = tmp_path / "other.pdf"
    other.write_bytes(b"%PDF other")
    refused = [(record, other, service) for record, _, service in cases]
    assert [accepted for accepted, _ in bouncycastle.judge(refused)] == [False] * len(cases)


def _service(record: Path) -> bytes:
    token = EvidenceRecord.parse(record.read_bytes()).stamps[-1].token
    certificate = check_token(token, lambda _: b"", "document").certificate
    assert certificate is not None
    return bytes(certificate.dump())


def test_openssl_accepts_each_token(authorities: Path, tmp_path: Path) -> None:
    """Also those that lists were put beside; the token of a lone file is over that file itself."""
    office, bag = Office(authorities, datetime.now(UTC).replace(microsecond=0)), make_bag(tmp_path / "bag", 0)
    anchors = [office.pki.trust / "root.pem"]
    timestamp_bags([bag], office.stamp, office.trust())
    renew_bags([bag], office.stamp, office.trust())
    first, second = (stamp.token for stamp in read_evidence(bag).chains[0].stamps)
    for name, token, data in (("first", first, bag / "data/register.csv"), ("second", second, None)):
        (tmp_path / name).write_bytes(token)
        (tmp_path / "before").write_bytes(first)
        assert verify_token(tmp_path / name, data or tmp_path / "before", anchors)[0]


def _flips(data: bytes, count: int) -> list[bytes]:
    step = max(1, len(data) // count)
    return [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(0, len(data), step)]


def test_no_flipped_bit_is_accepted(office: Office, tmp_path: Path) -> None:
    """In data, hash values, chains, and in what a token signs; unsigned parts may only lose trust."""
    history = _live(office, make_bag(tmp_path / "bag", 3))
    done = extract_document(history.bag, "001.pdf", tmp_path / "out")
    data, record = done.document.read_bytes(), done.record.read_bytes()
    options = Options(now=history.now, anchors_der=history.trust.anchors_der, crls_der=history.trust.crls_der)

    def proves(data: bytes, record: bytes) -> bool:
        return prove_existence(data, record, options, history.policy).time is not None

    assert proves(data, record)
    assert not any(proves(other, record) for other in _flips(data, 1000))
    parsed = EvidenceRecord.parse(record)
    # The newest token's certificates and lists are covered by nothing yet; all else is.
    covered = record[: -len(parsed.stamps[-1].token)]
    tail = record[len(covered) :]
    assert not any(proves(data, other + tail) for other in _flips(covered, 300))
    content = bytes(ContentInfo.load(tail)["content"]["encap_content_info"]["content"].parsed.dump())
    at = tail.index(content)
    for other in _flips(content, 40):
        assert not proves(data, covered + tail[:at] + other + tail[at + len(content) :])


def test_an_old_signature_without_timestamp_stays_provable(office: Office, tmp_path: Path) -> None:
    """A B-B signature ends with its certificate; the record bears it out for forty years."""
    credential = load_credential(office.pki.credentials / "unit-seal.yaml")
    request = SigningRequest(role="unit", level=PadesLevel.B_B, now=BEGIN, trust=office.trust())
    signed = sign_pdf(make_pdf(attachment=False), credential, request).data
    history = _live(office, make_bag(tmp_path / "bag", 2, first=signed, lists=office.trust().crls_der))
    extract_document(history.bag, "000.pdf", tmp_path / "out")
    options = Options(now=history.now, anchors_der=history.trust.anchors_der, crls_der=history.trust.crls_der)
    alone = examine("x.pdf", signed, options)
    assert (alone.unaltered, alone.verdict) == (True, Verdict.INDETERMINATE)
    records = [path.read_bytes() for path in sorted((tmp_path / "out").rglob("*.ers"))]
    borne_out = dataclasses.replace(options, evidence_der=tuple(records))
    proved = examine("x.pdf", signed, borne_out)
    assert (proved.verdict, proved.signatures[0].time) == (Verdict.VALID, BEGIN)
    assert [remark.code for remark in proved.remarks] == ["evidence"]
    damaged = examine("x.pdf", signed + b"\n", borne_out)
    assert damaged.verdict is not Verdict.VALID
