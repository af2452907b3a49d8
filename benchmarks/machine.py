"""What the figures were measured on: processor, memory, versions; nothing that names the machine."""

from __future__ import annotations

import os
import platform
import re
import shutil
import ssl
import subprocess
import time
from importlib import metadata
from pathlib import Path

_PACKAGES = (
    "pyhanko",
    "pyhanko-certvalidator",
    "cryptography",
    "docxtpl",
    "pikepdf",
    "pypdfium2",
    "uharfbuzz",
    "python-calamine",
    "openpyxl",
    "python-pkcs11",
    "certomancer",
)


def describe_machine() -> dict[str, str | int]:
    """Return the facts that matter for speed, without host names or paths."""
    facts: dict[str, str | int] = {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_mb": _memory_mb(),
        "system": f"{platform.system()} {platform.machine()}, {_distribution()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "openssl": ssl.OPENSSL_VERSION,
        "libreoffice": _libreoffice(),
    }
    for package in _PACKAGES:
        try:
            facts[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            facts[package] = "not installed"
    return facts


def measure_busy(seconds: float = 1.5) -> float:
    """Return the share of all processors (0 to 1) that is in use while this program only waits."""
    before = _processor_times()
    time.sleep(seconds)
    after = _processor_times()
    total = sum(after) - sum(before)
    idle = (after[3] + after[4]) - (before[3] + before[4])  # idle and iowait, proc(5)
    return max(0.0, 1 - idle / total) if total else 0.0


def _processor_times() -> list[int]:
    line = Path("/proc/stat").read_text().splitlines()[0]
    return [int(number) for number in line.split()[1:9]]


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.processor() or "unknown"


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown distribution")
    except OSError:
        return "unknown distribution"


def _libreoffice() -> str:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        return "not installed"
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "does not answer"
    found = re.search(r"LibreOffice ([\d.]+)", done.stdout)
    return found[1] if found else "unknown version"
