"""One agreement on disk: its values, and its file in each version, none of which is ever overwritten."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from agreegen.api import find_form, generate
from agreegen.files import write_atomically
from agreegen.model.form import Form
from agreegen.web.home import Home
from agreegen.web.store.agreements import Agreement
from agreegen.web.work.agreements.form_entry import values_of

_OWNER_ONLY = 0o600
_VALUES = "values.json"


@dataclass(frozen=True, slots=True)
class AgreementFolder:
    """The folder of one agreement.

    Attributes:
        path: The folder.
        form_id: Its form.
    """

    path: Path
    form_id: str

    @classmethod
    def of(cls, home: Home, agreement: Agreement) -> AgreementFolder:
        """Return the folder of an agreement."""
        return cls(home.agreements / agreement.id, agreement.form)

    @property
    def form(self) -> Form:
        """The form."""
        return find_form(self.form_id)

    @property
    def versions(self) -> tuple[Path, ...]:
        """The file in each version, oldest first."""
        return tuple(sorted(self.path.glob("v[0-9][0-9][0-9].pdf")))

    @property
    def current(self) -> Path:
        """The file as it is now."""
        return self.versions[-1]

    def texts(self) -> dict[str, str]:
        """Return what was entered, by field name."""
        texts: dict[str, str] = json.loads((self.path / _VALUES).read_text(encoding="utf-8"))
        return texts

    def make(self, texts: dict[str, str]) -> None:
        """Make the document from what was entered.

        Raises:
            ComplaintsError: A value is wrong.
            ConversionError: The page could not be made.
        """
        made = generate(self.form, values_of(self.form, texts))
        self.path.mkdir(mode=0o700, exist_ok=True)
        write_atomically(
            self.path / _VALUES, json.dumps(texts, ensure_ascii=False).encode(), mode=_OWNER_ONLY
        )
        self.add(made.pdf)

    def add(self, pdf: bytes) -> None:
        """Keep a further version."""
        path = self.path / f"v{len(self.versions) + 1:03d}.pdf"
        write_atomically(path, pdf, mode=_OWNER_ONLY)
