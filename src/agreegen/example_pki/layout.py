"""Where everything stands in the folder of an example PKI."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from agreegen.errors import InputError
from agreegen.example_pki.certificates import Addresses
from agreegen.messages import message
from agreegen.yaml_text import packaged_words

MARKER = "EXAMPLE-PKI.txt"
"""File that tells our own folder from any other; only such a folder is ever replaced."""

MARKER_TEXT: str = packaged_words("agreegen.example_pki")["marker"]


@dataclass(frozen=True, slots=True)
class ExamplePki:
    """An example PKI on disk.

    Attributes:
        folder: The folder it was made in.
        port: Port that the addresses in its certificates name.
        people: Staff number and name of each person.
        sm2: Whether it holds an SM2 chain.
    """

    folder: Path
    port: int
    people: tuple[tuple[str, str], ...]
    sm2: bool = False

    @classmethod
    def from_folder(cls, folder: Path) -> ExamplePki:
        """Open an example PKI that was made before.

        Raises:
            InputError: The folder holds none.
        """
        try:
            raw = json.loads((folder / "responder" / "pki.json").read_bytes())
            people = tuple((str(number), str(name)) for number, name in raw["people"])
            return cls(folder, int(raw["port"]), people, bool(raw["sm2"]))
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise InputError(
                message("example_pki.holds-no-example-pki", folder=folder),
                hint=message("example_pki.make-one-agreegen-certs-example-dir"),
            ) from exc

    def to_json(self) -> bytes:
        """Encode what `from_folder` reads."""
        data = {"port": self.port, "people": self.people, "sm2": self.sm2}
        return json.dumps(data, ensure_ascii=False, indent=1).encode()

    @property
    def addresses(self) -> Addresses:
        """Where its services answer."""
        return Addresses(self.port)

    @property
    def tsa_url(self) -> str:
        """Address of its timestamp service."""
        return self.addresses.tsa

    @property
    def trust(self) -> Path:
        """Folder with the trust anchors and revocation lists, and nothing else."""
        return self.folder / "trust"

    @property
    def credentials(self) -> Path:
        """Folder with the credential files."""
        return self.folder / "credentials"

    @property
    def recipients(self) -> Path:
        """Folder with certificates that bags are sealed for, and the credentials that open them."""
        return self.folder / "recipients"

    @property
    def keys(self) -> Path:
        """Folder with the keys of the authorities and services."""
        return self.folder / "responder"

    def credential(self, name: str) -> Path:
        """Return the path of a credential file, e.g. `unit-seal` or `people/HN0001`."""
        return self.credentials / f"{name}.yaml"
