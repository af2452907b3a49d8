"""Sealing a bag for its recipients: packed as a stream, encrypted in parts, each opened by stock programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agreegen.archive.envelopes.ciphers import ContentCipher, encryption
from agreegen.archive.envelopes.part_layout import PartFrame
from agreegen.archive.envelopes.part_names import part_names, stale_parts
from agreegen.archive.envelopes.problems import ContentError
from agreegen.archive.envelopes.recipients import Recipient, encrypt_key
from agreegen.archive.envelopes.tar_stream import Packing, plan
from agreegen.archive.handover.handing_over import transfer_folder
from agreegen.archive.structure import refuse_inside_bag, require_whole
from agreegen.errors import ArchiveError, UsageError
from agreegen.files import refuse_existing, sync_folder
from agreegen.messages import message
from agreegen.temporary import OwnFolder

MOST_PART_BYTES = 1 << 30
"""Plain bytes of one part: OpenSSL holds a whole one in memory, and fails at some larger ones."""
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SealedBag:
    """What was sealed.

    Attributes:
        parts: The files, in order.
        size: Bytes of all of them.
        recipients: Whom they are for.
    """

    parts: tuple[Path, ...]
    size: int
    recipients: tuple[str, ...]


def seal_bag(
    bag: Path,
    recipients: tuple[Recipient, ...],
    output: Path,
    *,
    cipher: ContentCipher = ContentCipher.AES_256_GCM,
    part_bytes: int = MOST_PART_BYTES,
    force: bool = False,
) -> SealedBag:
    """Encrypt a bag, with its transfer list where there is one; memory stays flat whatever its size.

    1. The bag's files are compared with its manifests.
    2. It is packed as a pax tar, which is cut into parts: each an envelope by itself, with its own key.
    3. All parts are written and synced under temporary names, then take their own.

    Args:
        bag: The bag's folder.
        recipients: Who can open it, from `read_recipients`.
        output: `FILE.p7m`; several parts are `FILE.001-of-006.p7m` and so on.
        cipher: How the content is encrypted.
        part_bytes: Plain bytes of one part, at most 1 GiB.
        force: Replace parts that are there already.

    Raises:
        UsageError: There is no recipient, or the output is there already.
        ArchiveError: The bag is not whole, a file changed meanwhile, or the disk cannot be written.
        MissingProgramError: A recipient's key is on the SM2 curve, and no library does SM2 here.
    """
    if not recipients:
        raise UsageError(message("archive.seal-nobody"))
    refuse_inside_bag(output.parent)
    try:
        require_whole(bag)
        packing = plan(_folders(bag))
        targets = part_names(output, -(-packing.size // part_bytes))
        stale = stale_parts(output)
        for path in (*targets, *stale):
            refuse_existing(path, force=force)
        output.parent.mkdir(parents=True, exist_ok=True)
        with OwnFolder(output.parent, output.name) as folder:
            drafts = [folder / target.name for target in targets]
            _write_parts(drafts, packing, part_bytes, recipients, cipher)
            size = sum(draft.stat().st_size for draft in drafts)
            for path in stale:
                path.unlink()
            for draft, target in zip(drafts, targets, strict=True):
                draft.rename(target)
            sync_folder(output.parent)
    except (OSError, ContentError) as exc:
        raise ArchiveError(
            message("archive.cannot-sealed", bag=bag, exc=exc),
            hint=message("archive.check-bag-disk-permissions"),
        ) from exc
    return SealedBag(targets, size, tuple(recipient.name for recipient in recipients))


def _folders(bag: Path) -> dict[str, Path]:
    beside = transfer_folder(bag)
    return {bag.name: bag} | ({beside.name: beside} if beside.is_dir() else {})


def _write_parts(
    drafts: list[Path],
    packing: Packing,
    part_bytes: int,
    recipients: tuple[Recipient, ...],
    cipher: ContentCipher,
) -> None:
    source = _Cut(packing.stream())
    for number, draft in enumerate(drafts):
        with draft.open("wb") as file:
            left = min(part_bytes, packing.size - part_bytes * number)
            _write_part(file, source, left, recipients, cipher)
    source.require_end()


def _write_part(
    file: BinaryIO, source: _Cut, size: int, recipients: tuple[Recipient, ...], cipher: ContentCipher
) -> None:
    key = os.urandom(cipher.key_bytes)
    identifier, encrypting = encryption(cipher, key)
    infos = tuple(encrypt_key(key, recipient) for recipient in recipients)
    frame = PartFrame(infos, identifier, cipher, cipher.sealed_size(size))
    file.write(frame.prefix())
    for block in source.take(size):
        file.write(encrypting.update(block))
    last, tag = encrypting.finish()
    file.write(last + frame.suffix(tag))
    file.flush()
    os.fsync(file.fileno())


class _Cut:
    """A stream of blocks that is taken in lengths of its own."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, memoryview(b"")

    def take(self, size: int) -> Iterator[memoryview]:
        """Yield exactly so many bytes.

        Raises:
            ContentError: There are not so many.
        """
        while size:
            if not self._rest:
                block = next(self._blocks, None)
                if block is None:
                    raise ContentError(message("archive.tar-changed"))
                self._rest = memoryview(block)
            part, self._rest = self._rest[:size], self._rest[size:]
            size -= len(part)
            yield part

    def require_end(self) -> None:
        """Refuse what is longer than was planned.

        Raises:
            ContentError: Something is left.
        """
        if self._rest or any(self._blocks):
            raise ContentError(message("archive.tar-changed"))
