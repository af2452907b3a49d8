"""What the suites share in one run: a work folder, how much to do, keys, services, and sample documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import free_port
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, Trust
from agreegen.signing.trust import load_trust
from benchmarks.samples import Pledge, make_pledges, pledge_documents

KEY_BITS = 3072


@dataclass(slots=True)
class Setting:
    """One run of the benchmarks.

    Attributes:
        folder: Work folder; removed at the end.
        quick: Whether fewer repetitions are wanted.
        full: Whether the longest runs are wanted, too.
    """

    folder: Path
    quick: bool = False
    full: bool = False
    _pki: ExamplePki | None = None
    _pledges: list[Pledge] = field(default_factory=list)

    def count(self, usual: int, quick: int) -> int:
        """Choose a number of repetitions."""
        return quick if self.quick else usual

    @property
    def now(self) -> datetime:
        """The time, in whole seconds; revocation data asked for later would not count for an earlier one."""
        return datetime.now(UTC).replace(microsecond=0)

    @property
    def pki(self) -> ExamplePki:
        """The example PKI with RSA-3072 keys, made on first use."""
        if self._pki is None:
            self._pki = make_example_pki(
                self.folder / "pki", now=self.now, key_bits=KEY_BITS, people=(), port=free_port()
            )
        return self._pki

    @property
    def trust(self) -> Trust:
        """Its anchors and revocation lists."""
        return load_trust([self.pki.trust])

    def credential(self, name: str = "unit-seal") -> Credential:
        """Load one of its credentials."""
        return load_credential(self.pki.credential(name))

    def pledges(self, count: int) -> list[Pledge]:
        """Return unsigned pledges; made once, repeated where more are wanted than were made."""
        if not self._pledges:
            self._pledges = make_pledges(pledge_documents(self.folder, self.count(40, 12)))
        return [self._pledges[number % len(self._pledges)] for number in range(count)]
