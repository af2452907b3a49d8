"""Services whose answers arrive damaged: `extend` ends with exit 6 and no file, or with a right file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agreegen.cli.main import run
from agreegen.errors import ExitCode
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.model.report import PadesLevel, Verdict
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import SigningRequest, TimestampServer
from agreegen.signing.pades import sign_pdf
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.soak.containers import damage_der
from tests.unit.signing.conftest import make_pdf

ROUNDS = 40


class Damaging(Responder):
    """A responder that damages what one of its services answers.

    Attributes:
        service: Whose answers: `tsa`, `ocsp`, `crl`, or nobody's.
        chance: Decides how.
    """

    service = ""
    chance = random.Random(0)

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, str, bytes]:
        """Answer a request, and damage the answer where it is that service's."""
        status, media, data = super().answer(method, path, body, authorization)
        if not self.service or path.split("/")[1] != self.service:
            return status, media, data
        way = self.chance.random()
        if way < 0.15:
            data = data[: self.chance.randrange(len(data))]
        elif way < 0.3:
            data = self.chance.randbytes(self.chance.randrange(300))
        elif way < 0.6:
            place = self.chance.randrange(len(data))
            data = data[:place] + bytes([data[place] ^ (1 << self.chance.randrange(8))]) + data[place + 1 :]
        else:
            data = damage_der(self.chance, data)
        return status, media, data


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    folder = tmp_path_factory.mktemp("damaged") / "pki"
    return make_example_pki(folder, now=datetime.now(UTC), key_bits=2048, people=(), port=free_port())


@pytest.fixture(scope="module")
def services(pki: ExamplePki) -> Iterator[Damaging]:
    with Damaging(pki.folder) as responder:
        yield responder


@pytest.fixture(scope="module")
def anchors(pki: ExamplePki, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The anchors without the lists that lie beside them, so that the services are asked."""
    folder = tmp_path_factory.mktemp("anchors")
    for path in pki.trust.glob("*.pem"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize("service", ["tsa", "ocsp", "crl"])
def test_damaged_answers(
    service: str, pki: ExamplePki, services: Damaging, anchors: Path, tmp_path: Path
) -> None:
    services.service = ""
    trust = load_trust([anchors])
    credential = load_credential(pki.credential("unit-seal"))
    tsa = (TimestampServer(services.tsa_url),)
    request = SigningRequest("unit", PadesLevel.B_T, datetime.now(UTC), trust, tsa)
    source, target = tmp_path / "in.pdf", tmp_path / "out.pdf"
    source.write_bytes(sign_pdf(make_pdf(attachment=False), credential, request).data)
    line = ["extend", str(source), "-o", str(target), "--level", "B-LTA", "--tsa", services.tsa_url]
    services.service, services.chance = service, random.Random(service)
    codes: list[int] = []
    try:
        for _ in range(ROUNDS):
            codes.append(run(["-q", *line, "--trust", str(anchors)]))
            assert target.exists() is (codes[-1] == ExitCode.DONE)
            assert not list(tmp_path.glob(".agreegen-*"))
            if target.exists():
                moment = datetime.now(UTC) + timedelta(minutes=1)
                options = Options(now=moment, anchors_der=trust.anchors_der)
                report = verify_bytes("a", target.read_bytes(), options)
                assert report.verdict is Verdict.VALID, report.signatures[0].reasons
                target.unlink()
    finally:
        services.service = ""
    assert set(codes) <= {ExitCode.DONE, ExitCode.SIGNING}
    assert ExitCode.SIGNING in codes or service == "ocsp"  # a list stands in for a damaged OCSP answer


@pytest.mark.parametrize("name", ["root.pem", "ca.crl"])
def test_damaged_trust(name: str, pki: ExamplePki, tmp_path: Path) -> None:
    chance = random.Random(name)
    source, target, trust = tmp_path / "in.pdf", tmp_path / "out.pdf", tmp_path / name
    source.write_bytes(make_pdf(attachment=False))
    whole = (pki.trust / name).read_bytes()
    line = ["sign", str(source), "-o", str(target), "--role", "unit"]
    line += ["--credential", str(pki.credential("unit-seal")), "--trust", str(pki.trust / "root.pem")]
    codes: list[int] = []
    for _ in range(ROUNDS):
        place = chance.randrange(len(whole))
        trust.write_bytes(whole[:place] + chance.randbytes(3) + whole[place + 3 :])
        codes.append(run(["-q", *line, "--trust", str(trust)]))
        assert target.exists() is (codes[-1] == ExitCode.DONE)
        target.unlink(missing_ok=True)
    assert set(codes) <= {ExitCode.DONE, ExitCode.SIGNING}
    assert codes.count(ExitCode.SIGNING) > 0
