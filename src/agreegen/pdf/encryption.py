"""Encrypted files (ISO 32000-1 and -2, clause 7.6): objects are decrypted where they are read.

Only the standard security handler is read, with the user password or the owner password.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from asn1crypto import parser
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from agreegen.foreign import contained
from agreegen.messages import message
from agreegen.pdf.document import PdfFile, View, open_file
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import Ref, Repeating, Stream, StructureError, Value

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_AES_BLOCK = 16
_METHODS = {"V2": "rc4", "AESV2": "aes", "AESV3": "aes256", "Identity": "none", "None": "none"}


@dataclass(frozen=True, slots=True)
class _Handler:
    """A key with the methods for streams and strings."""

    key: bytes
    streams: str
    strings: str
    metadata: bool

    def __call__(self, value: Value, number: int, generation: int) -> Value:
        if isinstance(value, Stream):
            kind = value.dictionary.get("Type")
            dictionary = self._strings(value.dictionary, number, generation)
            if kind == "XRef" or (kind == "Metadata" and not self.metadata) or _has_crypt_filter(value):
                return Stream(dictionary, value.raw, value.start)
            return Stream(dictionary, self._decrypt(self.streams, value.raw, number, generation), value.start)
        return self._strings(value, number, generation)

    def _strings(self, value: Value, number: int, generation: int) -> Value:
        if isinstance(value, bytes):
            return self._decrypt(self.strings, value, number, generation)
        if isinstance(value, list):
            return [self._strings(item, number, generation) for item in value]
        if isinstance(value, dict):
            signature = "ByteRange" in value
            entries = {
                key: item if signature and key == "Contents" else self._strings(item, number, generation)
                for key, item in value.items()
            }
            return Repeating(entries, value.repeated) if isinstance(value, Repeating) else entries
        return value

    def string(self, value: bytes, number: int) -> bytes:
        """Decrypt a string of an object of generation 0."""
        return self._decrypt(self.strings, value, number, 0)

    def _decrypt(self, method: str, data: bytes, number: int, generation: int) -> bytes:
        if method == "none":
            return data
        if method == "locked":
            return b""
        if method == "aes256":
            return _aes(self.key, data)
        key = self.object_key(method, number, generation)
        return _aes(key, data) if method == "aes" else _rc4(key, data)

    def object_key(self, method: str, number: int, generation: int) -> bytes:
        """Algorithm 1 of ISO 32000-1."""
        material = self.key + number.to_bytes(4, "little")[:3] + generation.to_bytes(4, "little")[:2]
        if method == "aes":
            material += b"sAlT"
        return hashlib.md5(material, usedforsecurity=False).digest()[: min(len(self.key) + 5, 16)]


def unlock(file: PdfFile, password: str | None) -> tuple[bool, bool]:
    """Make the objects of an encrypted file readable.

    Returns:
        Whether the file is encrypted, and whether its strings and streams can be read.
    """
    last = file.revisions[-1]
    if last.trailer.get("Encrypt") is None:
        return False, True
    view = View(file, len(file.revisions) - 1, file.views()[-1].entries)
    try:
        handler = _handler(_settings(view), view, password or "")
    except (StructureError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        handler = None
    holder = last.trailer["Encrypt"]
    place = view.location(holder.num) if isinstance(holder, Ref) else None
    known = file.parsed.get(place) if place is not None else None
    file.parsed.clear()
    file.containers.clear()
    if place is not None:
        file.parsed[place] = known
    file.decrypt = handler or _Handler(b"", "locked", "locked", metadata=False)
    file.locked = handler is None
    file.password = password
    return True, handler is not None


def open_view(data: bytes, limits: Limits, password: str | None) -> View:
    """Read the last revision of a file, encrypted or not.

    Raises:
        StructureError: It cannot be read, or not with this password.
    """
    file = open_file(data, limits)
    _, unlocked = unlock(file, password)
    if not unlocked:
        raise StructureError("password-needed", message("pdf.encrypted-and-not-opened"))
    return file.views()[-1]


def opens_one_way(data: bytes, limits: Limits, password: str | None, second: str | None) -> bool:
    """Tell whether every reader, with whichever password, is shown the same of an encrypted file.

    From revision 5 on, the user's and the owner's password each wrap a key of their own (ISO 32000-2, clause
    7.6.4.4): a file can be made whose streams say one thing under the one and another under the other. So
    both passwords have to be known, and to give one key. Nor may a stream be of a kind that some readers
    decrypt and others do not.

    Args:
        data: The file.
        limits: What reading it may cost.
        password: One that opens it.
        second: The other one, where there are two and it is known; the empty one always is.

    Raises:
        StructureError: It cannot be read, or not with this password.
    """
    view = open_view(data, limits, password)
    settings = _settings(view)
    if settings.get("V") not in (1, 2) and not _is_of_one_method(view, settings):
        return False
    return _has_one_key(settings, {"", password or "", second or ""}) and not any(
        _is_left_to_readers(view, number) for number in view.numbers()
    )


def _settings(view: View) -> dict[str, Any]:
    return {key: view.resolve(item) for key, item in view.dictionary(view.trailer.get("Encrypt")).items()}


def _is_of_one_method(view: View, settings: dict[str, Any]) -> bool:
    name = settings.get("StmF")
    known = view.dictionary(view.dictionary(settings.get("CF")).get(str(name)))
    named = {settings.get("StmF"), settings.get("StrF"), settings.get("EFF", name)}
    return named == {name} and view.resolve(known.get("CFM")) in ("V2", "AESV2", "AESV3")


@contained
def _has_one_key(settings: dict[str, Any], passwords: Set[str]) -> bool:
    """Tell it of the two entries; up to revision 4 the owner's password gives the user's, and so one key."""
    if settings["R"] < 5:
        return True
    user, owner = (
        {_unwrap_256(entry, password, settings["R"]) for password in passwords} - {None}
        for entry in _entries_256(settings)
    )
    return len(user) == 1 and user == owner


def _is_left_to_readers(view: View, number: int) -> bool:
    """Tell whether a stream says of itself that it is not encrypted as the others are."""
    value = view.value(number)
    if not isinstance(value, Stream):
        return False
    kind, entry = value.dictionary.get("Type"), view.entries[number]
    if kind == "Metadata":
        return view.catalog.get("Metadata") != Ref(number, 0)
    sections = {section.offset for revision in view.file.revisions for section in revision.sections}
    return _has_crypt_filter(value) or (kind == "XRef" and entry.place not in sections)


@contained
def _handler(settings: dict[str, Any], view: View, password: str) -> _Handler | None:
    if settings.get("Filter") != "Standard":
        return None
    version, revision = settings["V"], settings["R"]
    metadata = settings.get("EncryptMetadata", True) is not False
    key = (
        _key_256(settings, password, revision)
        if revision >= 5
        else _key_128(settings, view, password, metadata)
    )
    if key is None:
        return None
    if version in (1, 2):
        return _Handler(key, "rc4", "rc4", metadata)
    filters = view.dictionary(settings["CF"])
    return _Handler(
        key,
        _method(view, filters, settings.get("StmF", "Identity")),
        _method(view, filters, settings.get("StrF", "Identity")),
        metadata,
    )


def _method(view: View, filters: dict[str, Any], name: str) -> str:
    if name == "Identity":
        return "none"
    return _METHODS[str(view.resolve(view.dictionary(filters[name]).get("CFM", "None")))]


def _key_128(settings: dict[str, Any], view: View, password: str, metadata: bool) -> bytes | None:
    """Algorithm 2 of ISO 32000-1, checked by algorithm 6; the owner's password by algorithm 7."""
    revision = settings["R"]
    length = 5 if revision == 2 else settings.get("Length", 40 if settings["V"] < 4 else 128) // 8
    identifier = view.array(view.trailer.get("ID"))
    first = view.resolve(identifier[0]) if identifier else b""
    given = (password.encode("latin-1", "replace") + _PADDING)[:32]
    for padded in (given, _user_password(given, settings["O"][:32], revision, length)):
        material = padded + settings["O"][:32] + (settings["P"] & 0xFFFFFFFF).to_bytes(4, "little") + first
        if revision >= 4 and not metadata:
            material += b"\xff\xff\xff\xff"
        key = _hashed(material, revision, length)
        if _user_check(key, revision, first) == settings["U"][: 32 if revision == 2 else 16]:
            return key
    return None


def _hashed(material: bytes, revision: int, length: int) -> bytes:
    key = hashlib.md5(material, usedforsecurity=False).digest()
    for _ in range(50 if revision >= 3 else 0):
        key = hashlib.md5(key[:length], usedforsecurity=False).digest()
    return key[:length]


def _user_password(padded: bytes, kept: bytes, revision: int, length: int) -> bytes:
    """Return the padded user password that the owner's opens (algorithm 7 of ISO 32000-1)."""
    key = _hashed(padded, revision, length)
    for step in range(19 if revision >= 3 else 0, -1, -1):
        kept = _rc4(bytes(byte ^ step for byte in key), kept)
    return kept


def _user_check(key: bytes, revision: int, identifier: bytes) -> bytes:
    if revision == 2:
        return _rc4(key, _PADDING)
    check = _rc4(key, hashlib.md5(_PADDING + identifier, usedforsecurity=False).digest())
    for step in range(1, 20):
        check = _rc4(bytes(byte ^ step for byte in key), check)
    return check


def _key_256(settings: dict[str, Any], password: str, revision: int) -> bytes | None:
    """Algorithm 2.A of ISO 32000-2."""
    keys = (_unwrap_256(entry, password, revision) for entry in _entries_256(settings))
    return next((key for key in keys if key is not None), None)


def _entries_256(settings: dict[str, Any]) -> tuple[tuple[bytes, bytes, bytes], ...]:
    """Return user's and owner's entry: what checks a password, the wrapped key, what is hashed, too."""
    user, owner = settings["U"][:48], settings["O"][:48]
    return (user, settings["UE"], b""), (owner, settings["OE"], user)


def _unwrap_256(entry: tuple[bytes, bytes, bytes], password: str, revision: int) -> bytes | None:
    check, wrapped, extra = entry
    secret = password.encode("utf-8")[:127]
    if _hash_256(secret, check[32:40], extra, revision) != check[:32]:
        return None
    middle = _hash_256(secret, check[40:48], extra, revision)
    cipher = Cipher(algorithms.AES(middle), modes.CBC(bytes(_AES_BLOCK))).decryptor()
    return cipher.update(wrapped[:32]) + cipher.finalize()


def _hash_256(secret: bytes, salt: bytes, extra: bytes, revision: int) -> bytes:
    """Algorithm 2.B of ISO 32000-2."""
    key = hashlib.sha256(secret + salt + extra).digest()
    if revision == 5:
        return key
    last, step = 0, 0
    while step < 64 or last > step - 32:
        block = (secret + key + extra) * 64
        cipher = Cipher(algorithms.AES(key[:16]), modes.CBC(key[16:32])).encryptor()
        mixed = cipher.update(block) + cipher.finalize()
        name = ("sha256", "sha384", "sha512")[sum(mixed[:16]) % 3]
        key = hashlib.new(name, mixed).digest()
        last, step = mixed[-1], step + 1
    return key[:32]


@contained
def _rc4(key: bytes, data: bytes) -> bytes:
    cipher = Cipher(ARC4(key), None).decryptor()
    return cipher.update(data) + cipher.finalize()


@contained
def _aes(key: bytes, data: bytes) -> bytes:
    if len(data) < 2 * _AES_BLOCK or len(data) % _AES_BLOCK:
        return b""
    cipher = Cipher(algorithms.AES(key), modes.CBC(data[:_AES_BLOCK])).decryptor()
    plain = cipher.update(data[_AES_BLOCK:]) + cipher.finalize()
    return plain[: -plain[-1]] if 1 <= plain[-1] <= _AES_BLOCK else plain


def _has_crypt_filter(stream: Stream) -> bool:
    filters = stream.dictionary.get("Filter")
    return filters == "Crypt" or (isinstance(filters, list) and "Crypt" in filters)


def plain_padding(file: PdfFile, contents: bytes, number: int | None) -> bytes:
    """Put zeros behind a signature where the file has encrypted zeros.

    Some writers encrypt the whole place that they reserve and then put the signature into it, although
    `/Contents` is not to be encrypted (ISO 32000-2, clause 7.6.2). With chained blocks every byte behind the
    signature shows in what a later one decrypts to, so that none can be changed without notice.
    """
    if not isinstance(file.decrypt, _Handler) or number is None or len(contents) > file.limits.max_cms_bytes:
        return contents
    end = _end_of_container(contents)
    if end is None or not any(contents[end:]):
        return contents
    plain = file.decrypt.string(contents, number)
    hidden = _AES_BLOCK * 2 if file.decrypt.strings.startswith("aes") else 0
    if len(plain) < end or len(plain) + hidden < len(contents) or any(plain[end:]):
        return contents
    return contents[:end] + bytes(len(contents) - end)


def _end_of_container(contents: bytes) -> int | None:
    """Return where the structure at the beginning ends, DER or BER; None where there is none."""
    try:
        return int(parser.peek(contents))
    except (ValueError, RecursionError):
        return None
