#!/usr/bin/env python3
"""Builds the tarball for isolated machines: `.ci/bundle/build.py OUTPUT_DIR [--credential CRED.yaml]`.

Two builds of one commit are the same, byte for byte: every file is pinned by its SHA-256, and times are the
commit's. The signature, which differs with its time and key, lies beside the tarball.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.detached import sign_detached

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
_VERSION_FILE = ROOT / "src" / "agreegen" / "__init__.py"
LOCK = HERE / "debian-amd64.lock"
PIP = HERE / "pip.txt"
RUNTIME = ROOT / "requirements" / "runtime.txt"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s\\;]+)", re.MULTILINE)
_DOWNLOAD_TIMEOUT_S = 3600


def main() -> int:
    """Build the tarball, its list of hashes and, with a credential, the signature over that list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--credential", type=Path, help="signs the list of hashes (detached CMS)")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "agreegen" / "bundle")
    options = parser.parse_args()
    commit, moment = _git("rev-parse", "HEAD"), int(_git("log", "-1", "--format=%ct"))
    if _git("status", "--porcelain"):
        sys.exit("the working tree has changes: a bundle is that of a commit")
    version = re.search(r'^__version__ = "([^"]+)"', _VERSION_FILE.read_text("utf-8"), re.MULTILINE)
    name = f"agreegen-{version[1] if version else '0'}-{commit[:12]}-debian12-amd64"
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="agreegen-bundle-") as folder:
        place = Path(folder) / name
        _fill(place, options.cache, commit, moment)
        tarball = options.output / f"{name}.tar"
        _pack(place, tarball, moment)
    sums = options.output / f"{name}.sha256"
    sums.write_text(f"{_sha256(tarball)}  {tarball.name}\n", "utf-8")
    if options.credential is not None:
        _sign(sums, options.credential)
    print(f"{tarball}: {tarball.stat().st_size >> 20} MiB")
    print(sums.read_text("utf-8").strip())
    return 0


def _fill(place: Path, cache: Path, commit: str, moment: int) -> None:
    """Put everything into the bundle's folder; the list of hashes comes last and names all the rest."""
    place.mkdir()
    _wheels(place / "wheels", cache / "wheels", moment)
    _pip(place, cache / "pip")
    _debs(place / "debian", cache / "debian")
    shutil.copytree(ROOT / "docs", place / "docs")
    shutil.copytree(ROOT / "batch", place / "samples")
    for file in ("README.md", "README.zh-CN.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / file, place)
    shutil.copy(RUNTIME, place / "requirements.txt")
    shutil.copy(HERE / "install.sh", place)
    (place / "COMMIT").write_text(f"{commit}\n", "utf-8")
    (place / "sbom.cdx.json").write_text(
        json.dumps(_sbom(place, cache / "debian", commit), ensure_ascii=False, indent=1), "utf-8"
    )
    files = sorted(path for path in place.rglob("*") if path.is_file())
    lines = [f"{_sha256(path)}  ./{path.relative_to(place).as_posix()}\n" for path in files]
    (place / "SHA256SUMS").write_text("".join(lines), "utf-8")


def _wheels(folder: Path, cache: Path, moment: int) -> None:
    """Download the locked wheels, each checked by its hash, and build our own from the commit."""
    cache.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip"]
    _run(
        [
            *pip,
            "download",
            "-q",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
            "-r",
            RUNTIME,
            "-d",
            cache,
        ]
    )
    folder.mkdir()
    wanted = {(_normal(name), version) for name, version in _PINNED.findall(RUNTIME.read_text("utf-8"))}
    for wheel in sorted(cache.glob("*.whl")):
        distribution, version = wheel.name.split("-")[:2]
        if (_normal(distribution), version) in wanted:
            shutil.copy(wheel, folder)
            wanted.remove((_normal(distribution), version))
    if wanted:
        sys.exit(f"no wheel for {', '.join(sorted(name for name, _ in wanted))}")
    with tempfile.TemporaryDirectory() as source:
        # Only what the commit holds goes into the wheel, whatever else lies in the working tree.
        archive = subprocess.run(
            ["git", "-C", ROOT, "archive", "HEAD"], check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", source], input=archive, check=True)
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(moment)}
        _run([*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, source], environment)


def _pip(place: Path, cache: Path) -> None:
    """Put the locked pip beside the wheels: Debian's Python comes without it."""
    cache.mkdir(parents=True, exist_ok=True)
    _run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--require-hashes",
            "-r",
            PIP,
            "-d",
            cache,
        ]
    )
    version = _PINNED.findall(PIP.read_text("utf-8"))[0][1]
    shutil.copy(cache / f"pip-{version}-py3-none-any.whl", place)


def _debs(folder: Path, cache: Path) -> None:
    """Download the locked Debian packages and index them as a repository of their own."""
    folder.mkdir()
    cache.mkdir(parents=True, exist_ok=True)
    files = {
        cache / f"{sha256}.deb": (name, version, sha256)
        for name, version, sha256, _ in map(str.split, _locked())
    }
    missing = [f"{name}={version}" for file, (name, version, _) in files.items() if not file.is_file()]
    if missing:
        with tempfile.TemporaryDirectory() as place:
            _run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "-q", *missing], cwd=Path(place))
            for made in Path(place).glob("*.deb"):
                shutil.move(made, cache / f"{_sha256(made)}.deb")
    for file, (name, version, sha256) in files.items():
        if not file.is_file() or _sha256(file) != sha256:
            sys.exit(f"{name} {version} is not the file that debian-amd64.lock names")
        shutil.copy(file, folder / f"{name}_{version.replace(':', '.')}.deb")
    index = subprocess.run(
        ["apt-ftparchive", "packages", "."], cwd=folder, check=True, capture_output=True, text=True
    )
    (folder / "Packages").write_text("\n\n".join(sorted(index.stdout.strip().split("\n\n"))) + "\n", "utf-8")
    needs = (line.split() for line in (ROOT / ".ci" / "debian-packages").read_text("utf-8").splitlines())
    wanted = {words[1] for words in needs if words[:1] in (["run"], ["bundle"])}
    (folder / "WANTED").write_text("\n".join(sorted(wanted)) + "\n", "utf-8")


def _locked() -> Iterator[str]:
    return (line for line in LOCK.read_text("utf-8").splitlines() if line and not line.startswith("#"))


def _sbom(place: Path, debs: Path, commit: str) -> dict[str, object]:
    """List every part with version, hash and licence (CycloneDX 1.6, the JSON format)."""
    components = []
    licences = _wheel_licences()
    for wheel in sorted([*(place / "wheels").glob("*.whl"), *place.glob("pip-*.whl")]):
        name, version = wheel.name.split("-")[:2]
        name = _normal(name)
        licence = {"licenses": [{"expression": licences[name]}]}
        components.append(_component(f"pkg:pypi/{name}@{version}", name, version, _sha256(wheel)) | licence)
    for line in _locked():
        name, version, sha256, _ = line.split()
        named = {"licenses": [{"license": {"name": one}} for one in _debian_licences(debs, name, sha256)]}
        purl = f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=bookworm"
        components.append(_component(purl, name, version, sha256) | named)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, commit)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "agreegen", "version": commit[:12]}},
        "components": components,
    }


def _component(purl: str, name: str, version: str, sha256: str) -> dict[str, object]:
    hashes = [{"alg": "SHA-256", "content": sha256}]
    return {
        "type": "library",
        "bom-ref": purl,
        "purl": purl,
        "name": name,
        "version": version,
        "hashes": hashes,
    }


def _wheel_licences() -> dict[str, str]:
    """Return the licence of each wheel: a test holds the page that they stand on against the packages."""
    page = (ROOT / "docs" / "licences.md").read_text("utf-8")
    return {"agreegen": "MIT", "pip": "MIT"} | dict(
        re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+) \|", page, re.MULTILINE)
    )


def _debian_licences(cache: Path, name: str, sha256: str) -> list[str]:
    """Return what a Debian package says of its licences, in the short names of its copyright file (DEP 5)."""
    known = cache / f"{sha256}.licences"
    if not known.is_file():
        known.write_text("\n".join(_read_licences(cache / f"{sha256}.deb", name)), "utf-8")
    return known.read_text("utf-8").splitlines()


def _read_licences(deb: Path, name: str) -> list[str]:
    where = f"usr/share/doc/{name}"
    unpacking = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
    found: list[str] = []
    with unpacking, tarfile.open(fileobj=unpacking.stdout, mode="r|") as files:
        for entry in files:
            path = entry.name.removeprefix("./")
            if path == f"{where}/copyright" and entry.isfile():
                text = (files.extractfile(entry) or io.BytesIO()).read().decode("utf-8", "replace")
                found += re.findall(r"^License: *(\S.*?) *$", text, re.MULTILINE)
    return list(dict.fromkeys(found)) or [f"see /{where}/copyright"]


def _pack(place: Path, tarball: Path, moment: int) -> None:
    """Write the folder as a tarball with sorted names, one owner and the commit's time."""

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = moment
        entry.mode = 0o755 if entry.isdir() or entry.name.endswith("install.sh") else 0o644
        return entry

    part = tarball.with_suffix(".part")
    with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in (place, *sorted(place.rglob("*"))):
            archive.add(path, path.relative_to(place.parent).as_posix(), recursive=False, filter=plain)
    part.replace(tarball)


def _sign(sums: Path, credential: Path) -> None:
    """Sign the list of hashes; `openssl cms -verify -binary -inform DER -content` checks it."""
    loaded = load_credential(credential)
    try:
        signature = sign_detached(sums.read_bytes(), loaded, datetime.now(UTC).replace(microsecond=0))
    finally:
        loaded.close()
    sums.with_name(f"{sums.name}.p7s").write_bytes(signature)


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", ROOT, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def _run(command: list[object], environment: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    done = subprocess.run(
        [str(part) for part in command], env=environment, cwd=cwd, timeout=_DOWNLOAD_TIMEOUT_S,
        stdout=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{command[0]} failed")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
