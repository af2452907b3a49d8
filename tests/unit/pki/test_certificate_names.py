"""The names of certificates, as people are told them."""

from __future__ import annotations

import pytest
from asn1crypto import x509

from agreegen.messages import translate
from agreegen.model.text import CertificateName
from agreegen.pki.certificates import load_certificates, same_name, subject_name
from tests.unit.pki.trust.certificate_maker import Plan, issue


def test_a_name_that_cannot_be_read_is_told_in_the_language_of_the_reader() -> None:
    broken = x509.Name.build({"common_name": "A"}).dump().replace(b"\x0c\x01A", b"\x1e\x01A")
    certificate = x509.TbsCertificate({"subject": x509.Name.load(broken)})
    name = subject_name(certificate)
    assert str(name) == "(unreadable name)"
    assert "无法读取" in translate(name, "zh")


def test_a_full_name_is_told_without_the_english_names_of_its_parts() -> None:
    name = CertificateName("Common Name: 普查办, Organization: EXAMPLE 样例, Country: CN")
    assert translate(name, "zh") == "普查办（EXAMPLE 样例）"
    assert translate(name, "en") == name.text
    seal = CertificateName("Common Name: 普查办, Organizational Unit: 档案印章, Organization: 普查办")
    assert translate(seal, "zh") == "普查办（档案印章）"
    assert translate(CertificateName("Organization: 普查办, Country: CN"), "zh") == "普查办、CN"


@pytest.mark.parametrize("character", "\u4dbf\u9fff\U0002a700\U0002b740\U0002cc56\U0002ebe0")
def test_a_name_may_have_every_character_of_the_standard(character: str) -> None:
    """Unicode 3.2, which RFC 4518 names, ends before Extension C; people carry such names."""
    (certificate,) = load_certificates([issue(Plan(f"吴{character}")).der])
    assert subject_name(certificate) == f"吴{character}"
    other = x509.Name.build({"common_name": f"吴 {character}"})
    assert same_name(certificate.subject, x509.Name.load(certificate.subject.dump()))
    assert not same_name(certificate.subject, other)


@pytest.mark.parametrize("character", "\U000e0080\U0002fffe\ue000")
def test_a_name_has_no_characters_without_a_meaning(character: str) -> None:
    """Not assigned even today, no character at all, or a private one that each machine reads its own way."""
    assert load_certificates([issue(Plan(f"吴{character}")).der]) == []
