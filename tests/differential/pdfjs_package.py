"""The package of pdf.js, fetched once by npm into a cache and never kept in the repository."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

VERSION = "6.5.438"
_SHA512 = (
    "be0f0fc35c7e0052b2e00303be1b9697970e615f1debdf14a0400da0516173bf"
    "61a970e7650aa7397a31c371c6f74ed61ce8352583af2e13fbe7a6e875d171a4"
)
_CACHE = Path.home() / ".cache" / "agreegen" / f"pdfjs-{VERSION}"


def cached_package() -> Path | None:
    """Return the folder of the unpacked package if it was fetched before."""
    return _CACHE if (_CACHE / "build" / "pdf.min.mjs").is_file() else None


def pdfjs_package() -> Path:
    """Return the folder of the unpacked package, fetching it when it is not there.

    Raises:
        RuntimeError: There is no npm, or what it fetched is not the package that is meant.
        subprocess.CalledProcessError: npm cannot fetch it.
    """
    found = cached_package()
    if found is not None:
        return found
    if shutil.which("npm") is None:
        raise RuntimeError("npm, which fetches pdf.js, is not installed (as root: apt-get install npm)")
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"pdfjs-dist@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True, timeout=300, stdout=subprocess.DEVNULL)
        archive = Path(folder) / f"pdfjs-dist-{VERSION}.tgz"
        if hashlib.sha512(archive.read_bytes()).hexdigest() != _SHA512:
            raise RuntimeError(f"{archive.name} is not the file that was measured with")
        with tarfile.open(archive) as package:
            package.extractall(folder, filter="data")
        _CACHE.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(_CACHE, ignore_errors=True)
        shutil.move(Path(folder) / "package", _CACHE)
    return _CACHE
