"""Bags of a real batch, against independent judges and a tamper table."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import bagit
import pytest

from agreegen.archive.create import create_bag
from agreegen.archive.interface import BagLimits, BagReport, BagRequest
from agreegen.archive.manifests import manifest_lines
from agreegen.archive.verify import verify_bag
from agreegen.batch.interface import RunSettings
from agreegen.batch.job.register_signers import recorder_for_bag
from agreegen.batch.running.run import run_job
from agreegen.errors import ArchiveError, TimestampError, UsageError
from agreegen.example_pki.responder import Responder
from agreegen.files import sha256_of_file
from agreegen.register.interface import DocumentState
from agreegen.register.store import Register
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import TimestampServer, Trust
from agreegen.signing.trust import load_trust
from agreegen.verification.detached import SealState
from agreegen.verification.interface import Options
from tests.integration.batch_support import clock, make_pki, make_strangers_pki, write_job

pytestmark = pytest.mark.libreoffice

ID_NUMBER = b"11010519491231002X"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("archive") / "pki")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Path:
    job = write_job(tmp_path_factory.mktemp("job"), pki)
    assert run_job(job, RunSettings(workers=1)).done == 3
    return job.output


@pytest.fixture(scope="module")
def trust(pki: Path) -> Trust:
    return load_trust([pki / "trust"])


@pytest.fixture(scope="module")
def tsa(pki: Path) -> Iterator[TimestampServer]:
    with Responder(pki, port=0) as responder:
        yield TimestampServer(responder.tsa_url)


def _request(pki: Path, source: Path, bag: Path, trust: Trust) -> BagRequest:
    credential = load_credential(pki / "credentials/archive-seal.yaml")
    return BagRequest(source=source, bag=bag, credential=credential, now=clock(), trust=trust)


@pytest.fixture(scope="module")
def sealed(
    tmp_path_factory: pytest.TempPathFactory, pki: Path, output: Path, trust: Trust, tsa: TimestampServer
) -> Path:
    """A bag of the batch with signature and token."""
    source = tmp_path_factory.mktemp("copy") / "out"
    shutil.copytree(output, source)
    bag = tmp_path_factory.mktemp("bags") / "bag"
    request = replace(_request(pki, source, bag, trust), tsa=(tsa,))
    with recorder_for_bag(source, request.credential, now=request.now) as recorder:
        summary = create_bag(request, recorder=recorder)
    assert (summary.documents, summary.timestamped) == (3, True)
    with Register.open(source / "register.db", read_only=True) as register:
        assert {row.state for row in register.documents()} == {DocumentState.ARCHIVED}
        assert {row.bag for row in register.documents()} == {"bag"}
    return bag


def _options(trust: Trust) -> Options:
    return Options(now=clock(), anchors_der=trust.anchors_der)


def test_a_bag_is_valid_with_its_own_revocation_lists(sealed: Path, trust: Trust) -> None:
    report = verify_bag(sealed, _options(trust))
    assert report.problems == ()
    assert (report.signature.state, report.token.state) == (SealState.VALID, SealState.VALID)
    assert report.proven_time is not None
    assert report.documents.counts()["valid"] == 3
    assert report.valid
    assert report.to_dict()["valid"] is True


def test_without_anchors_nothing_is_valid(sealed: Path) -> None:
    """The bag's own certificates are evidence, never anchors."""
    report = verify_bag(sealed, Options(now=clock()))
    assert report.signature.state is SealState.INDETERMINATE
    assert not report.valid


def test_other_anchors_do_not_do(sealed: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = load_trust([make_strangers_pki(tmp_path_factory.mktemp("other") / "pki") / "trust"])
    assert not verify_bag(sealed, _options(other)).valid


def test_documents_are_judged_at_the_proven_time(sealed: Path, trust: Trust) -> None:
    """Long after the revocation lists have run out, the token still ties the documents to its time."""
    report = verify_bag(sealed, _options(trust))
    later = verify_bag(sealed, replace(_options(trust), now=clock() + timedelta(days=300)))
    assert report.proven_time == later.proven_time
    assert later.documents.counts()["valid"] == 3


def test_sha256sum_agrees(sealed: Path) -> None:
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--strict", "--quiet", manifest], cwd=sealed, check=True)


def test_bagit_agrees(sealed: Path) -> None:
    assert bagit.Bag(str(sealed)).validate() is True


def test_openssl_agrees(sealed: Path, pki: Path, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors.pem"
    anchors.write_bytes(b"".join(path.read_bytes() for path in sorted((pki / "trust").glob("*.pem"))))
    chain = tmp_path / "chain.pem"
    with chain.open("wb") as file:
        for path in sorted((sealed / "data/certificates").glob("*.cer")):
            done = subprocess.run(
                ["openssl", "x509", "-inform", "DER", "-in", str(path)], capture_output=True, check=False
            )
            file.write(done.stdout)
    data = sealed / "tagmanifest-sha256.txt"
    arguments = ["openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-purpose", "any"]
    arguments += ["-in", f"{data}.p7s", "-content", str(data), "-CAfile", str(anchors), "-out", os.devnull]
    subprocess.run(arguments, check=True, capture_output=True)
    arguments = ["openssl", "ts", "-verify", "-token_in", "-in", f"{data}.tsr", "-data", str(data)]
    arguments += ["-CAfile", str(anchors), "-untrusted", str(chain)]
    assert b"Verification: OK" in subprocess.run(arguments, check=True, capture_output=True).stdout


def test_id_numbers_stand_in_private_files_only(sealed: Path) -> None:
    holders = [path for path in sealed.rglob("*") if path.is_file() and ID_NUMBER in path.read_bytes()]
    assert sorted(path.relative_to(sealed).as_posix() for path in holders) == [
        "data/parameters/00001/T001.pdf.json",
        "data/register.csv",
    ]
    assert {path.stat().st_mode & 0o777 for path in holders} == {0o600}


def test_id_numbers_can_be_left_out(pki: Path, output: Path, trust: Trust, tmp_path: Path) -> None:
    source = tmp_path / "out"
    shutil.copytree(output, source)
    create_bag(replace(_request(pki, source, tmp_path / "bag", trust), omit_ids=True))
    assert not [
        path for path in (tmp_path / "bag").rglob("*") if path.is_file() and ID_NUMBER in path.read_bytes()
    ]
    assert verify_bag(tmp_path / "bag", _options(trust)).valid


def test_a_folder_without_register_makes_a_bag(pki: Path, output: Path, trust: Trust, tmp_path: Path) -> None:
    shutil.copytree(output / "documents", tmp_path / "plain")
    summary = create_bag(_request(pki, tmp_path / "plain", tmp_path / "bag", trust))
    assert summary.documents == 3
    report = verify_bag(tmp_path / "bag", _options(trust))
    assert report.valid
    assert report.token.state is SealState.MISSING


def test_what_the_register_does_not_know_is_not_archived(
    pki: Path, output: Path, trust: Trust, tmp_path: Path
) -> None:
    source = tmp_path / "out"
    shutil.copytree(output, source)
    document = next((source / "documents").rglob("*.pdf"))
    document.write_bytes(document.read_bytes() + b"\n")
    with pytest.raises(ArchiveError, match="not the file that the register knows"):
        create_bag(_request(pki, source, tmp_path / "bag", trust))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_nothing_is_left_when_the_timestamp_fails(
    pki: Path, output: Path, trust: Trust, tmp_path: Path
) -> None:
    dead = TimestampServer("http://127.0.0.1:9/", timeout_s=0.2)
    shutil.copytree(output / "documents", tmp_path / "plain")
    with pytest.raises(TimestampError):
        create_bag(replace(_request(pki, tmp_path / "plain", tmp_path / "bag", trust), tsa=(dead,)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain"]


def test_names_that_other_judges_read_differently_are_refused_together(
    pki: Path, output: Path, trust: Trust, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    names = ("100%.pdf", "two\nlines.pdf", "\u00e9.pdf", "e\u0301.pdf", "right.pdf")
    for name in names:
        shutil.copy(next((output / "documents").rglob("*.pdf")), tmp_path / "in" / name)
    with pytest.raises(ArchiveError) as refused:
        create_bag(_request(pki, tmp_path / "in", tmp_path / "bag", trust))
    told = str(refused.value)
    assert all(part in told for part in ("100%.pdf", "percent", "two\\nlines.pdf", "NFC", "NFD"))
    assert "right.pdf" not in told


def test_a_bag_that_waited_aside_when_its_replacement_was_killed_comes_back(
    pki: Path, output: Path, trust: Trust, tmp_path: Path
) -> None:
    bag = tmp_path / "bag"
    create_bag(_request(pki, output, bag, trust))
    assert bag.stat().st_mode & 0o777 == 0o755
    bag.rename(tmp_path / ".agreegen-bag-old")
    with pytest.raises(UsageError, match="exists already"):
        create_bag(_request(pki, output, bag, trust))
    assert (bag / "bagit.txt").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag"]


def test_targets_are_not_overwritten(pki: Path, output: Path, trust: Trust, tmp_path: Path) -> None:
    shutil.copytree(output / "documents", tmp_path / "plain")
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag/precious.txt").write_text("keep me")
    request = _request(pki, tmp_path / "plain", tmp_path / "bag", trust)
    with pytest.raises(UsageError, match="exists already"):
        create_bag(request)
    with pytest.raises(UsageError, match="is not a bag"):
        create_bag(replace(request, force=True))
    assert (tmp_path / "bag/precious.txt").read_text() == "keep me"
    create_bag(replace(request, bag=tmp_path / "second"))
    create_bag(replace(request, bag=tmp_path / "second", force=True))
    assert verify_bag(tmp_path / "second", _options(trust)).valid
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "plain", "second"]


def _append(name: str) -> Callable[[Path], None]:
    def tamper(bag: Path) -> None:
        with (bag / name).open("ab") as file:
            file.write(b"\n")

    return tamper


def _flip(name: str, at: float = 0.5) -> Callable[[Path], None]:
    def tamper(bag: Path) -> None:
        data = bytearray((bag / name).read_bytes())
        data[int(len(data) * at)] ^= 1
        (bag / name).write_bytes(data)

    return tamper


def _add(name: str, data: bytes = b"x") -> Callable[[Path], None]:
    def tamper(bag: Path) -> None:
        (bag / name).parent.mkdir(parents=True, exist_ok=True)
        (bag / name).write_bytes(data)

    return tamper


def _remove(name: str) -> Callable[[Path], None]:
    return lambda bag: (bag / name).unlink()


def _link(bag: Path) -> None:
    path = bag / "data/documents/00001/T001.pdf"
    path.rename(bag.parent / "outside.pdf")
    path.symlink_to(bag.parent / "outside.pdf")


def _link_folder(bag: Path) -> None:
    (bag / "data/crls").rename(bag.parent / "crls")
    (bag / "data/crls").symlink_to(bag.parent / "crls")


def _list_more(line: str) -> Callable[[Path], None]:
    """Add a line to the payload manifest and mend the tag manifest, as a forger without the key would."""

    def tamper(bag: Path) -> None:
        with (bag / "manifest-sha256.txt").open("a") as file:
            file.write(line + "\n")
        _mend(bag)

    return tamper


def _mend(bag: Path) -> None:
    names = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
    listed = b"".join(manifest_lines((name, sha256_of_file(bag / name)) for name in sorted(names)))
    (bag / "tagmanifest-sha256.txt").write_bytes(listed)


def _exchange_and_mend(bag: Path) -> None:
    """Exchange a document and mend every hash: only the signature can tell."""
    target = bag / "data/documents/00001/T001.pdf"
    target.write_bytes((bag / "data/documents/00001/T002.pdf").read_bytes())
    payload = {
        path.relative_to(bag).as_posix(): sha256_of_file(path)
        for path in (bag / "data").rglob("*")
        if path.is_file()
    }
    (bag / "manifest-sha256.txt").write_bytes(b"".join(manifest_lines(sorted(payload.items()))))
    sizes = [(bag / path).stat().st_size for path in payload]
    info = (bag / "bag-info.txt").read_text().splitlines()
    lines = [line for line in info if not line.startswith("Payload-Oxum")]
    (bag / "bag-info.txt").write_text("\n".join([*lines, f"Payload-Oxum: {sum(sizes)}.{len(sizes)}"]) + "\n")
    _mend(bag)


def _wrong_oxum(bag: Path) -> None:
    text = (bag / "bag-info.txt").read_text()
    (bag / "bag-info.txt").write_text(text.replace("Payload-Oxum: ", "Payload-Oxum: 1"))
    _mend(bag)


ZERO = "0" * 64
TAMPERS: list[tuple[Callable[[Path], None], str]] = [
    (_append("data/documents/00001/T001.pdf"), "changed"),
    (_flip("data/documents/00001/T002.pdf"), "changed"),
    (_flip("data/parameters/00001/T002.pdf.json"), "changed"),
    (_flip("data/register.csv"), "changed"),
    (_flip("data/verification-report.json"), "changed"),
    (_flip("data/verification-report.html"), "changed"),
    (_flip("bag-info.txt"), "changed"),
    (_flip("manifest-sha256.txt"), "changed"),
    (_append("bagit.txt"), "declaration"),
    (_remove("bagit.txt"), "missing"),
    (_remove("manifest-sha256.txt"), "missing"),
    (_remove("tagmanifest-sha256.txt"), "missing"),
    (_remove("bag-info.txt"), "missing"),
    (_remove("data/register.csv"), "missing"),
    (_remove("tagmanifest-sha256.txt.tsr"), "missing"),
    (_add("data/documents/extra.pdf"), "unlisted"),
    (_add("extra.txt"), "unlisted"),
    (_add("tags/extra.txt"), "unlisted"),
    (_add("manifest-md5.txt", b""), "unlisted"),
    (_add("tagmanifest-sha512.txt", b""), "unlisted"),
    (_add("fetch.txt", b"http://example.invalid/ 1 data/x\n"), "fetch"),
    (_add("data/back\\slash"), "path"),
    (_add("data/Register.csv"), "path"),
    (_add("data/zero\u200bwidth"), "path"),
    (_link, "link"),
    (_link_folder, "link"),
    (_list_more(f"{ZERO}  data/../../etc/passwd"), "manifest"),
    (_list_more(f"{ZERO}  /etc/passwd"), "manifest"),
    (_list_more(f"{ZERO}  data/%2e%2e/x"), "manifest"),
    (_list_more(f"{ZERO}  data/./register.csv"), "manifest"),
    (_list_more(f"{ZERO}  data/register.csv"), "manifest"),
    (_list_more(f"{ZERO}  DATA/register.csv"), "manifest"),
    (_list_more("not a line"), "manifest"),
    (_list_more(f"{ZERO}  data/gone.pdf"), "missing"),
    (_wrong_oxum, "oxum"),
]


def _judged(sealed: Path, trust: Trust, tmp_path: Path, tamper: Callable[[Path], None]) -> BagReport:
    bag = tmp_path / "bag"
    shutil.copytree(sealed, bag)
    tamper(bag)
    return verify_bag(bag, _options(trust))


@pytest.mark.parametrize(("tamper", "code"), TAMPERS)
def test_tampering_is_named(
    sealed: Path, trust: Trust, tmp_path: Path, tamper: Callable[[Path], None], code: str
) -> None:
    report = _judged(sealed, trust, tmp_path, tamper)
    assert code in {problem.code for problem in report.problems}
    assert not report.valid


def test_mended_hashes_do_not_help(sealed: Path, trust: Trust, tmp_path: Path) -> None:
    report = _judged(sealed, trust, tmp_path, _exchange_and_mend)
    assert report.problems == ()
    assert report.signature.state is SealState.INVALID
    assert report.token.state is SealState.INVALID
    assert not report.valid


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("tagmanifest-sha256.txt.p7s", 0.3),
        ("tagmanifest-sha256.txt.p7s", 0.6),
        ("tagmanifest-sha256.txt.tsr", 0.3),
        ("tagmanifest-sha256.txt.tsr", 0.99),
    ],
)
def test_a_broken_seal_is_never_valid(
    sealed: Path, trust: Trust, tmp_path: Path, name: str, at: float
) -> None:
    report = _judged(sealed, trust, tmp_path, _flip(name, at))
    part = report.signature if name.endswith("p7s") else report.token
    assert part.state is not SealState.VALID
    assert not report.valid


def test_a_missing_signature_is_never_valid(sealed: Path, trust: Trust, tmp_path: Path) -> None:
    report = _judged(sealed, trust, tmp_path, _remove("tagmanifest-sha256.txt.p7s"))
    assert report.signature.state is SealState.MISSING
    assert not report.valid


def test_limits_hold(sealed: Path, trust: Trust) -> None:
    for limits in (BagLimits(max_files=5), BagLimits(max_total_bytes=1_000), BagLimits(max_tag_bytes=10)):
        report = verify_bag(sealed, _options(trust), limits=limits)
        assert "limit" in {problem.code for problem in report.problems}
        assert not report.valid


def test_no_bag_at_all(tmp_path: Path, trust: Trust) -> None:
    assert not verify_bag(tmp_path / "nothing", _options(trust)).valid
    assert not verify_bag(tmp_path, _options(trust)).valid
