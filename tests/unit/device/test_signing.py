"""Signing in two halves, and what `verify` says of it."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agreegen.device.authority import Authority, Person, der_signature
from agreegen.device.authority_files import POLICY
from agreegen.device.signing import DeviceKey, DeviceSigning
from agreegen.device.strokes import Drawing
from agreegen.errors import AgreegenError, InputError, SigningError
from agreegen.example_pki.responder import Responder
from agreegen.files import sha256_of
from agreegen.model.report import Evidence, FileReport, Method, PadesLevel, TrustStatus, Verdict
from agreegen.pdf.plain import PlainPdf
from agreegen.pipeline.signing import extend_and_check
from agreegen.pki.device_certificates import evidence_attribute
from agreegen.signing.cms import CmsTemplate
from agreegen.signing.interface import SigningRequest, TimestampServer
from agreegen.signing.pades import BatchSigner
from agreegen.signing.plain.increment import Hole, append_with_hole
from agreegen.signing.plain.signature_update import find_targets, pdf_time
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.device.conftest import Device, DeviceOffice, drawing_text, forge


def judged(data: bytes, options: Options) -> FileReport:
    return verify_bytes("pledge.pdf", data, options)


def test_a_person_without_certificate_signs(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    report = judged(office.sign(signing, device).data, office.options)
    unit, pledger = report.signatures
    assert report.verdict is Verdict.VALID
    assert (unit.method, unit.evidence) == (Method.CERTIFICATE, None)
    assert (pledger.method, pledger.evidence) == (Method.DEVICE, Evidence.INTACT)
    assert (pledger.role, pledger.signer, pledger.level.value) == ("pledger", office.person.name, "B-T")
    told = pledger.to_dict()
    assert (told["method"], told["evidence"]) == ("device", "intact")


def test_the_certificate_shows_what_sha256sum_prints(
    office: DeviceOffice, signing: DeviceSigning, device: Device, tmp_path: Path
) -> None:
    half = office.half(signing, device)
    (tmp_path / "evidence.json").write_bytes(half.evidence)
    (tmp_path / "signer.der").write_bytes(half.certificate_der)
    digest = printed(["sha256sum", "evidence.json"], tmp_path).split()[0]
    shown = printed(["openssl", "x509", "-inform", "DER", "-in", "signer.der", "-noout", "-text"], tmp_path)
    assert digest in shown
    assert digest == sha256_of(office.evidence().to_json())


def test_without_a_clock_the_proof_lasts_as_long_as_the_issuer(
    office: DeviceOffice, authority: Authority, device: Device
) -> None:
    signing = DeviceSigning(replace(authority, clock=None), office.files.trust)
    signed = office.sign(signing, device)
    assert not signing.timestamped
    later = replace(office.options, now=office.now + timedelta(days=1), crls_der=())
    pledger = judged(signed.data, later).signatures[1]
    assert (pledger.level.value, pledger.subindication) == ("B-B", None)


def test_a_timestamp_outlasts_the_ten_minutes(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    signed = office.sign(signing, device)
    later = replace(office.options, now=office.now + timedelta(hours=1))
    assert judged(signed.data, later).verdict is Verdict.VALID
    strangers = replace(later, anchors_der=office.files.trust.anchors_der)
    pledger = judged(signed.data, strangers).signatures[1]
    assert pledger.subindication == "OUT_OF_BOUNDS_NO_POE"


def printed(command: list[str], folder: Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout


UNTRUSTED = ("no policy", "the root among other anchors", "another office", "nobody trusted")


@pytest.mark.parametrize("whom", UNTRUSTED)
def test_trusted_only_by_a_policy_that_names_the_authority(
    office: DeviceOffice, signing: DeviceSigning, device: Device, whom: str, tmp_path: Path
) -> None:
    signed, options = office.sign(signing, device), office.options
    root = (office.folder / "root.pem").read_bytes()
    other = tmp_path / "policy.yaml"
    other.write_text(json.dumps({"device_authorities": [(office.files.pki.trust / "root.pem").read_text()]}))
    found = {
        "no policy": replace(options, policy_file=None),
        "the root among other anchors": replace(
            options, policy_file=None, anchors_der=(*options.anchors_der, *_anchors(root, tmp_path))
        ),
        "another office": replace(options, policy_file=other),
        "nobody trusted": Options(now=office.now),
    }[whom]
    report = judged(signed.data, found)
    pledger = report.signatures[1]
    assert report.verdict is Verdict.INDETERMINATE
    expected = TrustStatus.UNKNOWN if whom == "nobody trusted" else TrustStatus.UNTRUSTED
    assert pledger.trust is expected
    assert pledger.evidence is Evidence.INTACT  # what the evidence says is told, whoever vouches for it


def _anchors(pem: bytes, folder: Path) -> tuple[bytes, ...]:
    (folder / "root.pem").write_bytes(pem)
    return load_trust([folder / "root.pem"]).anchors_der


def test_the_authority_vouches_for_no_other_certificates(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    only_devices = replace(office.options, anchors_der=(), crls_der=())
    unit, pledger = judged(office.sign(signing, device).data, only_devices).signatures
    assert (unit.trust, pledger.trust) == (TrustStatus.UNKNOWN, TrustStatus.TRUSTED)


def test_one_changed_byte_of_the_evidence_is_an_alarm(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    half = office.half(signing, device)
    changed = half.evidence.replace(b'"pointer":"touch"', b'"pointer":"mouse"')
    report = judged(forge(office, half, device, (evidence_attribute(changed),)), office.options)
    assert report.signatures[1].evidence is Evidence.DIFFERS
    assert "evidence-differs" in {alarm.code for alarm in report.alarms}
    assert report.verdict is Verdict.INDETERMINATE


TAKEN_OUT = {
    "none": (),
    "two": (evidence_attribute(b"{}"), evidence_attribute(b"{}")),
}


@pytest.mark.parametrize("name", TAKEN_OUT)
def test_evidence_that_is_missing_is_an_alarm(
    office: DeviceOffice, signing: DeviceSigning, device: Device, name: str
) -> None:
    half = office.half(signing, device)
    report = judged(forge(office, half, device, TAKEN_OUT[name]), office.options)
    assert report.signatures[1].evidence is Evidence.MISSING
    assert "evidence-missing" in {alarm.code for alarm in report.alarms}
    assert report.verdict is Verdict.INDETERMINATE


def test_a_kept_key_signs_no_second_document(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    half = office.half(signing, device)
    attribute = (evidence_attribute(half.evidence),)
    other = office.files.signed["unit, with reason and place"]
    report = judged(forge(replace(office, pdf=other), half, device, attribute), office.options)
    assert report.signatures[1].evidence is Evidence.DIFFERS
    assert report.verdict is Verdict.INDETERMINATE


def test_evidence_of_another_role_differs(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    half = office.half(signing, device)
    evidence = office.evidence(role="unit")
    info = signing.authority.request_info(office.person, device.public)
    proof, digest = device.sign(info), sha256_of(evidence.to_json())
    certificate = signing.authority.issue(
        office.person, device.public, proof, digest, now=office.now, timestamped=False
    )
    half = replace(half, certificate_der=certificate)
    report = judged(forge(office, half, device, (evidence_attribute(evidence.to_json()),)), office.options)
    assert report.signatures[1].evidence is Evidence.DIFFERS


def signed_with(
    office: DeviceOffice, signing: DeviceSigning, device: Device, further: dict[int, bytes]
) -> bytes:
    """Let a device sign an update that begins with the file in its evidence, and brings further objects."""
    evidence = office.evidence().to_json()
    info = signing.authority.request_info(office.person, device.public)
    certificate = signing.authority.issue(
        office.person,
        device.public,
        device.sign(info),
        sha256_of(evidence),
        now=office.now,
        timestamped=False,
    )
    identity = replace(office.half(signing, device), certificate_der=certificate).identity
    request = SigningRequest("pledger", PadesLevel.B_B, office.now)
    signer = BatchSigner(replace(identity, attributes=(evidence_attribute(evidence),)), request)
    honest = signer.prepare(office.pdf)
    plain, update = PlainPdf.read(office.pdf), PlainPdf.read(honest.data)
    (target,) = (target for target in find_targets(plain) if target.name == "pledger")
    names = {target.field, *range(plain.size + 1, update.size)}
    bodies = {name: _body(honest.data, update.offset(name)) for name in names}
    entries = re.search(rb"<< (/Type /Sig .*?) /Contents <", honest.data[len(office.pdf) :], re.DOTALL)
    assert entries is not None
    hole = Hole(plain.size, entries[1], (honest.end - honest.start) // 2 - 1)
    made = append_with_hole(plain, bodies | further, hole, seed=pdf_time(office.now))
    template = CmsTemplate(
        identity.certificate_der,
        identity.chain_der,
        identity.mechanism,
        attributes=signer.identity.attributes,
    )
    digest = template.digest(made.data[: made.start], made.data[made.end :])
    attributes = template.signed_attributes(digest)
    return signer.finish(
        replace(made, digest=digest, attributes=attributes), der_signature(device.sign(attributes))
    ).data


def _body(data: bytes, offset: int) -> bytes:
    start = data.index(b" obj\n", offset) + len(b" obj\n")
    return data[start : data.index(b"\nendobj\n", start)]


def test_a_kept_key_signs_no_other_words_behind_the_same_file(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    """The evidence names the file that was shown; what the signed update puts over it was never shown."""
    honest = judged(signed_with(office, signing, device, {}), office.options).signatures[1]
    assert (honest.integrity.value, honest.evidence) == ("intact", Evidence.INTACT)
    page = re.search(rb"/Contents \[? ?(\d+) 0 R", office.pdf)
    assert page is not None
    content = b"<< /Length 7 >>\nstream\n0 0 m n\nendstream"
    report = judged(signed_with(office, signing, device, {int(page[1]): content}), office.options)
    assert report.signatures[1].integrity.value == "intact"
    assert report.signatures[1].evidence is Evidence.DIFFERS


def test_a_file_that_was_exchanged_after_it_was_shown_is_refused(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    other = replace(office, pdf=office.files.signed["unit, with reason and place"])
    with pytest.raises(InputError, match="changed after its pages"):
        other.half(signing, device, document_sha256=sha256_of(office.pdf))


def test_a_device_that_does_not_hold_its_key_gets_no_certificate(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    info = signing.authority.request_info(office.person, device.public)
    key = DeviceKey(device.public, Device().sign(info))
    drawing = Drawing.from_json(drawing_text())
    with pytest.raises(InputError, match="does not hold the key"):
        signing.prepare(office.pdf, office.person, key, office.evidence(), drawing, now=office.now)


def test_a_request_for_another_name_is_refused(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    other = Person("李四")
    info = signing.authority.request_info(other, device.public)
    key, drawing = DeviceKey(device.public, device.sign(info)), Drawing.from_json(drawing_text())
    with pytest.raises(SigningError, match="another holder"):
        signing.prepare(office.pdf, other, key, office.evidence(), drawing, now=office.now)


@pytest.mark.parametrize("raw", [b"", bytes(63), bytes(64), bytes(65)])
def test_what_is_no_signature_of_the_key_is_refused(
    office: DeviceOffice, signing: DeviceSigning, device: Device, raw: bytes
) -> None:
    half = office.half(signing, device)
    with pytest.raises(InputError):
        signing.finish(office.pdf, half, raw, now=office.now)
    other = Device().sign(half.prepared.attributes)
    with pytest.raises(InputError):
        signing.finish(office.pdf, half, other, now=office.now)


def test_nobody_signs_twice(office: DeviceOffice, signing: DeviceSigning, device: Device) -> None:
    again = replace(office, pdf=office.sign(signing, device).data)
    with pytest.raises(AgreegenError, match="has signed this document already"):
        again.half(signing, device)


def test_an_altered_file_is_signed_by_nobody(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    altered = replace(office, pdf=office.pdf.replace(b"/Type /Sig ", b"/Type /Sig\n", 1))
    with pytest.raises(SigningError, match="changed"):
        altered.half(signing, device)


def test_it_is_extended_like_any_other_signature(
    office: DeviceOffice, signing: DeviceSigning, device: Device
) -> None:
    signed, policy = office.sign(signing, device), office.folder / POLICY
    with Responder(office.files.pki.folder) as services:
        tsa, at = (TimestampServer(services.tsa_url),), datetime.now(UTC)
        with pytest.raises(SigningError, match="no valid chain") as refused:
            extend_and_check(signed.data, PadesLevel.B_LTA, trust=office.trust, tsa=tsa, now=at)
        assert "--policy" in (refused.value.hint or ""), "no anchor vouches for a key on a device"
        extended = extend_and_check(
            signed.data, PadesLevel.B_LTA, trust=office.trust, tsa=tsa, now=at, policy=policy
        )
    report = judged(extended.data, replace(office.options, now=datetime.now(UTC)))
    assert report.verdict is Verdict.VALID
    assert report.signatures[1].level is PadesLevel.B_LTA
    assert report.signatures[1].evidence is Evidence.INTACT
