"""The DER around a part: read back as written, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from asn1crypto import cms, core

from agreegen.archive.envelopes.ciphers import ContentCipher, encryption
from agreegen.archive.envelopes.part_layout import PartFrame, read_part_head, read_tag

RECIPIENT = bytes(cms.RecipientInfo({"ori": {"ori_type": "1.2.3", "ori_value": core.Null()}}).dump())


def _part(size: int, cipher: ContentCipher = ContentCipher.AES_256_GCM) -> bytes:
    identifier, encrypting = encryption(cipher, bytes(cipher.key_bytes))
    frame = PartFrame((RECIPIENT,), identifier, cipher, cipher.sealed_size(size))
    content = encrypting.update(bytes(size))
    last, tag = encrypting.finish()
    return frame.prefix() + content + last + frame.suffix(tag)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 100, 127, 128, 255, 256, 65_535, 65_536, 1 << 24])
@pytest.mark.parametrize("cipher", list(ContentCipher))
def test_a_part_is_der_and_reads_back(tmp_path: Path, size: int, cipher: ContentCipher) -> None:
    data = _part(size, cipher)
    parsed = cms.ContentInfo.load(data, strict=True)
    assert len(parsed.dump()) == len(data)
    (tmp_path / "part").write_bytes(data)
    with (tmp_path / "part").open("rb") as file:
        head = read_part_head(file)
        assert (head.size, head.authenticated) == (cipher.sealed_size(size), cipher.authenticated)
        file.read(head.size)
        assert len(read_tag(file, head)) == (16 if cipher.authenticated else 0)
        assert file.read() == b""


def test_what_is_no_part_is_refused(tmp_path: Path) -> None:
    data = _part(100)
    path = tmp_path / "part"
    cut = [data[:length] for length in range(len(data))]
    longer = [data + b"\0", b"\0" + data, b"", b"0\x80" + data[4:], data.replace(b"\x80\x64", b"\xa0\x80", 1)]
    for damaged in (*cut, *longer):
        path.write_bytes(damaged)
        with path.open("rb") as file, pytest.raises(ValueError, match=r"."):
            read_part_head(file)


def test_no_flipped_length_is_accepted(tmp_path: Path) -> None:
    """Whatever bit of the head is flipped, the head is refused or says the same places."""
    data = _part(1_000)
    path = tmp_path / "part"
    path.write_bytes(data)
    with path.open("rb") as file:
        right = read_part_head(file)
        start = file.tell()
    for position in range(start * 8):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << position % 8
        path.write_bytes(changed)
        with path.open("rb") as file:
            try:
                head = read_part_head(file)
            except ValueError:
                continue
            assert (head.size, file.tell(), head.authenticated) == (right.size, start, right.authenticated)
