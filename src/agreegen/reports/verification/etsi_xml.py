"""The report as an ETSI TS 119 102-2 validation report (XML)."""

from __future__ import annotations

import base64
from datetime import datetime
from xml.etree import ElementTree as Xml

from agreegen.model.report import FileReport, Report, SignatureReport, TimeSource
from agreegen.model.text import printable
from agreegen.verification.interface import Options

NAMESPACE = "http://uri.etsi.org/19102/v1.2.1#"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_INDICATION = "urn:etsi:019102:mainindication:"
_SUBINDICATION = "urn:etsi:019102:subindication:"


def render_xml(report: Report, options: Options) -> bytes:
    """Render a report as XML in UTF-8.

    One `SignatureValidationReport` for each signature (TS 119 102-2, clause 4.3); a file without signatures
    gets one whose subindication is `NO_SIGNATURE_FOUND`. The certificates are referenced by their SHA-256.
    """
    Xml.register_namespace("", NAMESPACE)
    Xml.register_namespace("ds", DSIG)
    root = Xml.Element(_name("ValidationReport"))
    certificates: dict[str, None] = {}
    for file_number, file in enumerate(report.files):
        if not file.signatures:
            _unsigned(root, file, options)
        for number, signature in enumerate(file.signatures):
            _signature(root, file, signature, f"S-{file_number}-{number}", options)
            digest = dict(signature.details).get("certificate_sha256")
            if digest:
                certificates[digest] = None
    _objects(root, certificates)
    Xml.indent(root)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"


def _text(parent: Xml.Element, local: str, text: str) -> Xml.Element:
    element = Xml.SubElement(parent, _name(local))
    element.text = printable(text)
    return element


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _digest(parent: Xml.Element, sha256: str) -> None:
    element = Xml.SubElement(parent, _name("DigestAlgAndValue"))
    Xml.SubElement(element, f"{{{DSIG}}}DigestMethod", {"Algorithm": SHA256})
    value = Xml.SubElement(element, f"{{{DSIG}}}DigestValue")
    value.text = base64.b64encode(bytes.fromhex(sha256)).decode()


def _times(parent: Xml.Element, moment: datetime, best: datetime | None) -> None:
    info = Xml.SubElement(parent, _name("ValidationTimeInfo"))
    _text(info, "ValidationTime", _time(moment))
    proof = Xml.SubElement(info, _name("BestSignatureTime"))
    _text(proof, "POETime", _time(best or moment))
    _text(proof, "TypeOfProof", "urn:etsi:019102:poetype:validation")


def _document(parent: Xml.Element, file: FileReport) -> None:
    if file.sha256 is not None:
        element = Xml.SubElement(parent, _name("SignersDocument"))
        _digest(element, file.sha256)


def _status(parent: Xml.Element, main: str, sub: str | None, notes: list[tuple[str, str]]) -> None:
    status = Xml.SubElement(parent, _name("SignatureValidationStatus"))
    _text(status, "MainIndication", _INDICATION + main)
    if sub:
        _text(status, "SubIndication", _SUBINDICATION + sub)
    if not notes:
        return
    data = Xml.SubElement(status, _name("AssociatedValidationReportData"))
    more = Xml.SubElement(data, _name("AdditionalValidationReportData"))
    for kind, text in notes:
        item = Xml.SubElement(more, _name("ReportData"))
        _text(item, "Type", f"urn:agreegen:{kind}")
        _text(item, "Value", text)


def _unsigned(root: Xml.Element, file: FileReport, options: Options) -> None:
    element = Xml.SubElement(root, _name("SignatureValidationReport"))
    _times(element, options.now, None)
    _document(element, file)
    _status(element, "indeterminate", "NO_SIGNATURE_FOUND", _file_notes(file))


def _file_notes(file: FileReport) -> list[tuple[str, str]]:
    unaltered = {True: "true", False: "false", None: "null"}[file.unaltered]
    notes = [("path", file.path), ("verdict", file.verdict.value), ("unaltered", unaltered)]
    notes += [(f"alarm:{alarm.code}", str(alarm.message)) for alarm in file.alarms]
    return notes + [(f"remark:{remark.code}", str(remark.message)) for remark in file.remarks]


def _signature(
    root: Xml.Element, file: FileReport, signature: SignatureReport, identifier: str, options: Options
) -> None:
    element = Xml.SubElement(root, _name("SignatureValidationReport"))
    name = Xml.SubElement(element, _name("SignatureIdentifier"), {"id": identifier})
    _text(name, "HashOnly", "false")
    _text(name, "DocHashOnly", "false")
    best = signature.time if signature.time_source is TimeSource.TIMESTAMP else None
    _times(element, options.at or options.now, best)
    _document(element, file)
    digest = dict(signature.details).get("certificate_sha256")
    if digest:
        signer = Xml.SubElement(element, _name("SignerInformation"))
        Xml.SubElement(signer, _name("SignerCertificate"), {"VOReference": f"C-{digest}"})
        _text(signer, "Signer", str(signature.signer or ""))
    process = Xml.SubElement(element, _name("SignatureValidationProcess"))
    _text(process, "SignatureValidationProcessID", "urn:etsi:019102:validationprocess:LTA")
    notes = _file_notes(file)
    for axis in (
        "field",
        "role",
        "kind",
        "integrity",
        "coverage",
        "changes_after",
        "trust",
        "revocation",
        "level",
    ):
        value = signature.to_dict()[axis]
        if value is not None:
            notes.append((axis, str(value)))
    notes += [("reason", str(reason)) for reason in signature.reasons]
    _status(element, signature.indication.value.lower(), signature.subindication, notes)


def _objects(root: Xml.Element, certificates: dict[str, None]) -> None:
    if not certificates:
        return
    objects = Xml.SubElement(root, _name("SignatureValidationObjects"))
    for digest in certificates:
        item = Xml.SubElement(objects, _name("ValidationObject"), {"id": f"C-{digest}"})
        _text(item, "ObjectType", "urn:etsi:019102:validationObject:certificate")
        shown = Xml.SubElement(item, _name("ValidationObjectRepresentation"))
        _digest(shown, digest)
