"""Shared PKI of the verifier's tests."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.unit.verification.authority import NOW, YEAR, Authority, Holder, blank_pdf, sign
from tests.unit.verification.own_files import OwnFiles, make_own_files


@dataclass
class Pki:
    """Root, CA, one signer and one timestamp service."""

    root: Authority
    ca: Authority
    alice: Holder
    tsa: Holder

    def crls(self) -> tuple[bytes, ...]:
        """Current lists of both authorities, nobody revoked."""
        return self.root.crl(), self.ca.crl()


@pytest.fixture(scope="session")
def pki() -> Pki:
    root = Authority.root()
    ca = root.sub_authority(start=NOW - 5 * YEAR)
    tsa = ca.issue(
        "Test TSA", usages=[ExtendedKeyUsageOID.TIME_STAMPING], start=NOW - 4 * YEAR, end=NOW + 3 * YEAR
    )
    return Pki(root, ca, ca.issue("Alice"), tsa)


@pytest.fixture(scope="session")
def signed(pki: Pki) -> bytes:
    """A file signed by Alice, level B-B."""
    return sign(blank_pdf(), pki.alice, pki.ca.holder)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> OwnFiles:
    """Files of our own making."""
    return make_own_files(tmp_path_factory.mktemp("own"))
