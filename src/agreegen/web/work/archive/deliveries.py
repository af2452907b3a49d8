"""Bags that came from elsewhere, in sealed parts or as a ZIP; each delivery has a folder of its own."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from agreegen.chain.hashing import format_time
from agreegen.errors import ArchiveError
from agreegen.files import write_atomically
from agreegen.messages import message
from agreegen.temporary import OwnFolder
from agreegen.web.home import Home
from agreegen.web.work.archive.bag_folders import TRANSFER, BagPlace
from agreegen.web.work.bag_upload import unpack_zip
from agreegen.web.work.commands.children import Child
from agreegen.web.work.uploads import Upload

_ID = re.compile(r"r\d{8}-[0-9a-f]{8}")
_ID_BYTES = 4
_NOTE, _SEALED = "delivery.json", ".p7m"
_PRIVATE, _OWNER_ONLY = 0o700, 0o600


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came at once.

    Attributes:
        folder: Its folder; the name is its id.
        by: Account that took it in.
        created: When, ISO 8601 UTC.
    """

    folder: Path
    by: str
    created: str

    @property
    def id(self) -> str:
        """Its name in paths of pages."""
        return self.folder.name

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the sealed parts that have come so far."""
        return tuple(sorted(path.name for path in (self.folder / "parts").glob(f"*{_SEALED}")))

    @property
    def place(self) -> BagPlace:
        """Where its bags lie once they are open."""
        return BagPlace(
            id=self.id,
            title=self.id,
            folder=self.folder / "opened",
            notes=self.folder / "acts",
            register=None,
            sources=self.folder / "parts",
            back=f"/archive/received/{self.id}",
        )

    @property
    def bags(self) -> tuple[str, ...]:
        """Names of its bags."""
        return self.place.names()

    @property
    def opening(self) -> Child:
        """`archive open`."""
        return Child(self.folder, "open")

    def keep(self, uploads: Iterable[Upload]) -> int:
        """Keep sealed parts and unpack ZIPs; return how many of either there were.

        Raises:
            ArchiveError: A ZIP cannot be unpacked within bounds, holds no bag, or one that is there already.
            OSError: The disk cannot be written.
        """
        count = 0
        for upload in uploads:
            if upload.is_zip:
                self._unpack(upload)
            elif upload.name.lower().endswith(_SEALED):
                upload.keep_at(self.folder / "parts" / upload.name)
            else:
                continue
            count += 1
        return count

    def _unpack(self, upload: Upload) -> None:
        """Unpack a ZIP that holds bags, each in a folder, or one bag without."""
        opened = self.place.folder
        with OwnFolder(opened, "unpacked") as draft:
            inside = draft / PurePath(upload.name).stem
            inside.mkdir()
            unpack_zip(upload.open(), inside)
            if not (inside / "bagit.txt").is_file():
                inside = _only_level(inside)
            found = [inside] if (inside / "bagit.txt").is_file() else [*inside.iterdir()]
            bags = [path for path in found if (path / "bagit.txt").is_file()]
            if not bags:
                raise ArchiveError(message("web.bag.none"))
            # Nothing else comes along: what says that a bag was destroyed is this office's own word.
            for path in (*(bag.with_name(bag.name + TRANSFER) for bag in bags), *bags):
                if (opened / path.name).exists():
                    raise ArchiveError(message("web.delivery.there-already"))
                if path.is_dir():
                    path.rename(opened / path.name)


def _only_level(folder: Path) -> Path:
    """Step into the only folder, where that holds bags and is none itself."""
    inside = [*folder.iterdir()]
    if len(inside) == 1 and inside[0].is_dir() and not (inside[0] / "bagit.txt").is_file():
        return inside[0]
    return folder


class Deliveries:
    """The deliveries of an office.

    Args:
        home: Its home.
    """

    def __init__(self, home: Home) -> None:
        self._folder = home.received

    def add(self, by: str, *, now: datetime) -> Delivery:
        """Begin a delivery."""
        folder = self._folder / f"r{now:%Y%m%d}-{secrets.token_hex(_ID_BYTES)}"
        for name in ("parts", "opened", "acts"):
            (folder / name).mkdir(mode=_PRIVATE, parents=True)
        note = {"by": by, "created": format_time(now)}
        write_atomically(folder / _NOTE, json.dumps(note).encode(), mode=_OWNER_ONLY)
        return Delivery(folder, by, note["created"])

    def all(self) -> tuple[Delivery, ...]:
        """Return every delivery, newest first."""
        found = (self.find(path.name) for path in self._folder.iterdir())
        return tuple(sorted((each for each in found if each), key=lambda each: each.created, reverse=True))

    def find(self, delivery_id: str) -> Delivery | None:
        """Return the delivery of an id."""
        note = self._folder / delivery_id / _NOTE
        if _ID.fullmatch(delivery_id) is None or not note.is_file():
            return None
        known = json.loads(note.read_bytes())
        return Delivery(note.parent, str(known["by"]), str(known["created"]))
