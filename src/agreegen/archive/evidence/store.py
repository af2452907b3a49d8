"""The evidence folder of a bag: an index, the tokens, the hashes of later chains, certificates and lists.

evidence/index.json            which tokens follow each other, and the way of the bag's hash to each
evidence/token-0001.tsr        the tokens, byte for byte
evidence/manifest-sha512.txt   hashes of the payload by the function of a later chain (`sha512sum -c`)
evidence/certificates/*.cer    the timestamp services' certificates and their authorities'
evidence/crls/*.crl            revocation lists of those authorities, as they were at each renewal
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from agreegen.archive.evidence.values import EVIDENCE_FOLDER, BagChain, BagEvidence, BagStamp
from agreegen.archive.interface import PAYLOAD_MANIFEST
from agreegen.archive.manifests import ManifestError, decode_path, encode_path, parse_manifest
from agreegen.errors import ArchiveError
from agreegen.files import sha256_of, write_atomically
from agreegen.messages import message
from agreegen.model.document import canonical_json
from agreegen.pki.evidence_records.hash_tree import HASH_NAMES

FORMAT = "agreegen evidence/1"
INDEX = "index.json"
_MAX_INDEX_BYTES = 64 << 20
_MAX_TOKEN_BYTES = 4 << 20
_MAX_MANIFEST_BYTES = 256 << 20
_LINE = re.compile(r"([0-9a-f]{64,128})  (\S.*)\Z")
_TOKEN = re.compile(r"token-\d{4}\.tsr\Z")


def has_evidence(bag: Path) -> bool:
    """Whether a bag has an evidence folder."""
    return (bag / EVIDENCE_FOLDER / INDEX).is_file()


def read_evidence(bag: Path) -> BagEvidence:
    """Read a bag's evidence; nothing is judged yet.

    Raises:
        ArchiveError: It is missing, damaged, or larger than the limits.
    """
    folder = bag / EVIDENCE_FOLDER
    try:
        return BagEvidence(_read_chains(bag, json.loads(_read(folder / INDEX, _MAX_INDEX_BYTES))))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise ArchiveError(
            message("archive.evidence-cannot-read", folder=folder),
            hint=message("archive.restore-folder-from-copy-bag"),
        ) from exc


def _read_chains(bag: Path, index: Mapping[str, Any]) -> tuple[BagChain, ...]:
    if index["format"] != FORMAT:
        raise ValueError("another format")
    chains = tuple(_read_chain(bag, entry, number) for number, entry in enumerate(index["chains"]))
    if not chains or not chains[0].hashes:
        raise ValueError("nothing is proved")
    if any(chain.hashes.keys() != chains[0].hashes.keys() for chain in chains):
        raise ValueError("its chains are over different files")
    return chains


def _read(path: Path, limit: int) -> bytes:
    if path.is_symlink() or path.stat().st_size > limit:
        raise ValueError(f"{path.name} is a link or too large")
    return path.read_bytes()


def _read_chain(bag: Path, entry: Mapping[str, Any], number: int) -> BagChain:
    name = str(entry["hash"])
    if name not in HASH_NAMES:
        raise ValueError("an unknown hash function")
    stamps = tuple(_read_stamp(bag / EVIDENCE_FOLDER, stamp) for stamp in entry["stamps"])
    if not stamps:
        raise ValueError("a chain without a token")
    return BagChain(name, _read_hashes(bag, name, first=number == 0), stamps)


def _read_stamp(folder: Path, entry: Mapping[str, Any]) -> BagStamp:
    token = str(entry["token"])
    if not _TOKEN.match(token):
        raise ValueError("a token outside of the folder")
    path = tuple(tuple(bytes.fromhex(value) for value in group) for group in entry["path"])
    return BagStamp(_read(folder / token, _MAX_TOKEN_BYTES), path)


def _read_hashes(bag: Path, name: str, *, first: bool) -> dict[str, bytes]:
    if name == "sha256" and first:
        listed, _ = parse_manifest(_read(bag / PAYLOAD_MANIFEST, _MAX_MANIFEST_BYTES))
        return {path: bytes.fromhex(digest) for path, digest in listed.items()}
    return dict(_parse_hashes(_read(bag / EVIDENCE_FOLDER / _manifest_name(name), _MAX_MANIFEST_BYTES)))


def _parse_hashes(data: bytes) -> Iterator[tuple[str, bytes]]:
    for line in data.decode().splitlines():
        match = _LINE.match(line)
        if match is None:
            raise ManifestError(message("archive.not-hash-path"))
        yield decode_path(match[2]), bytes.fromhex(match[1])


def _manifest_name(hash_name: str) -> str:
    return f"manifest-{hash_name}.txt"


def write_evidence(
    bag: Path, evidence: BagEvidence, *, certificates: Mapping[str, bytes], crls: tuple[bytes, ...]
) -> None:
    """Write a bag's evidence: new files first, then the index that names them, each whole and durable.

    A command that is killed in between leaves the evidence as it was, and files that nothing names.

    Args:
        bag: The bag.
        evidence: All of it; tokens that are there already are not written again.
        certificates: File name → DER of the services' certificates and their authorities'.
        crls: Revocation lists, DER.

    Raises:
        ArchiveError: The bag cannot be written.
    """
    folder = bag / EVIDENCE_FOLDER
    try:
        drafts = _draft_folder(bag)
        for name, data in _files_of(evidence).items():
            if not (folder / name).is_file() or (folder / name).read_bytes() != data:
                write_atomically(folder / name, data, draft_folder=drafts)
        for name, der in certificates.items():
            write_atomically(folder / "certificates" / name, der, draft_folder=drafts)
        for der in crls:
            write_atomically(folder / "crls" / f"{sha256_of(der)[:16]}.crl", der, draft_folder=drafts)
        write_atomically(folder / INDEX, canonical_json(_index_of(evidence)) + b"\n", draft_folder=drafts)
    except OSError as exc:
        raise ArchiveError(
            message("archive.cannot-written-2", folder=folder, exc=exc),
            hint=message("archive.check-disk-permissions"),
        ) from exc


def _draft_folder(bag: Path) -> Path | None:
    """Return where half files lie: beside the bag, since one left in it by a kill makes it not valid.

    Where the bag is a file system of its own, or its folder is not ours to write, they lie in it.
    """
    beside = bag.resolve().parent
    same = beside.stat().st_dev == bag.stat().st_dev
    return beside if same and os.access(beside, os.W_OK) else None


def _numbered(evidence: BagEvidence) -> Iterator[tuple[str, BagStamp]]:
    stamps = (stamp for chain in evidence.chains for stamp in chain.stamps)
    return ((f"token-{number:04d}.tsr", stamp) for number, stamp in enumerate(stamps, 1))


def _files_of(evidence: BagEvidence) -> dict[str, bytes]:
    files = {name: stamp.token for name, stamp in _numbered(evidence)}
    for number, chain in enumerate(evidence.chains):
        if number or chain.hash_name != "sha256":
            lines = (f"{value.hex()}  {encode_path(path)}\n" for path, value in sorted(chain.hashes.items()))
            files[_manifest_name(chain.hash_name)] = "".join(lines).encode()
    return files


def _index_of(evidence: BagEvidence) -> dict[str, object]:
    names = iter(name for name, _ in _numbered(evidence))
    return {
        "format": FORMAT,
        "chains": [
            {
                "hash": chain.hash_name,
                "stamps": [
                    {"token": next(names), "path": [[value.hex() for value in group] for group in stamp.path]}
                    for stamp in chain.stamps
                ],
            }
            for chain in evidence.chains
        ],
    }


def kept_files(bag: Path, kind: str) -> Iterator[Path]:
    """List the certificates or lists of a bag's evidence.

    Args:
        bag: The bag.
        kind: `certificates` or `crls`.
    """
    folder = bag / EVIDENCE_FOLDER / kind
    return (path for path in sorted(folder.glob("*")) if path.is_file() and not path.is_symlink())


def is_evidence_file(path: str) -> bool:
    """Whether a path of a bag is one that its evidence folder may hold."""
    parts = PurePosixPath(path).parts
    if parts[:1] != (EVIDENCE_FOLDER,):
        return False
    if len(parts) == 2:
        manifests = {_manifest_name(name) for name in HASH_NAMES}
        return parts[1] == INDEX or parts[1] in manifests or _TOKEN.match(parts[1]) is not None
    return len(parts) == 3 and (parts[1], PurePosixPath(path).suffix) in {
        ("certificates", ".cer"),
        ("crls", ".crl"),
    }
