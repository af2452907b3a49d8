"""The table of chains before our judge and, where they can judge, before OpenSSL and the library."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from asn1crypto import pem
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.errors import PathBuildingError, ValidationError
from pyhanko_certvalidator.policy_decl import AcceptAllAlgorithms

from agreegen.errors import CredentialError
from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.pki.trust.chain import ChainBuilder
from agreegen.signing.certificate_paths import find_path
from agreegen.signing.interface import Trust
from tests.unit.pki.trust.certificate_maker import parsed
from tests.unit.pki.trust.chain_table import CERTVALIDATOR, OPENSSL, TABLE, Case
from tests.unit.verification.authority import NOW, Holder


@pytest.fixture(scope="module", params=TABLE, ids=lambda kind: kind.replace(" ", "-"))
def case(request: pytest.FixtureRequest) -> Case:
    return TABLE[request.param]()


def test_ours(case: Case) -> None:
    builder = ChainBuilder(parsed(*case.anchors), parsed(*case.pool), (SM2_DEFAULT_ID,))
    chain = builder.chain(parsed(case.leaf)[0], NOW)
    assert (chain.problem is None) is case.holds, chain.sentence
    assert case.holds or chain.sentence


def test_signing_asks_the_same_judge(case: Case) -> None:
    """There is one judge of paths; what `verify` would not take is not signed with."""
    trust = Trust(tuple(anchor.der for anchor in case.anchors))
    pool = [holder.der for holder in case.pool]
    if case.holds:
        path = find_path(case.leaf.der, pool, trust, NOW, "seal")
        assert (path[0], path[-1] in trust.anchors_der) == (case.leaf.der, True)
    else:
        with pytest.raises(CredentialError, match="no valid chain"):
            find_path(case.leaf.der, pool, trust, NOW, "seal")


def test_openssl(case: Case, tmp_path: Path) -> None:
    if OPENSSL not in case.judges:
        pytest.skip("OpenSSL cannot judge this one, or sees it otherwise")

    def write(name: str, holders: tuple[Holder, ...]) -> str:
        path = tmp_path / name
        path.write_bytes(b"".join(pem.armor("CERTIFICATE", holder.der) for holder in holders))
        return str(path)

    command = ["openssl", "verify", "-partial_chain", "-no-CApath", "-attime", str(int(NOW.timestamp()))]
    command += ["-CAfile", write("anchors.pem", case.anchors), "-purpose", "any"]
    if case.pool:
        command += ["-untrusted", write("pool.pem", case.pool)]
    done = subprocess.run([*command, write("leaf.pem", (case.leaf,))], capture_output=True, check=False)
    assert (done.returncode == 0) is case.holds, done.stderr.decode()


def test_certvalidator(case: Case) -> None:
    if CERTVALIDATOR not in case.judges:
        pytest.skip("the library cannot judge this one, or sees it otherwise")
    context = ValidationContext(
        trust_roots=[
            CertTrustAnchor(anchor, derive_default_quals_from_cert=True) for anchor in parsed(*case.anchors)
        ],
        moment=NOW,
        allow_fetching=False,
        revocation_mode="soft-fail",
        algorithm_usage_policy=AcceptAllAlgorithms(),
    )
    validator = CertificateValidator(
        parsed(case.leaf)[0], intermediate_certs=parsed(*case.pool), validation_context=context
    )
    try:
        asyncio.run(validator.async_validate_path())
    except (PathBuildingError, ValidationError):
        holds = False
    else:
        holds = True
    assert holds is case.holds
