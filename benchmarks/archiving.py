"""Archiving: evidence records over a large bag beside hashing alone, and the ledger's commands."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from agreegen.archive.manifests import manifest_lines
from benchmarks.commands import Used, measure, run_command
from benchmarks.measure import Result
from benchmarks.services import services
from benchmarks.setting import Setting

TITLE = "Evidence records over a bag, and the ledger"
_DOCUMENTS, _ENTRIES = 100_000, 10_000
_DOCUMENT_BYTES = 100_000
"""About what a signed pledge has."""
_A_FOLDER = 1_000
_GOAL = 1.5
_HASH = """
import hashlib, sys
from pathlib import Path
for line in Path(sys.argv[1], "manifest-sha256.txt").read_text("utf-8").splitlines():
    path = Path(sys.argv[1], line[66:])
    for name in sys.argv[2:]:
        with path.open("rb") as file:
            hashlib.file_digest(file, name).digest()
"""
"""What is compared with: every file of the manifest read and hashed, and nothing else."""


def run(setting: Setting, result: Result) -> None:
    """Stamp, renew and extract a bag; then keep a ledger of many entries."""
    with services(setting.pki):
        _measure_evidence(setting, result, setting.pki.tsa_url)
    _measure_ledger(setting, result)


def _measure_evidence(setting: Setting, result: Result, tsa: str) -> None:
    documents = setting.count(_DOCUMENTS, 500)
    bag = _make_bag(setting.folder / "evidence", documents)
    stamped = ["--tsa", tsa, "--trust", str(setting.pki.trust)]
    try:
        alone = _hash_alone(bag, "sha256")
        _tell(result, f"{documents:,} documents hashed alone (SHA-256)", alone)
        both = _hash_alone(bag, "sha256", "sha512")
        _tell(result, f"{documents:,} documents hashed alone (SHA-256 and SHA-512)", both)
        _compared(
            result, "archive timestamp", run_command(["archive", "timestamp", str(bag), *stamped]), alone
        )
        _size(result, "after the first timestamp", bag, documents)
        renewed = run_command(["archive", "renew", str(bag), *stamped])
        _tell(result, "archive renew (timestamp)", renewed)
        again = run_command(["archive", "renew", str(bag), *stamped, "--hash", "sha512"])
        _compared(result, "archive renew --hash sha512", again, both)
        _size(result, "after a renewal of each kind", bag, documents)
        output = setting.folder / "extracted"
        one = run_command(["archive", "extract", str(bag), "00000/000.pdf", "-o", str(output)])
        _tell(result, "archive extract, one document", one)
        record = next(output.rglob("*.ers")).stat().st_size
        result.add("its evidence record", "bytes", [record])
    finally:
        shutil.rmtree(bag, ignore_errors=True)
    result.notes.append(
        f"documents of {_DOCUMENT_BYTES:,} bytes; hashing alone is a loop over hashlib, one process"
    )


def _make_bag(bag: Path, documents: int) -> Path:
    """Make payload and manifest of a bag; the files are sparse, each another one."""
    hashes: dict[str, str] = {}
    zeros = bytes(_DOCUMENT_BYTES - 64)
    for number in range(documents):
        name = f"data/documents/{number // _A_FOLDER:05d}/{number % _A_FOLDER:03d}.pdf"
        path = bag / name
        path.parent.mkdir(parents=True, exist_ok=True)
        head = f"%PDF-1.7 {number}".encode().ljust(64)
        with path.open("wb") as file:
            file.write(head)
            file.truncate(_DOCUMENT_BYTES)
        hashes[name] = hashlib.sha256(head + zeros).hexdigest()
    with (bag / "manifest-sha256.txt").open("wb") as file:
        file.writelines(manifest_lines(sorted(hashes.items())))
    return bag


def _hash_alone(bag: Path, *names: str) -> Used:
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-c", _HASH, str(bag), *names]
        return measure(line, Path(folder, "used.json"), stdout=subprocess.DEVNULL)


def _tell(result: Result, name: str, used: Used) -> None:
    result.add(f"{name}, processor time", "s", [used.processor_s])
    result.add(f"{name}, peak memory", "MB", [used.peak_mb])


def _compared(result: Result, name: str, used: Used, alone: Used) -> None:
    _tell(result, name, used)
    result.compare(
        f"{name}: processor time against hashing alone",
        alone.processor_s,
        used.processor_s,
        _GOAL,
        at_most=True,
    )


def _size(result: Result, when: str, bag: Path, documents: int) -> None:
    size = sum(path.stat().st_size for path in (bag / "evidence").rglob("*") if path.is_file())
    result.add(f"evidence in the bag, {when}", "bytes a document", [size / documents])


def _measure_ledger(setting: Setting, result: Result) -> None:
    entries = setting.count(_ENTRIES, 100)
    folder = setting.folder / "office"
    folder.mkdir()
    ledger = ["--ledger", str(folder / "ledger.db")]
    run_command(["ledger", "new", *ledger, "--office", "bench", "--credential", _seal(setting)])
    (folder / "entries.csv").write_text(_entries(entries), "utf-8")
    (folder / "sheet.csv").write_text("自查内容,分值,得分,问题,整改\n台账与实物相符,100,100,,\n", "utf-8")
    lines = {
        "import": [str(folder / "entries.csv")],
        "holders": ["--json"],
        "leaver": ["person 7", "--json"],
        "inspect": ["--sheet", str(folder / "sheet.csv"), "--held-by", "bench"],
        "draw": ["--count", "20", "--candidates", str(folder / "candidates.txt"), "--json"],
        "close": ["--json"],
        "verify": ["--trust", str(setting.pki.trust)],
        "export": ["-o", str(folder / "ledger.xlsx")],
    }
    for name, more in lines.items():
        _tell(result, f"ledger {name}, {entries:,} entries", run_command(["ledger", name, *ledger, *more]))
    shutil.rmtree(folder)


def _seal(setting: Setting) -> str:
    return str(setting.pki.credential("archive-seal"))


def _entries(count: int) -> str:
    """Write entries: copies that come in, and half of them lent on."""
    lines = ["事项,编号,标题,密级,时间,份数,交出人,接收人,应退回时间"]
    for number in range(count // 2):
        item = f"B-{number:05d}"
        lines.append(f"收文,{item},notice {number},敏感,2018-05-02,2,province,registrar,")
        lines.append(f"传阅,{item},,,2018-05-03,1,registrar,person {number % 50},2018-05-20")
    return "\n".join(lines) + "\n"
