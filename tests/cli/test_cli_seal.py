"""`agreegen archive seal` and `open`, with OpenSSL as the other program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from asn1crypto import cms

from agreegen.archive.envelopes import decryption
from agreegen.archive.manifests import manifest_lines, parse_manifest
from agreegen.example_pki.layout import ExamplePki
from agreegen.files import sha256_of_file
from tests.cli.conftest import Agreegen, Result, files_below

SUBJECTS = {"rsa": ["rsa:2048"], "ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]}


@pytest.fixture(scope="module")
def recipients(tmp_path_factory: pytest.TempPathFactory, pki: ExamplePki) -> Path:
    """A folder with credentials that OpenSSL made, and those of the example PKI."""
    folder = tmp_path_factory.mktemp("recipients")
    for name, kind in SUBJECTS.items():
        usage = "keyUsage=keyEncipherment,keyAgreement"
        made = ["openssl", "req", "-x509", "-nodes", "-newkey", *kind, "-keyout", f"{name}.key"]
        made += ["-out", f"{name}.pem", "-subj", f"/CN={name}", "-addext", usage]
        subprocess.run(
            [*made, "-addext", "basicConstraints=CA:FALSE"], cwd=folder, check=True, capture_output=True
        )
        text = f"kind: pem\nkey: {name}.key\ncertificate: {name}.pem\n"
        (folder / f"{name}.yaml").write_text(text)
    for name in ("archive-recipient", "sm2-recipient"):
        for path in pki.recipients.glob(f"{name}.*"):
            shutil.copy(path, folder)
    return folder


@pytest.fixture
def large(bag: Path) -> Path:
    """The bag with one more file, so that it fills several parts; its hashes are right, its seal is not."""
    (bag / "data/more.bin").write_bytes(os.urandom(2_500_000))
    payload, _ = parse_manifest((bag / "manifest-sha256.txt").read_bytes())
    payload["data/more.bin"] = sha256_of_file(bag / "data/more.bin")
    (bag / "manifest-sha256.txt").write_bytes(b"".join(manifest_lines(sorted(payload.items()))))
    size = sum((bag / path).stat().st_size for path in payload)
    info = (bag / "bag-info.txt").read_text("utf-8")
    info = re.sub(r"Payload-Oxum: .*", f"Payload-Oxum: {size}.{len(payload)}", info)
    (bag / "bag-info.txt").write_text(info, "utf-8")
    tags, _ = parse_manifest((bag / "tagmanifest-sha256.txt").read_bytes())
    right = {path: sha256_of_file(bag / path) for path in tags}
    (bag / "tagmanifest-sha256.txt").write_bytes(b"".join(manifest_lines(sorted(right.items()))))
    return bag


def _seal(
    agreegen: Agreegen, bag: Path, output: Path, recipients: Path, *names: str, more: tuple[object, ...] = ()
) -> Result:
    named = [part for name in names for part in ("--recipient", recipients / f"{name}.pem")]
    return agreegen("archive", "seal", bag, *named, "-o", output, *more)


def _open(agreegen: Agreegen, part: Path, folder: Path, credential: Path) -> Result:
    return agreegen("archive", "open", part, "-o", folder, "--credential", credential)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path: (folder / path).read_bytes() for path in files_below(folder)}


@pytest.mark.parametrize("cipher", ["aes-256-gcm", "sm4-cbc"])
def test_every_recipient_opens_what_was_sealed(
    agreegen: Agreegen, large: Path, recipients: Path, tmp_path: Path, cipher: str
) -> None:
    names = ("rsa", "ec", "archive-recipient", "sm2-recipient")
    more = ("--cipher", cipher, "--part-mib", 1)
    result = _seal(agreegen, large, tmp_path / "sealed.p7m", recipients, *names, more=more)
    assert result.code == 0, result.err
    parts = [Path(line) for line in result.out.splitlines()]
    assert len(parts) > 1
    assert all(path.stat().st_size <= (1 << 20) + 8_192 for path in parts)
    for name in names:
        opened = _open(agreegen, parts[0], tmp_path / name, recipients / f"{name}.yaml")
        assert opened.code == 0, opened.err
        assert _contents(tmp_path / name / "bag") == _contents(large)
        assert {path.name for path in (tmp_path / name).iterdir()} == {"bag"}


@pytest.mark.parametrize("cipher", ["aes-256-gcm", "sm4-cbc"])
@pytest.mark.parametrize("name", ["rsa", "ec", "archive-recipient"])
def test_openssl_opens_each_part(
    agreegen: Agreegen, large: Path, recipients: Path, tmp_path: Path, cipher: str, name: str
) -> None:
    more = ("--cipher", cipher, "--part-mib", 1)
    result = _seal(
        agreegen, large, tmp_path / "s.p7m", recipients, "rsa", "ec", "archive-recipient", more=more
    )
    with (tmp_path / "bag.tar").open("wb") as tar:
        for part in result.out.splitlines():
            line = ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", part]
            line += ["-recip", f"{name}.pem", "-inkey", f"{name}.key"]
            subprocess.run(line, cwd=recipients, check=True, stdout=tar)
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "xf", tmp_path / "bag.tar", "-C", tmp_path / "out"], check=True)
    assert _contents(tmp_path / "out/bag") == _contents(large)


def test_what_openssl_sealed_is_opened(
    agreegen: Agreegen, bag: Path, recipients: Path, tmp_path: Path
) -> None:
    subprocess.run(
        ["tar", "--format=pax", "--pax-option=delete=atime,delete=ctime", "-cf", tmp_path / "bag.tar", "bag"],
        cwd=bag.parent,
        check=True,
    )
    for name, options in {"rsa": [], "ec": ["-keyopt", "ecdh_kdf_md:sha256", "-aes256-wrap"]}.items():
        line = ["openssl", "cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER"]
        line += ["-in", str(tmp_path / "bag.tar"), "-out", str(tmp_path / f"{name}.p7m")]
        line += ["-recip", str(recipients / f"{name}.pem"), *options]
        subprocess.run(line, check=True)
        opened = _open(agreegen, tmp_path / f"{name}.p7m", tmp_path / name, recipients / f"{name}.yaml")
        assert opened.code == 0, opened.err
        assert _contents(tmp_path / name / "bag") == _contents(bag)


def test_openssl_decrypts_the_key_of_an_sm2_recipient(
    agreegen: Agreegen, bag: Path, recipients: Path, tmp_path: Path
) -> None:
    assert _seal(agreegen, bag, tmp_path / "s.p7m", recipients, "sm2-recipient").code == 0
    data = (tmp_path / "s.p7m").read_bytes()
    start = data.index(cms.KeyEncryptionAlgorithm({"algorithm": "1.2.156.10197.1.301.3"}).dump())
    info = cms.RecipientInfo.load(data[data.rindex(b"\x02\x01\x00\x30", 0, start) - 4 :]).chosen
    (tmp_path / "key").write_bytes(info["encrypted_key"].native)
    line: list[str | Path] = [
        "openssl",
        "pkeyutl",
        "-decrypt",
        "-inkey",
        recipients / "sm2-recipient.key",
        "-in",
        tmp_path / "key",
    ]
    assert len(subprocess.run(line, check=True, capture_output=True).stdout) == 32


def test_a_transfer_list_goes_with_its_bag(
    agreegen: Agreegen, pki: ExamplePki, bag: Path, recipients: Path, tmp_path: Path
) -> None:
    seal = ("--credential", pki.credential("archive-seal"), "--sender", "甲", "--receiver", "乙")
    assert agreegen("archive", "hand-over", bag, *seal).code == 0
    assert _seal(agreegen, bag, tmp_path / "s.p7m", recipients, "rsa").code == 0
    assert _open(agreegen, tmp_path / "s.p7m", tmp_path / "in", recipients / "rsa.yaml").code == 0
    assert agreegen("archive", "receive", tmp_path / "in/bag", "--trust", pki.trust).code == 0


@pytest.mark.parametrize("cipher", ["aes-256-gcm", "sm4-cbc"])
def test_nothing_that_was_changed_is_opened(
    agreegen: Agreegen, bag: Path, recipients: Path, tmp_path: Path, cipher: str
) -> None:
    more = ("--cipher", cipher)
    assert _seal(agreegen, bag, tmp_path / "s.p7m", recipients, "rsa", more=more).code == 0
    right = (tmp_path / "s.p7m").read_bytes()
    places = [*range(0, len(right), len(right) // 12), len(right) - 1, len(right) - 17, 600]
    for place in places:
        changed = bytearray(right)
        changed[place] ^= 1
        (tmp_path / "s.p7m").write_bytes(changed)
        result = _open(agreegen, tmp_path / "s.p7m", tmp_path / "out", recipients / "rsa.yaml")
        assert result.code in {6, 7}, place
        assert list((tmp_path / "out").iterdir()) == []


def test_parts_are_neither_missing_nor_mixed(
    agreegen: Agreegen, large: Path, recipients: Path, tmp_path: Path
) -> None:
    more = ("--part-mib", 1)
    for name in ("one", "two"):
        assert _seal(agreegen, large, tmp_path / name / "s.p7m", recipients, "rsa", more=more).code == 0
    one, two = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    credential = recipients / "rsa.yaml"
    swapped = one[0].read_bytes()
    one[0].write_bytes(one[1].read_bytes())
    one[1].write_bytes(swapped)
    assert _open(agreegen, one[0], tmp_path / "out", credential).code == 7
    two[-1].unlink()
    assert _open(agreegen, two[0], tmp_path / "out", credential).code == 2
    assert (
        agreegen("archive", "open", *two[:-1], "-o", tmp_path / "out", "--credential", credential).code == 2
    )
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_no_plain_byte_counts_before_its_tag(
    agreegen: Agreegen, bag: Path, recipients: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What unpacks is given nothing of a part whose tag is wrong."""
    assert _seal(agreegen, bag, tmp_path / "s.p7m", recipients, "rsa").code == 0
    data = bytearray((tmp_path / "s.p7m").read_bytes())
    data[-1] ^= 1
    (tmp_path / "s.p7m").write_bytes(data)
    given: list[bytes] = []
    real = decryption._Parts.read

    def read(parts: decryption._Parts, count: int) -> bytes:
        given.append(real(parts, count))
        return given[-1]

    monkeypatch.setattr(decryption._Parts, "read", read)
    assert _open(agreegen, tmp_path / "s.p7m", tmp_path / "out", recipients / "rsa.yaml").code == 7
    assert given == []


def test_who_cannot_open(
    agreegen: Agreegen, pki: ExamplePki, bag: Path, recipients: Path, tmp_path: Path
) -> None:
    assert _seal(agreegen, bag, tmp_path / "s.p7m", recipients, "rsa").code == 0
    for credential in (recipients / "ec.yaml", pki.credential("unit-seal")):
        assert _open(agreegen, tmp_path / "s.p7m", tmp_path / "out", credential).code == 6
    (tmp_path / "nothing.p7m").write_bytes(b"nothing")
    assert _open(agreegen, tmp_path / "nothing.p7m", tmp_path / "out", recipients / "rsa.yaml").code == 7
    assert _open(agreegen, tmp_path / "s.p7m", tmp_path / "in", recipients / "rsa.yaml").code == 0
    again = _open(agreegen, tmp_path / "s.p7m", tmp_path / "in", recipients / "rsa.yaml")
    assert again.code == 2  # it is there already


def test_whom_nothing_is_sealed_for(
    agreegen: Agreegen, pki: ExamplePki, large: Path, recipients: Path, tmp_path: Path
) -> None:
    output = tmp_path / "s.p7m"
    signer = pki.folder / "responder/tsa.pem"
    assert agreegen("archive", "seal", large, "--recipient", signer, "-o", output).code == 6
    assert agreegen("archive", "seal", large, "--recipient", pki.trust / "root.pem", "-o", output).code == 3
    assert agreegen("archive", "seal", large, "--recipient", tmp_path / "none", "-o", output).code == 3
    trusted = ("--trust", pki.trust)
    assert (
        _seal(agreegen, large, output, recipients, "rsa", more=trusted).code == 6
    )  # no chain to the anchors
    assert not output.exists()
    assert _seal(agreegen, large, output, recipients, "archive-recipient", more=trusted).code == 0
    assert _seal(agreegen, large, output, recipients, "rsa").code == 2  # it is there
    assert _seal(agreegen, large, output, recipients, "rsa", more=("--force", "--part-mib", 1)).code == 0
    assert not output.exists()  # the parts of an earlier seal go with it
    (large / "data/more").write_bytes(b"unlisted")
    assert _seal(agreegen, large, output, recipients, "rsa", more=("--force",)).code == 7


def test_no_input_is_replaced_and_nothing_goes_into_a_bag(
    agreegen: Agreegen, bag: Path, recipients: Path, tmp_path: Path
) -> None:
    """Sealed parts take their names by renaming, with `--force` also those of files that were read."""
    anchor = tmp_path / "anchor.pem"
    shutil.copy(recipients / "rsa.pem", anchor)
    before = _contents(bag)
    for output in (anchor, bag / "manifest-sha256.txt", bag / "data/sealed.p7m"):
        assert _seal(agreegen, bag, output, recipients, "rsa", more=("--trust", anchor, "--force")).code == 2
    assert anchor.read_bytes() == (recipients / "rsa.pem").read_bytes()
    sealed = tmp_path / "sealed.p7m"
    assert _seal(agreegen, bag, sealed, recipients, "rsa").code == 0
    assert _open(agreegen, sealed, bag / "data", recipients / "rsa.yaml").code == 2
    assert _contents(bag) == before
