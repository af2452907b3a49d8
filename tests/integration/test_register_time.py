"""Heads whose time a timestamp service proves, and stamps that prove nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.chain.hashing import link_hash
from agreegen.cli.main import run as agreegen
from agreegen.example_pki.responder import Responder
from agreegen.files import sha256_of
from agreegen.model.document import canonical_json
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.detached import sign_detached
from agreegen.signing.interface import TimestampServer
from tests.integration.batch_support import (
    PEOPLE,
    clock,
    make_pki,
    make_strangers_pki,
    write_job,
    write_roster,
)

_STAMP = "1.2.840.113549.1.9.16.2.14"
"""id-aa-timeStampToken (RFC 3161, appendix A)."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("time") / "pki")


@pytest.fixture(scope="module")
def services(pki: Path) -> Iterator[Responder]:
    with Responder(pki, 0) as responder:
        yield responder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, pki: Path, services: Responder) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "job"
    run_job(write_job(folder, pki, more=f"tsa: {services.tsa_url}\n"), RunSettings(workers=1))
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> Job:
    shutil.copytree(finished, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


def _verify(job: Job, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any, str]:
    """Return exit code, JSON and first line of `register verify`."""
    line = ["register", "verify", "--register", str(job.register_file)]
    line += ["--trust", str(job.path.parent / "pki/trust")]
    capsys.readouterr()
    code = agreegen([*line, "--json"])
    found = json.loads(capsys.readouterr().out)
    agreegen(line)
    return code, found, capsys.readouterr().out.splitlines()[0]


def _restamp(job: Job, stamp: Callable[[bytes], bytes | None]) -> None:
    """Give the last head's signature another stamp, as whoever can write the file can: no key is needed."""
    connection = sqlite3.connect(job.register_file)
    seq, signature = connection.execute(
        "SELECT seq, signature FROM heads ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    changed = _with_stamp(signature, stamp(signature))
    row = connection.execute(
        "SELECT seq, at, kind, document, role, sha256, details FROM events WHERE seq = ?", (seq,)
    ).fetchone()
    (before,) = connection.execute("SELECT hash FROM events WHERE seq = ?", (seq - 1,)).fetchone()
    facts = json.loads(row[6]) | {"signature_sha256": sha256_of(changed)}
    row = (*row[:6], canonical_json(facts).decode())
    tip = link_hash(before, row)
    connection.execute("UPDATE heads SET signature = ? WHERE seq = ?", (changed, seq))
    connection.execute("UPDATE events SET details = ?, hash = ? WHERE seq = ?", (row[6], tip, seq))
    connection.execute("UPDATE meta SET value = ? WHERE key = 'tip-hash'", (tip.hex(),))
    connection.commit()
    connection.close()


def _with_stamp(signature: bytes, token: bytes | None) -> bytes:
    content = cms.ContentInfo.load(signature)
    signer = content["content"]["signer_infos"][0]
    attributes = [each for each in signer["unsigned_attrs"] if each["type"].dotted != _STAMP]
    if token is not None:
        stamp = cms.CMSAttribute({"type": _STAMP, "values": [cms.ContentInfo.load(token)]})
        attributes.append(stamp)
    signer["unsigned_attrs"] = cms.CMSAttributes(attributes)
    return bytes(content.dump(force=True))


def _token_of(signature: bytes) -> bytes:
    signer = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]
    stamp = next(each for each in signer["unsigned_attrs"] if each["type"].dotted == _STAMP)
    return bytes(stamp["values"][0].dump())


def _stamped_by(pki: Path, url: str, data: bytes) -> bytes:
    """Sign something with a stamp of a service."""
    credential = load_credential(pki / "credentials/unit-seal.yaml")
    try:
        return sign_detached(data, credential, clock(), (TimestampServer(url),))
    finally:
        credential.close()


def test_the_time_of_the_last_head_is_proved(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    code, found, line = _verify(job, capsys)
    assert (code, found["problems"]) == (0, [])
    assert found["head"]["time_proved"] is True
    assert found["head"]["time"] is not None
    assert "proved by a timestamp" in line


def test_a_stamp_over_something_else_is_a_problem(
    job: Job, pki: Path, services: Responder, capsys: pytest.CaptureFixture[str]
) -> None:
    _restamp(job, lambda _: _token_of(_stamped_by(pki, services.tsa_url, b"something else")))
    code, found, line = _verify(job, capsys)
    assert (code, [problem["code"] for problem in found["problems"]]) == (1, ["head-signature"])
    assert found["head"]["time_proved"] is False
    assert "proved" not in line


def test_a_stamp_of_a_stranger_proves_no_time(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service is none that the anchors know: the time is what the signature claims, and that is said."""
    strangers = make_strangers_pki(tmp_path / "strangers")
    with Responder(strangers, 0) as theirs:

        def stamp(signature: bytes) -> bytes:
            value = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]["signature"].native
            return _stamp(theirs.tsa_url, value)

        _restamp(job, stamp)
    _, found, line = _verify(job, capsys)
    assert found["head"]["time_proved"] is False
    assert "proved" not in line


def test_a_stamp_that_was_taken_away_is_found(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """No signature covers it: an event under the head says that it is there."""
    _restamp(job, lambda _: None)
    code, found, line = _verify(job, capsys)
    assert (code, [problem["code"] for problem in found["problems"]]) == (1, ["head-changed"])
    assert found["head"]["time_proved"] is False
    assert "proved" not in line


def test_without_a_service_the_run_says_so_and_goes_on(
    job: Job, services: Responder, capsys: pytest.CaptureFixture[str]
) -> None:
    write_roster(job.path.parent, [*PEOPLE, "T004,赵六,,某县普查办,否"])
    services.out_of_service = {"tsa"}
    try:
        summary = run_job(read_job(job.path), RunSettings(workers=1))
    finally:
        services.out_of_service = set()
    assert (summary.done, summary.already_done) == (1, 3)
    assert any("could not be proved" in str(warning) for warning in summary.warnings)
    code, found, _ = _verify(job, capsys)
    assert (code, found["head"]["time_proved"]) == (0, False)


def _stamp(url: str, data: bytes) -> bytes:
    from agreegen.signing.services.timestamps import TimestampClient  # noqa: PLC0415 - loads HTTP

    with TimestampClient((TimestampServer(url),), trust=None) as client:
        return client.timestamp(data)
