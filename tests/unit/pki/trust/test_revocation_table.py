"""Good and revoked chains with their lists, before our judge, signing, and OpenSSL."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from asn1crypto import pem

from agreegen.errors import CredentialError
from agreegen.model.report import Revocation
from agreegen.pki.trust.path_status import statuses_of
from agreegen.signing.certificate_checks import check_crls
from agreegen.signing.interface import Trust
from tests.unit.pki.trust.certificate_maker import Entry, Plan, ca, issue, make_list
from tests.unit.verification.authority import DAY, NOW, Holder

CLEAR, REVOKED, UNKNOWN = Revocation.CLEAR, Revocation.REVOKED, Revocation.UNKNOWN


@dataclass(frozen=True)
class Line:
    """Root, authority and signer."""

    root: Holder
    between: Holder
    leaf: Holder

    @property
    def path(self) -> list[bytes]:
        return [self.leaf.der, self.between.der, self.root.der]


def _entry(holder: Holder) -> Entry:
    return Entry(holder.certificate.serial_number, NOW - 2 * DAY)


def _both(line: Line) -> list[bytes]:
    return [make_list(line.root), make_list(line.between)]


TABLE: dict[str, tuple[Callable[[Line], list[bytes]], tuple[Revocation, Revocation]]] = {
    "both current": (_both, (CLEAR, CLEAR)),
    "signer revoked": (
        lambda line: [make_list(line.root), make_list(line.between, [_entry(line.leaf)])],
        (REVOKED, CLEAR),
    ),
    "authority revoked": (
        lambda line: [make_list(line.root, [_entry(line.between)]), make_list(line.between)],
        (CLEAR, REVOKED),
    ),
    "another one revoked": (
        lambda line: [make_list(line.root), make_list(line.between, [_entry(line.root)])],
        (CLEAR, CLEAR),
    ),
    "no list of the authority": (lambda line: [make_list(line.root)], (UNKNOWN, CLEAR)),
    "no list of the root": (lambda line: [make_list(line.between)], (CLEAR, UNKNOWN)),
    "out of date": (
        lambda line: [make_list(line.root), make_list(line.between, at=NOW - 60 * DAY)],
        (UNKNOWN, CLEAR),
    ),
    "by a stranger of the same name": (
        lambda line: [make_list(line.root), make_list(issue(ca("CA")), [_entry(line.leaf)])],
        (UNKNOWN, CLEAR),
    ),
    "with a flipped bit": (
        lambda line: [make_list(line.root), _flipped(make_list(line.between, [_entry(line.leaf)]))],
        (UNKNOWN, CLEAR),
    ),
}


def _flipped(der: bytes) -> bytes:
    return der[:-1] + bytes([der[-1] ^ 1])


@pytest.fixture(scope="module")
def line() -> Line:
    root = issue(ca("Root"))
    between = issue(ca("CA"), root)
    return Line(root, between, issue(Plan("Alice"), between))


@pytest.mark.parametrize("kind", TABLE)
def test_ours(line: Line, kind: str) -> None:
    make, expected = TABLE[kind]
    lists = make(line)
    found = tuple(status.weigh(lists).status for status in statuses_of(line.path, NOW, NOW))
    assert found == expected


@pytest.mark.parametrize("kind", TABLE)
def test_signing(line: Line, kind: str) -> None:
    make, expected = TABLE[kind]
    trust = Trust((line.root.der,), tuple(make(line)))
    if REVOKED in expected:
        with pytest.raises(CredentialError, match="was revoked on"):
            check_crls(line.path, trust, NOW, "seal")
    else:
        told = [finding.code for finding in check_crls(line.path, trust, NOW, "seal")]
        assert told == ["revocation-unknown"] * expected.count(UNKNOWN)


@pytest.mark.parametrize("kind", TABLE)
def test_openssl(line: Line, kind: str, tmp_path: Path) -> None:
    make, expected = TABLE[kind]

    def write(name: str, label: str, *ders: bytes) -> str:
        (tmp_path / name).write_bytes(b"".join(pem.armor(label, der) for der in ders))
        return str(tmp_path / name)

    command = ["openssl", "verify", "-no-CApath", "-crl_check_all", "-attime", str(int(NOW.timestamp()))]
    command += ["-CAfile", write("root.pem", "CERTIFICATE", line.root.der)]
    command += ["-untrusted", write("pool.pem", "CERTIFICATE", line.between.der)]
    command += ["-CRLfile", write("lists.pem", "X509 CRL", *make(line))]
    command += ["-purpose", "any", write("leaf.pem", "CERTIFICATE", line.leaf.der)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode == 0) is (expected == (CLEAR, CLEAR)), done.stderr.decode()
