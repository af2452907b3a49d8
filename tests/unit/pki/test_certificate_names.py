"""The names of certificates, as people are told them."""

from __future__ import annotations

from asn1crypto import x509

from agreegen.messages import translate
from agreegen.model.text import CertificateName
from agreegen.pki.certificates import subject_name


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
