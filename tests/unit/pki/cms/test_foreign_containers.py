"""Signatures of other standards are named as unsupported, neither skipped nor called broken."""

from __future__ import annotations

import pytest
from asn1crypto import core

from agreegen.model.report import Integrity
from agreegen.pki.cms.container_check import check_container


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 0x80 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + length + body


def gm_t_0010() -> bytes:
    kind = core.ObjectIdentifier("1.2.156.10197.6.1.4.2.2").dump()
    return der(0x30, kind, der(0xA0, der(0x30, der(0x02, b"\x01"))))


def gb_t_38540(rest: int) -> bytes:
    header = der(0x30, der(0x16, b"ES"), der(0x02, b"\x04"), der(0x16, b"vendor"))
    seal = der(0x30, der(0x30, header, der(0x16, b"seal"), der(0x04, bytes(rest))))
    return der(0x30, der(0x30, der(0x02, b"\x04"), seal), der(0x04, b"certificate"))


@pytest.mark.parametrize(
    ("container", "named"),
    [(gm_t_0010(), "GM/T 0010"), (gb_t_38540(8), "GB/T 38540"), (gb_t_38540(3_000), "GB/T 38540")],
)
def test_containers_of_chinese_standards_are_unsupported(container: bytes, named: str) -> None:
    facts = check_container(
        container + bytes(64), lambda name: b"", subfilter="ETSI.CAdES.detached", max_cms_bytes=1 << 20
    )
    assert facts.integrity is Integrity.UNSUPPORTED
    assert any(named in str(reason) for reason in facts.reasons)
