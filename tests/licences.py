"""Writes docs/licences.md: the licence of everything that an installation brings, by its own word.

Run `make licences` after `make lock`; a test holds the page against what is installed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import metadata
from pathlib import Path
from typing import cast

_ROOT = Path(__file__).resolve().parents[1]
PAGE = _ROOT / "docs" / "licences.md"
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_CLASSIFIER = "License :: OSI Approved :: "
_SHORT = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "LGPL": "LGPL-2.1-or-later",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
}
"""Names that packages give their licence → SPDX identifiers."""

_DUTIES = {
    "LGPL": "a library of its own, replaceable by another version; its source is at the package's home",
    "MPL": "used unchanged; the source of its files is at the package's home",
    "OFL": "a font; it may be embedded in documents and passed on with the program, not sold alone",
}
_HEAD = """# Licences of what is installed

agreegen itself is under the [MIT licence](../LICENSE). An installation brings the packages below, each under
its own licence, taken from the package's own metadata (`make licences` writes this page from the lock file).
Nothing here binds the documents that you make. Packages with duties for whoever passes them on, LGPL, MPL and
OFL, stand first.
"""

_DEBIAN = """Where LibreOffice lays documents out, the Debian packages {names}
are installed beside it, as separate programs: LibreOffice and its Python bridge are under MPL-2.0 (parts
under LGPL-3.0+ and Apache-2.0), fontconfig under a licence of the MIT kind, LXGW WenKai and HanaMin under
OFL-1.1. Each package's full text is in `/usr/share/doc/PACKAGE/copyright`."""


@dataclass(frozen=True, slots=True)
class Package:
    """A locked package and its licence as an SPDX expression."""

    name: str
    version: str
    licence: str

    @property
    def duty(self) -> str:
        """What the licence asks of whoever passes the package on, where that is more than a notice."""
        return next((text for key, text in _DUTIES.items() if key in self.licence), "")


def licence_of(told: Message) -> str:
    """Return a package's licence, from its expression, its licence field or its classifier.

    Raises:
        LookupError: It names none that this page can show.
    """
    expression = told.get("License-Expression")
    if expression:
        return expression
    first = (told.get("License") or "").strip().split("\n")[0]
    classifiers = [line for line in told.get_all("Classifier") or () if line.startswith("License ::")]
    names = [line.rpartition(" :: ")[2] for line in classifiers]
    for name in (*names, first):
        if name in _SHORT:
            return _SHORT[name]
    if first and len(first) < 40:
        return first
    raise LookupError(f"{told['Name']}: no licence that can be named")


def packages() -> list[Package]:
    """Return every package of the runtime lock, sorted by name."""
    pins = _PIN.findall((_ROOT / "requirements" / "runtime.txt").read_text("utf-8"))
    return [
        Package(name, version, licence_of(cast("Message", metadata(name)))) for name, version in sorted(pins)
    ]


def debian_packages() -> list[str]:
    """Return the Debian packages that making documents needs."""
    lines = (_ROOT / ".ci" / "debian-packages").read_text("utf-8").splitlines()
    return sorted(parts[1] for line in lines if (parts := line.split()) and parts[0] == "run")


def render() -> str:
    """Return the page."""
    found = packages()
    bound = [package for package in found if package.duty]
    free = [package for package in found if not package.duty]
    lines = [_HEAD, "| package | licence | duty |", "|---|---|---|"]
    lines += [f"| {p.name} | {p.licence} | {p.duty} |" for p in bound]
    lines += ["", "| package | licence |", "|---|---|"]
    lines += [f"| {p.name} | {p.licence} |" for p in free]
    lines += ["", "## Debian packages", "", _DEBIAN.format(names=", ".join(debian_packages()))]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(), "utf-8")


if __name__ == "__main__":
    main()
