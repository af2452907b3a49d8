"""pdfsig (Poppler, NSS) as a judge of RSA and ECDSA signatures."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreegen.programs import run_program

_PART = re.compile(r"^\s+- (?P<key>[^:]+):\s*(?P<value>.*)$")


@dataclass(frozen=True, slots=True)
class PdfsigSignature:
    """What pdfsig says of one signature.

    Attributes:
        validation: Text of its `Signature Validation` line, e.g. `Signature is Valid.`
        certificate: Text of its `Certificate Validation` line.
        signer: Common name of the signer.
        whole_document: Whether it says that the whole document is signed.
    """

    validation: str
    certificate: str
    signer: str
    whole_document: bool


def signatures(path: Path, anchors: Sequence[Path] = ()) -> list[PdfsigSignature]:
    """Return what pdfsig says of each signature of a file, in file order.

    Args:
        path: The PDF.
        anchors: PEM certificates that it trusts; needs certutil (Debian libnss3-tools), else leave empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        options: list[str | Path] = []
        if anchors:
            _make_database(Path(folder), anchors)
            options = ["-nssdir", f"sql:{folder}"]
        done = run_program(["pdfsig", *options, path], timeout_s=60)
    found: list[dict[str, str]] = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("Signature #"):
            found.append({})
        elif found and (part := _PART.match(line)):
            found[-1][part["key"].strip()] = part["value"].strip()
        elif found and "Total document signed" in line:
            found[-1]["whole"] = "yes"
    return [
        PdfsigSignature(
            validation=entry.get("Signature Validation", ""),
            certificate=entry.get("Certificate Validation", ""),
            signer=entry.get("Signer Certificate Common Name", ""),
            whole_document="whole" in entry,
        )
        for entry in found
    ]


def _make_database(folder: Path, anchors: Sequence[Path]) -> None:
    subprocess.run(["certutil", "-N", "-d", f"sql:{folder}", "--empty-password"], check=True, timeout=60)
    for number, anchor in enumerate(anchors):
        command = ["certutil", "-A", "-d", f"sql:{folder}", "-n", f"anchor{number}", "-t", "CT,C,C", "-a"]
        subprocess.run([*command, "-i", str(anchor)], check=True, timeout=60)
