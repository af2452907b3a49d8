"""Stages: where the milliseconds of a pledge go, beside the floor of each stage."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from agreegen.cli.main import run as run_program
from agreegen.files import sha256_of, sync_folder
from agreegen.model.report import PadesLevel
from benchmarks.batches import write_job
from benchmarks.measure import Result, time_ms
from benchmarks.setting import Setting
from benchmarks.signing import batch_signer, sign_one

TITLE = "Stages of a pledge (one process, the whole job in it, time a document)"
_STAGES: dict[str, tuple[tuple[str, str], ...]] = {
    "roster row": (("agreegen.rosters.roster", "Roster._read_row"),),
    "plan and document id": (("agreegen.batch.planning.planner", "Planner.plan"),),
    "page: glyphs, layout, subset, assembly, text gate": (
        ("agreegen.pipeline.making", "DocumentMaker.make"),
    ),
    "· of which layout, subset and assembly": (
        ("agreegen.conversion.compiled.engine", "CompiledForm.produce"),
    ),
    "· · of which assembly": (("agreegen.conversion.compiled.writer", "BaseFile.write"),),
    "· of which text gate": (("agreegen.pipeline.making", "check_text"),),
    "sign": (("agreegen.batch.making.chunk_signatures", "ChunkSigner._sign_with"),),
    "read back": (
        ("agreegen.batch.making.chunks", "ChunkMaker._read_back"),
        ("agreegen.batch.making.chunk_signatures", "check_signed_bytes"),
        ("agreegen.batch.making.chunk_signatures", "adds_only_a_signature"),
    ),
    "disk": (("agreegen.batch.making.chunks", "publish"),),
    "register": (
        ("agreegen.register.store", "Register.record_many"),
        ("agreegen.register.store", "Register._sign"),
    ),
}
_REST = "everything else (start, progress, reports)"
_WHOLE = "the whole job"
_PART = "·"
_CHUNK = 200


@dataclass(slots=True)
class _Stopwatch:
    """Time spent in each stage; what one stage does within another counts for the inner one only.

    A stage whose name begins with a dot is a part of the one above it, and counts for both.

    Attributes:
        seconds: Wall time by stage.
        processor_s: Processor time by stage.
        inside: Stages that are under way, the innermost last.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    processor_s: dict[str, float] = field(default_factory=dict)
    inside: list[str] = field(default_factory=list)

    def wrap(self, stage: str, action: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(action)
        def timed(*arguments: Any, **keywords: Any) -> Any:
            if stage in self.inside:
                return action(*arguments, **keywords)
            self.inside.append(stage)
            started, processor = time.perf_counter(), time.process_time()
            try:
                return action(*arguments, **keywords)
            finally:
                self.inside.remove(stage)
                self._finish(stage, time.perf_counter() - started, time.process_time() - processor)

        return timed

    def _finish(self, stage: str, seconds: float, processor_s: float) -> None:
        self._add(stage, seconds, processor_s)
        outer = [name for name in self.inside if not name.startswith(_PART)]
        if outer and not stage.startswith(_PART):
            self._add(outer[-1], -seconds, -processor_s)

    def _add(self, stage: str, seconds: float, processor_s: float) -> None:
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self.processor_s[stage] = self.processor_s.get(stage, 0.0) + processor_s


def run(setting: Setting, result: Result) -> None:
    """Run whole jobs in this process with a stopwatch at each stage, then measure the floors."""
    rows = setting.count(600, 60)
    wall: dict[str, list[float]] = {}
    processor: dict[str, list[float]] = {}
    _run_job(write_job(setting.folder / "stages-warm", setting.pki, 20))
    for number in range(setting.count(5, 2)):
        folder = setting.folder / f"stages-{number}"
        job = write_job(folder, setting.pki, rows)
        with _stopwatch(result) as watch:
            processor_s = time.process_time()
            total_s = time_ms(partial(_run_job, job)) / 1000
            processor_s = time.process_time() - processor_s
        _note(wall, watch.seconds, total_s, rows)
        _note(processor, watch.processor_s, processor_s, rows)
        shutil.rmtree(folder)
    for stage in (*_STAGES, _REST, _WHOLE):
        if stage in wall:
            result.add(stage, "ms", wall[stage])
        else:
            result.missing(stage, "this stage did not run")
    for stage in (*_STAGES, _REST, _WHOLE):
        if stage in processor:
            result.add(f"{stage}, processor time", "ms", processor[stage])
    _measure_floors(setting, result)


def _note(samples: dict[str, list[float]], seconds: dict[str, float], total_s: float, rows: int) -> None:
    """Note milliseconds a document of each stage, of the whole, and of what is in no stage."""
    parts = sum(value for stage, value in seconds.items() if not stage.startswith(_PART))
    for stage, value in {**seconds, _REST: total_s - parts, _WHOLE: total_s}.items():
        samples.setdefault(stage, []).append(1000 * value / rows)


def _run_job(job: Path) -> None:
    words = io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        status = run_program(["batch", "run", str(job), "--workers", "1", "--json"])
    if status != 0:
        raise RuntimeError(f"batch run ended with status {status}: {words.getvalue()[-300:].strip()}")


@contextlib.contextmanager
def _stopwatch(result: Result) -> Iterator[_Stopwatch]:
    """Put a stopwatch around the functions of each stage, and take it away afterwards."""
    watch = _Stopwatch()
    with contextlib.ExitStack() as stack:
        for stage, places in _STAGES.items():
            for module_name, name in places:
                owner: Any = importlib.import_module(module_name)
                *path, last = name.split(".")
                try:
                    for part in path:
                        owner = getattr(owner, part)
                    original = getattr(owner, last)
                except AttributeError:
                    note = f"not available: {stage} (there is no {name})"
                    if note not in result.notes:
                        result.notes.append(note)
                    continue
                setattr(owner, last, watch.wrap(stage, original))
                stack.callback(setattr, owner, last, original)
        yield watch


def _measure_floors(setting: Setting, result: Result) -> None:
    credential = setting.credential()
    signer = batch_signer(setting, credential, PadesLevel.B_B)
    pledges = setting.pledges(setting.count(_CHUNK, 20))
    message = signer.prepare(pledges[0].pdf).attributes
    files = [sign_one(signer, credential, pledge.pdf) for pledge in pledges]
    raw = [time_ms(lambda: credential.signer.sign(message)) for _ in range(setting.count(200, 20))]
    hashed = [time_ms(partial(sha256_of, data)) for data in files]
    written = [_write_chunk(setting.folder / f"floor-{n}", files) for n in range(setting.count(5, 2))]
    credential.close()
    size = sum(map(len, files)) / len(files) / 1024
    result.add("floor of sign: the raw RSA-3072 signature", "ms", raw)
    result.add("floor of read back: hashing the same bytes", "ms", hashed, f"{size:.0f} KB a file")
    result.add(
        "floor of disk: writing and syncing the same bytes",
        "ms",
        written,
        f"{len(files)} files, then the folder",
    )
    medians = {figure.name: figure.median for figure in result.figures}
    floor = medians["floor of sign: the raw RSA-3072 signature"]
    if "sign" in medians:
        result.compare("sign against its floor (time)", floor, medians["sign"], 4, at_most=True)
    if "sign, processor time" in medians:
        signed = medians["sign, processor time"]
        result.compare("sign against its floor (processor time)", floor, signed, 4, at_most=True)
    if "disk" in medians:
        floor = medians["floor of disk: writing and syncing the same bytes"]
        result.compare("disk against its floor (time)", floor, medians["disk"])


def _write_chunk(folder: Path, files: list[bytes]) -> float:
    """Write and sync files as plainly as can be; return milliseconds a file."""
    folder.mkdir()
    started = time.perf_counter()
    for number, data in enumerate(files):
        with (folder / f"{number}.pdf").open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    sync_folder(folder)
    elapsed = time.perf_counter() - started
    shutil.rmtree(folder)
    return 1000 * elapsed / len(files)
