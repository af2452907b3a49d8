"""The checks of the four properties over a bag that was judged, in numbered steps."""

from __future__ import annotations

import csv
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from agreegen.archive.four.inspection import PdfFacts, inspect_pdf
from agreegen.archive.interface import BagReport
from agreegen.errors import AgreegenError
from agreegen.json_text import parse_json
from agreegen.messages import Message, message
from agreegen.model.four_properties import Check, Outcome, Property
from agreegen.model.report import Verdict
from agreegen.programs import run_program
from agreegen.verification.detached import SealReport, SealState

_DOCUMENTS, _PARAMETERS = "data/documents", "data/parameters"
_MOST_NAMED = 10
_MOST_TABLE_BYTES = 256 << 20
_NUMBER = re.compile(r"(.*?)(\d{1,9})\Z")
_PROGRAM_S = 3_600.0
_BY_STATUS = {0: Outcome.PASSED, 1: Outcome.FAILED}
"""Exit codes of veraPDF and clamscan; any other one says that they could not judge."""
_STRUCTURE = frozenset({"missing", "unlisted", "oxum", "manifest", "changed", "unreadable"})
_PLACES = frozenset({"link", "path", "limit", "fetch"})


def check_four(bag: Path, report: BagReport) -> tuple[Check, ...]:
    """Check authenticity, integrity, usability and safety of a bag (DA/T 70-2018).

    1. Authenticity: who sealed it, when that is proved, all signatures, metadata against content.
    2. Integrity: files and bytes against the manifests, documents against the register, gaps in numbers.
    3. Usability: every document opens, says it is PDF/A, is so where veraPDF is installed, embeds its fonts.
    4. Safety: no encryption, nothing that runs, no links; malware where clamscan is installed.

    What the caller still owes: that the report is of this bag and of now. A result is no certificate.
    """
    facts = {path: inspect_pdf(path) for path in _documents(bag)}
    return (
        *_authenticity(bag, report),
        *_integrity(bag, report, len(facts)),
        *_usability(facts),
        *_safety(bag, report, facts),
    )


def _documents(bag: Path) -> list[Path]:
    """Return the documents; a link is told by `places`, and not followed."""
    found = (bag / _DOCUMENTS).rglob("*")
    return sorted(p for p in found if p.suffix.lower() == ".pdf" and not p.is_symlink() and p.is_file())


def _authenticity(bag: Path, report: BagReport) -> Iterator[Check]:
    about = Property.AUTHENTICITY
    for code, seal in (
        ("seal", report.signature),
        ("timestamp", report.token),
        ("evidence", report.evidence),
    ):
        yield Check(
            about,
            code,
            _subject(code),
            _basis(code),
            _sealed(seal, code),
            _told(seal),
        )
    files = report.documents.files
    bad = [file.path for file in files if not file.settled]
    yield _counted(about, "signatures", len(files), bad)
    differing = list(_differing(bag, report))
    yield _counted(about, "metadata", len(files), differing)


def _integrity(bag: Path, report: BagReport, documents: int) -> Iterator[Check]:
    about = Property.INTEGRITY
    wrong = [problem.path or problem.code for problem in report.problems if problem.code in _STRUCTURE]
    yield _counted(about, "files", report.files, wrong)
    size = sum(
        path.stat().st_size for path in (bag / "data").rglob("*") if path.is_file() and not path.is_symlink()
    )
    told = message("archive.four-bytes", size=size)
    outcome = Outcome.FAILED if any(p.code == "oxum" for p in report.problems) else Outcome.PASSED
    yield Check(about, "bytes", _subject("bytes"), _basis("bytes"), outcome, told)
    rows = _rows(bag / "data/register.csv")
    told = message("archive.four-rows", documents=documents, rows=len(rows))
    same = Outcome.PASSED if documents == len(rows) else Outcome.FAILED
    yield Check(about, "register", _subject("register"), _basis("register"), same, told)
    gaps = _gaps(row.get("staff_no", "") for row in rows)
    told = message("archive.four-no-gaps")
    if gaps:
        told = message("archive.four-gaps", gaps=gaps[:_MOST_NAMED], count=len(gaps))
    outcome = Outcome.REMARK if gaps else Outcome.PASSED
    yield Check(about, "numbers", _subject("numbers"), _basis("numbers"), outcome, told)


def _usability(facts: Mapping[Path, PdfFacts]) -> Iterator[Check]:
    about, count = Property.USABILITY, len(facts)
    yield _counted(about, "opens", count, [path.name for path, each in facts.items() if each.problem])
    yield _counted(about, "declared", count, [path.name for path, each in facts.items() if not each.declared])
    yield _by_program("pdfa", about, "verapdf", ["--format", "text"], facts)
    yield _counted(about, "fonts", count, [path.name for path, each in facts.items() if each.loose_fonts])


def _safety(bag: Path, report: BagReport, facts: Mapping[Path, PdfFacts]) -> Iterator[Check]:
    about, count = Property.SAFETY, len(facts)
    yield _counted(about, "encryption", count, [path.name for path, each in facts.items() if each.encrypted])
    yield _counted(about, "actions", count, [path.name for path, each in facts.items() if each.actions])
    places = [problem.path for problem in report.problems if problem.code in _PLACES]
    yield _counted(about, "places", report.files, places)
    yield _by_program("malware", about, "clamscan", ["--recursive", "--infected", "--no-summary"], [bag])


def _by_program(code: str, about: Property, program: str, options: list[str], paths: Iterable[Path]) -> Check:
    """Let an installed program judge; it fails a check by its exit code, as both programs do."""
    names = list(paths)
    if shutil.which(program) is None or not names:
        told = message("archive.four-not-installed", program=program)
        return Check(about, code, _subject(code), _basis(code), Outcome.NOT_DONE, told)
    try:
        done = run_program([program, *options, *names], timeout_s=_PROGRAM_S)
    except AgreegenError as exc:
        told = message("archive.four-text", text=exc)
        return Check(about, code, _subject(code), _basis(code), Outcome.NOT_DONE, told)
    last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-_MOST_NAMED:]
    outcome = _BY_STATUS.get(done.status, Outcome.NOT_DONE)
    told = message("archive.four-text", text="; ".join(last) or program)
    return Check(about, code, _subject(code), _basis(code), outcome, told)


def _counted(about: Property, code: str, count: int, bad: list[str]) -> Check:
    told = message("archive.four-counted", count=count, bad=len(bad))
    if bad:
        told = message("archive.four-named", counted=told, names=bad[:_MOST_NAMED])
    outcome = Outcome.FAILED if bad else Outcome.PASSED if count else Outcome.NOT_DONE
    return Check(about, code, _subject(code), _basis(code), outcome, told)


def _told(seal: SealReport) -> Message:
    if seal.state is SealState.MISSING:
        return message("archive.four-none")
    return message("archive.four-text", text=seal.detail)


def _sealed(seal: SealReport, code: str) -> Outcome:
    if seal.state is SealState.MISSING and code != "seal":
        return Outcome.NOT_DONE
    return Outcome.PASSED if seal.state is SealState.VALID else Outcome.FAILED


def _differing(bag: Path, report: BagReport) -> Iterator[str]:
    """Yield documents whose parameters in the bag are not those that the document itself carries."""
    for file in report.documents.files:
        relative = file.path.removeprefix(f"{_DOCUMENTS}/")
        try:
            kept = parse_json((bag / _PARAMETERS / f"{relative}.json").read_bytes())["document"]
            named = None if kept is None else kept.get("id")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            yield file.path
            continue
        own = None if file.document is None else file.document.id
        if file.verdict is not Verdict.UNREADABLE and named != own:
            yield file.path


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file() or path.stat().st_size > _MOST_TABLE_BYTES:
        return []
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return list(csv.DictReader(file))


def _gaps(numbers: Iterable[str]) -> list[str]:
    """Return the numbers that are missing between the first and the last of those that begin alike."""
    series: dict[tuple[str, int], set[int]] = defaultdict(set)
    for number in numbers:
        match = _NUMBER.match(number)
        if match:
            series[match[1], len(match[2])].add(int(match[2]))
    return [
        f"{start}{missing:0{width}}"
        for (start, width), found in sorted(series.items())
        if max(found) - min(found) < len(found) * _MOST_NAMED
        for missing in sorted(set(range(min(found), max(found))) - found)
    ]


def _subject(code: str) -> Message:
    return message(f"archive.four-subject-{code}")


def _basis(code: str) -> Message:
    return message(f"archive.four-basis-{code}")
