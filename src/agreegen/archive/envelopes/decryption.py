"""Opening a sealed bag: no byte of a part counts before its tag was checked, no bag before its manifests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from agreegen.archive.envelopes.ciphers import decryption
from agreegen.archive.envelopes.part_layout import read_part_head, read_tag
from agreegen.archive.envelopes.part_names import all_parts
from agreegen.archive.envelopes.problems import ContentError
from agreegen.archive.envelopes.tar_stream import extract
from agreegen.archive.envelopes.unwrapping import content_key
from agreegen.archive.handover.handing_over import transfer_folder
from agreegen.archive.interface import BagLimits
from agreegen.archive.structure import check_structure, refuse_inside_bag
from agreegen.errors import ArchiveError
from agreegen.files import refuse_existing, sync_folder, sync_tree
from agreegen.messages import Message, message
from agreegen.signing.interface import Credential
from agreegen.temporary import OwnFolder

_BLOCK_BYTES = 1 << 20


def open_bag(files: Sequence[Path], folder: Path, credential: Credential) -> Path:
    """Decrypt a sealed bag into a folder; return the bag. Memory stays flat whatever its size.

    1. All parts are there.
    2. Each part is decrypted into a temporary file of its owner's, and counts only when its tag (or, without
       one, its padding) was right; then the file goes.
    3. What they hold together is unpacked, strictly, into a temporary folder.
    4. Every file of the bag has the hash that its manifests say: parts cut off, mixed or changed end here.
    5. The bag, and its transfer list where it came with one, take their names.

    What the caller still owes: `archive verify` or `archive receive`. Anybody can encrypt for a recipient;
    who sealed the bag is told by the signatures inside.

    Args:
        files: The parts, or one of them beside the others.
        folder: Where the bag goes.
        credential: Whose key opens it.

    Raises:
        UsageError: A part is missing, or a bag of this name is there already.
        CredentialError: The parts are not for this certificate, or its key cannot open envelopes.
        ArchiveError: A part or what it holds is not what was sealed, or the disk cannot be written.
    """
    parts = all_parts(files)
    refuse_inside_bag(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with OwnFolder(folder, "opened") as draft:
            unpacked = draft / "unpacked"
            unpacked.mkdir()
            with contextlib.closing(_Parts(parts, credential, draft / "part")) as source:
                tops = extract(source, unpacked)
            bag = _bag_among(tops, unpacked)
            _require_whole(bag)
            sync_tree(unpacked)
            return _take_places(bag, tops, folder)
    except (OSError, ContentError) as exc:
        raise _refused(parts[0], exc) from exc


def _refused(path: Path, problem: Message | OSError | ContentError) -> ArchiveError:
    return ArchiveError(
        message("archive.cannot-opened", path=path, problem=problem),
        hint=message("archive.cannot-opened.hint"),
    )


class _Parts:
    """The plain bytes of all parts, one after the other; each was checked whole before its first is given.

    Args:
        parts: The files.
        credential: Whose key opens them.
        temporary: Where the plain bytes of one part lie meanwhile.
    """

    def __init__(self, parts: Sequence[Path], credential: Credential, temporary: Path) -> None:
        self._waiting, self._credential, self._temporary = iter(parts), credential, temporary
        self._open: BinaryIO | None = None

    def read(self, count: int) -> bytes:
        """Return so many bytes, fewer only at the end."""
        while True:
            if self._open is not None and (data := self._open.read(count)):
                return data
            self.close()
            part = next(self._waiting, None)
            if part is None:
                return b""
            _decrypt(part, self._credential, self._temporary)
            self._open = self._temporary.open("rb")

    def close(self) -> None:
        """Let the present part go."""
        if self._open is not None:
            self._open.close()
            self._open = None
        self._temporary.unlink(missing_ok=True)


def _decrypt(part: Path, credential: Credential, target: Path) -> None:
    try:
        with part.open("rb") as file, target.open("wb") as output:
            target.chmod(0o600)
            head = read_part_head(file)
            _, decrypting = decryption(head.identifier, content_key(head.recipients, credential))
            for block in _blocks(file, head.size):
                output.write(decrypting.update(block))
            output.write(decrypting.finish(read_tag(file, head)))
    except ContentError as exc:
        raise _refused(part, exc) from exc
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise _refused(part, message("archive.no-envelope")) from exc


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        block = file.read(min(size, _BLOCK_BYTES))
        if not block:
            raise ContentError(message("archive.envelope-cut-off"))
        size -= len(block)
        yield block


def _bag_among(tops: frozenset[str], unpacked: Path) -> Path:
    """Return the bag: the only folder, but for its transfer list."""
    bags = [unpacked / name for name in tops if (unpacked / name / "bagit.txt").is_file()]
    if len(bags) == 1 and {unpacked / name for name in tops} <= {bags[0], transfer_folder(bags[0])}:
        return bags[0]
    raise ContentError(message("archive.open-holds-no-bag"))


def _require_whole(bag: Path) -> None:
    contents = check_structure(bag, BagLimits())
    if contents.problems:
        raise ContentError(message("archive.opened-differs", problem=contents.problems[0]))


def _take_places(bag: Path, tops: frozenset[str], folder: Path) -> Path:
    target = folder / bag.name
    for name in sorted(tops):
        refuse_existing(folder / name, force=False)
    for path in (transfer_folder(bag), bag):  # the bag last: where it stands, everything does
        if path.exists():
            path.rename(folder / path.name)
    sync_folder(folder)
    return target
