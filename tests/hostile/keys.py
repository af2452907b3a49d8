"""Hostile credentials: YAML, keys, certificates, pictures of seals."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
from PIL import Image, PngImagePlugin

from tests.hostile.tables import plain
from tests.hostile.texts import PARAMETERS
from tests.unit.signing.credentials.test_passphrase_rounds import protected_key, protected_store

_MANY = 2**31 - 1


def _deep_der(levels: int) -> bytes:
    data = b""
    for _ in range(levels):
        size = len(data)
        length = bytes([size]) if size < 128 else bytes([0x84]) + size.to_bytes(4, "big")
        data = b"\x30" + length + data
    return data


def _pem_key(key: str, passphrase: str = "") -> str:
    return f"kind: pem\nkey: {key}\ncertificate: c.pem\n{passphrase}"


def _with(folder: Path, name: str, data: bytes, text: str) -> str:
    (folder / name).write_bytes(data)
    return text


CREDENTIALS: dict[str, Callable[[Path], str]] = {
    **{
        name: lambda folder, data=data: data.decode("latin-1")  # type: ignore[misc]
        for name, data in PARAMETERS.items()
        if name.startswith(("deep", "laughs", "self", "large", "tag"))
    },
    "zero-key": lambda _folder: _pem_key("/dev/zero"),
    "zero-certificate": lambda _folder: "kind: pem\nkey: k.pem\ncertificate: /dev/zero\n",
    "zero-store": lambda _folder: "kind: pkcs12\nfile: /dev/zero\n",
    "zero-passphrase": lambda folder: _with(
        folder, "k", protected_key(1000), _pem_key("k", "passphrase: {file: /dev/zero}\n")
    ),
    "rounds-pkcs8": lambda folder: _with(
        folder, "k", protected_key(_MANY), _pem_key("k", "passphrase: {file: pass}\n")
    ),
    "rounds-mac": lambda folder: _with(
        folder, "k", protected_store(mac=_MANY), "kind: pkcs12\nfile: k\npassphrase: {file: pass}\n"
    ),
    "rounds-bag": lambda folder: _with(
        folder, "k", protected_store(bag=_MANY), "kind: pkcs12\nfile: k\npassphrase: {file: pass}\n"
    ),
    "rounds-sm2": lambda folder: _with(
        folder, "k", protected_store(bag=_MANY), "kind: sm2\nfile: k\npassphrase: {file: pass}\n"
    ),
    "deep-key": lambda folder: _with(folder, "k", _deep_der(5_000), _pem_key("k")),
    "deep-store": lambda folder: _with(folder, "k", _deep_der(5_000), "kind: pkcs12\nfile: k\n"),
    "large-key": lambda folder: _with(folder, "k", b"x" * (8 << 20), _pem_key("k")),
    "cut-store": lambda folder: _with(folder, "k", protected_store()[:-50], "kind: pkcs12\nfile: k\n"),
}
"""Name → writes files and returns the credential file. Every one is exit 6 for `credentials check`."""


def _png_bomb(path: Path) -> None:
    Image.new("1", (30_000, 30_000)).save(path)


def _png_text_bomb(path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add(b"zTXt", b"a\0\0" + zlib.compress(bytes(200 << 20)))
    Image.new("RGB", (9, 9)).save(path, pnginfo=info)


def _png_lying(path: Path) -> None:
    Image.new("RGB", (9, 9)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)


def _png_cut(path: Path) -> None:
    Image.effect_noise((900, 900), 90).save(path)
    path.write_bytes(path.read_bytes()[:20_000])


def _pdf_bomb(path: Path) -> None:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(99, 99))
        # Flate over flate: a megabyte that unpacks to some gigabytes of operators.
        once = zlib.compress(b"1 0 0 rg 0 0 9 9 re f " * 20_000_000, 9)
        stream = pdf.make_stream(b"")
        stream.write(zlib.compress(once, 9), filter=pikepdf.Array([pikepdf.Name.FlateDecode] * 2))
        page.obj.Contents = stream
        pdf.save(path)


def _pdf_objects(path: Path) -> None:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(99, 99))
        many = pikepdf.Array([pdf.make_indirect(pikepdf.Dictionary(N=n)) for n in range(60_000)])
        page.obj.Resources = pikepdf.Dictionary(Many=many)
        pdf.save(path)


def _pdf_nested(path: Path) -> None:
    path.write_bytes(
        b"%PDF-1.7\n1 0 obj\n" + b"[" * 200_000 + b"\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
    )


PICTURES: dict[str, Callable[[Path], None]] = {
    "bomb.png": _png_bomb,
    "text-bomb.png": _png_text_bomb,
    "lying.png": _png_lying,
    "cut.png": _png_cut,
    "bomb.pdf": _pdf_bomb,
    "objects.pdf": _pdf_objects,
    "nested.pdf": _pdf_nested,
    "zero.png": lambda path: path.symlink_to("/dev/zero"),
    "large.png": plain(b"\x89PNG\r\n\x1a\n" + bytes(40 << 20)),
    "script.eps": plain(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
}
"""File name → what writes it. Every one is exit 6 for `sign`."""
