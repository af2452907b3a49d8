"""Passphrases, passwords and keys: not in what is printed, logged or written, in no argument and no task."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12, serialize_key_and_certificates

from agreegen.batch.job.job_file import read_job
from agreegen.batch.making.outcomes import WorkerSettings
from agreegen.batch.workers.key_holder import KeyHolder
from agreegen.conversion.interface import EngineChoice
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.signing.trust import load_trust

PASSPHRASE = "k7Geheim-passphrase-4711"
PASSWORD = "k7Geheim-password-0815"


@dataclass
class Office:
    """A job with a sealed key, a service that asks for a password, and a folder for temporary files."""

    folder: Path
    pki: ExamplePki
    responder: Responder
    needles: list[bytes] = field(default_factory=list)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run the program with all its logs, watching the command lines of all that it starts."""
        environment = {**os.environ, "TMPDIR": str(self.folder / "tmp")}
        program = Path(sys.executable).with_name("agreegen")
        running = subprocess.Popen(
            [str(program), "-vv", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        seen: set[bytes] = set()
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(seen, done))
        watcher.start()
        out, err = running.communicate(timeout=180)
        done.set()
        watcher.join()
        self.refuse_needles(b"\n".join(seen), "a command line")
        return subprocess.CompletedProcess(running.args, running.returncode, out, err)

    def _watch(self, seen: set[bytes], done: threading.Event) -> None:
        while not done.is_set():
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(entry.read_bytes())
                except OSError:
                    continue
            time.sleep(0.05)

    def refuse_needles(self, data: bytes, where: str) -> None:
        for number, needle in enumerate(self.needles):
            assert needle not in data, f"needle {number} stands in {where}"

    def check(self, result: subprocess.CompletedProcess[bytes]) -> None:
        self.refuse_needles(result.stdout, "standard output")
        self.refuse_needles(result.stderr, "standard error")
        for place in ("out", "tmp", "bag"):
            for path in (self.folder / place).rglob("*"):
                if path.is_file():
                    self.refuse_needles(path.read_bytes(), str(path))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = datetime.now(UTC)
    pki = make_example_pki(tmp_path / "pki", now=made, key_bits=2048, people=(), port=free_port())
    old = (pki.credentials / "unit-seal.pass").read_bytes().strip()
    store = load_pkcs12((pki.credentials / "unit-seal.p12").read_bytes(), old)
    assert store.cert is not None
    assert isinstance(store.key, rsa.RSAPrivateKey)
    chain = [c.certificate for c in store.additional_certs]
    sealed = serialize_key_and_certificates(
        b"seal", store.key, store.cert.certificate, chain, BestAvailableEncryption(PASSPHRASE.encode())
    )
    for name, data in (("seal.p12", sealed), ("pass", PASSPHRASE.encode()), ("word", PASSWORD.encode())):
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
    for name in ("tmp", "out", "bag"):
        (tmp_path / name).mkdir()
    plain = store.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    # From the middle of the key: its secret numbers, whatever wrapping they are in.
    numbers = plain[len(plain) // 2 : len(plain) // 2 + 24]
    with Responder(pki.folder) as responder:
        responder.basic_auth = ("office", PASSWORD)
        (tmp_path / "tsa.yaml").write_text(
            f"url: {responder.tsa_url}\nusername: office\npassword: {{file: word}}\n"
        )
        (tmp_path / "seal.yaml").write_text("kind: pkcs12\nfile: seal.p12\npassphrase: {file: pass}\n")
        (tmp_path / "roster.csv").write_text("姓名,编号\n张伟,HN0001\n李秀英,HN0002\n王芳,HN0003\n", "utf-8")
        (tmp_path / "job.yaml").write_text(
            "form: personal-pledge\nroster: {file: roster.csv}\noutput: out\ntsa: tsa.yaml\n"
            "trust: [pki/trust]\n"
            "signatures:\n  - {role: unit, credential: seal.yaml, level: B-T}\n"
            "archive: {bags: bag, documents_per_bag: 10, credential: seal.yaml}\n"
        )
        needles = [PASSPHRASE.encode(), PASSWORD.encode(), numbers, numbers.hex().encode()]
        yield Office(tmp_path, pki, responder, needles)


def test_a_run_that_goes_well(office: Office) -> None:
    result = office.run("batch", "run", "job.yaml", "--workers", "2", "--json")
    assert result.returncode == 0, result.stderr.decode()
    office.check(result)
    assert b"DEBUG" in result.stderr  # the logs were on


def test_runs_that_fail(office: Office) -> None:
    """A wrong passphrase, a broken key file, a service that refuses: nothing quotes any of it."""
    (office.folder / "pass").write_text(PASSPHRASE + "-wrong")
    wrong = office.run("batch", "run", "job.yaml")
    assert wrong.returncode == 6
    office.check(wrong)
    (office.folder / "pass").write_text(PASSPHRASE)
    whole = (office.folder / "seal.p12").read_bytes()
    (office.folder / "seal.p12").write_bytes(whole[: len(whole) // 2])
    broken = office.run("credentials", "check", "seal.yaml")
    assert broken.returncode == 6
    office.check(broken)
    (office.folder / "seal.p12").write_bytes(whole)
    office.responder.basic_auth = ("office", "another")
    refused = office.run("batch", "run", "job.yaml", "--workers", "1")
    assert b"pending" in refused.stdout
    office.check(refused)


def test_tasks_carry_no_secret(office: Office) -> None:
    """What goes to worker processes, for keys that they load themselves and for those they must not."""
    job = read_job(office.folder / "job.yaml")
    trust = load_trust([office.pki.trust])
    with KeyHolder() as holder:
        credential, shareable = holder.load(office.folder / "seal.yaml")
        remote = holder.share(credential)
        assert shareable
        for keys in ({}, {0: remote}):
            settings = WorkerSettings(job, trust, EngineChoice.AUTO, keys, 2)
            office.refuse_needles(pickle.dumps(settings), "the settings of a worker")
            office.refuse_needles(repr(settings).encode(), "the settings' text")
        office.refuse_needles(repr((credential, credential.signer, remote)).encode(), "a credential's text")
