"""Encrypted files whose writer encrypted the zeros behind the signature, too."""

from __future__ import annotations

import io
import os
import re

import pikepdf
import pytest
from asn1crypto import parser
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from agreegen.pdf.document import open_file
from agreegen.pdf.encryption import unlock
from agreegen.pdf.limits import Limits
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.signer import base_document, sign

_PLACE = re.compile(rb"/Contents <([0-9A-Fa-f]{4000,})>")


def encrypted_and_signed(revision: int) -> bytes:
    """Sign an encrypted file and encrypt the zeros behind the signature."""
    target = io.BytesIO()
    modern = revision >= 4
    with pikepdf.open(io.BytesIO(base_document())) as pdf:
        rule = pikepdf.Encryption(user="", owner="owner", R=revision, aes=modern, metadata=modern)  # type: ignore[arg-type]
        pdf.save(target, encryption=rule, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    data = sign(target.getvalue(), password="", reserved=16384)
    found = _PLACE.search(data)
    assert found is not None
    contents = bytes.fromhex(found[1].decode())
    end = int(parser.peek(contents))
    number = int(re.findall(rb"(\d+) 0 obj", data[: found.start()])[-1])
    hidden = contents[:end] + zeros(data, number, len(contents))[end:]
    return data.replace(found[1], hidden.hex().encode())


def zeros(data: bytes, number: int, length: int) -> bytes:
    """Encrypt zeros as a string of an object, so that they fill a place of a given length."""
    file = open_file(data, Limits())
    assert unlock(file, "") == (True, True)
    method = file.decrypt.strings
    key = file.decrypt.key if method == "aes256" else file.decrypt.object_key(method, number, 0)
    if method == "rc4":
        stream = Cipher(ARC4(key), None).encryptor()
        return stream.update(bytes(length)) + stream.finalize()
    start = os.urandom(16)
    chain = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return start + chain.update(bytes(length - 32) + bytes([16]) * 16) + chain.finalize()


@pytest.mark.parametrize("revision", [3, 4, 6])
def test_encrypted_zeros_are_zeros(revision: int) -> None:
    (signature,) = scan_structure(encrypted_and_signed(revision), Limits()).signatures
    assert signature.contents is not None
    assert not any(signature.contents[int(parser.peek(signature.contents)) :])


@pytest.mark.parametrize("revision", [3, 4, 6])
@pytest.mark.parametrize("place", [0, 1, 15, 16, 17, 40, -1, -17, -33])
def test_no_byte_behind_the_signature_can_be_changed(revision: int, place: int) -> None:
    data = encrypted_and_signed(revision)
    found = _PLACE.search(data)
    assert found is not None
    contents = bytearray.fromhex(found[1].decode())
    end = int(parser.peek(bytes(contents)))
    contents[end + place if place >= 0 else len(contents) + place] ^= 1
    changed = data.replace(found[1], contents.hex().encode())
    (signature,) = scan_structure(changed, Limits()).signatures
    assert signature.contents is not None
    assert any(signature.contents[end:])
