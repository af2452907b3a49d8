"""Paper: the printer's file of many pledges, and pages a second that come back, beside zxing-cpp alone."""

from __future__ import annotations

import time
from pathlib import Path

import zxingcpp

from agreegen.batch.interface import Job
from agreegen.batch.job.job_file import read_job
from agreegen.demo.paper import draw_scans
from agreegen.register.store import Register
from agreegen.scanning.comparing.references import signature_boxes
from benchmarks.batches import run_batch, write_job
from benchmarks.commands import Used, run_command
from benchmarks.measure import Result
from benchmarks.setting import Setting

TITLE = "Paper (pledges printed with marks; signed sheets at 200 dpi read back)"
_PRINTED, _SIZE_GOAL_MB = 10_000, 60
_SCANNED, _FLAT_PAGES = 100, 5_000
_FACTOR_GOAL = 4
_FLAT_GOAL = 1.15
_SCAN_DPI = 200


def run(setting: Setting, result: Result) -> None:
    """Print, then read sheets back; with `--full` also five thousand pages, for the memory."""
    rows = setting.count(_PRINTED, 300)
    job_file = write_job(setting.folder / "paper", setting.pki, rows)
    run_batch(job_file, workers=2)
    job = read_job(job_file)
    printed = setting.folder / "print.pdf"
    part = _print(job_file, setting.folder / "part.pdf", "--unit", "清水河镇普查站")
    used = _print(job_file, printed)
    result.add(f"{rows:,} pledges, the printer's file", "MB", [printed.stat().st_size / 1e6])
    result.add(f"{rows:,} pledges, time a pledge", "ms", [1000 * used.seconds / rows])
    result.add(f"{rows:,} pledges, peak memory", "MB", [used.peak_mb])
    a_pledge = printed.stat().st_size / rows
    result.compare("size of 10,000 pledges in MB", 1, a_pledge * _PRINTED / 1e6, _SIZE_GOAL_MB, at_most=True)
    result.compare("peak memory of printing, all against a third", part.peak_mb, used.peak_mb)
    _read_back(setting, result, job, printed)


def _print(job_file: Path, output: Path, *more: str) -> Used:
    return run_command(["batch", "print", str(job_file), "-o", str(output), "--all", "--force", *more])


def _read_back(setting: Setting, result: Result, job: Job, printed: Path) -> None:
    count = setting.count(_SCANNED, 20)
    scans = _draw(job, printed, setting.folder / "scans.pdf", count)
    options = ["--register", str(job.register_file), "--review", str(setting.folder / "review")]
    drawing, reading = _zxing_alone(scans)
    alone = drawing + reading
    ours = run_command(["register", "add-scans", str(scans), *options])
    result.add(f"add-scans, {count} pages on one core", "pages/s", [count / ours.processor_s])
    result.add("zxing-cpp alone on the same pages, drawn by PDFium", "pages/s", [count / alone])
    result.add("zxing-cpp alone, the pictures drawn before", "pages/s", [count / reading])
    result.compare(
        "processor time of add-scans against drawing and zxing-cpp alone",
        alone,
        ours.processor_s,
        _FACTOR_GOAL,
        at_most=True,
    )
    if setting.full:
        files = [_copy(scans, setting.folder / f"again-{n}.pdf", n) for n in range(_FLAT_PAGES // count)]
        few = run_command(["register", "add-scans", "--dry-run", *map(str, files[:2]), *options])
        many = run_command(["register", "add-scans", "--dry-run", *map(str, files), *options])
        pages = len(files) * count
        result.add(f"add-scans, {pages:,} pages, peak memory", "MB", [many.peak_mb])
        of = f"{pages:,} pages against {2 * count}"
        result.compare(f"peak memory, {of}", few.peak_mb, many.peak_mb, _FLAT_GOAL, at_most=True)


def _draw(job: Job, printed: Path, target: Path, count: int) -> Path:
    """Sign and scan the first documents of the printer's file."""
    import pypdfium2  # noqa: PLC0415 - one suite only

    with Register.open(job.register_file, read_only=True) as register:
        first = next(register.documents())
    box = signature_boxes((job.output / first.registration.path).read_bytes())["pledger"][1]
    pdf = pypdfium2.PdfDocument(printed)
    pages = [
        number + 1
        for number in range(min(len(pdf), 3 * count))
        if "承诺人" in pdf[number].get_textpage().get_text_range()
    ]
    pdf.close()
    draw_scans(printed, [(page, [box]) for page in pages[:count]], target)
    return target


def _copy(source: Path, target: Path, number: int) -> Path:
    """Copy a file so that it is another one: its hash must differ."""
    target.write_bytes(source.read_bytes() + b"%% %d\n" % number)
    return target


def _zxing_alone(scans: Path) -> tuple[float, float]:
    """Return the processor seconds of drawing every page as any program would, and of reading its marks."""
    import pypdfium2  # noqa: PLC0415 - one suite only

    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.DataMatrix])
    drawing = reading = 0.0
    pdf = pypdfium2.PdfDocument(scans)
    for page in pdf:
        started = time.process_time()
        picture = page.render(scale=_SCAN_DPI / 72, grayscale=True).to_numpy()
        drawn = time.process_time()
        zxingcpp.read_barcodes(picture, formats=formats)
        drawing, reading = drawing + drawn - started, reading + time.process_time() - drawn
    pdf.close()
    return drawing, reading
