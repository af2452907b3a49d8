"""Agreements: the compiled engine beside LibreOffice kept open, and the whole path with four signatures."""

from __future__ import annotations

import csv
import os
import shutil
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import yaml

from agreegen.conversion.interface import EngineChoice
from agreegen.errors import AgreegenError
from agreegen.example_pki.layout import ExamplePki
from agreegen.model.document import Document
from agreegen.packaged_data import samples_folder
from agreegen.pipeline.making import DocumentMaker
from agreegen.rosters.parameters import read_parameters
from benchmarks.batches import run_batch
from benchmarks.measure import Figure, Result
from benchmarks.samples import AGREEMENT, agreement_documents, agreement_form
from benchmarks.setting import Setting
from benchmarks.side_by_side import rate

TITLE = "Agreements of several pages: both engines, and whole jobs with four signatures (RSA-3072, B-B)"
WORKERS = 2
_START_S = 120.0
_GOAL = 15
_ROLES = ("party-a-seal", "party-a-representative", "party-b-seal", "party-b-representative")


def run(setting: Setting, result: Result) -> None:
    """Measure pages by both engines in two processes, then whole jobs of agreements."""
    rates = {}
    for engine, count in ((EngineChoice.COMPILED, 400), (EngineChoice.LIBREOFFICE, 60)):
        documents = agreement_documents(setting.count(count, 12))
        name = f"page with its fields and text gate, {engine.value}, {WORKERS} processes"
        samples = [make_pages(documents, engine) for _ in range(setting.count(3, 1))]
        rates[engine] = result.add(name, "documents/s", samples)
    _compare(result, rates[EngineChoice.COMPILED], rates[EngineChoice.LIBREOFFICE])
    _measure_batch(setting, result)


def _compare(result: Result, ours: Figure, office: Figure) -> None:
    against = "agreements: the compiled engine against LibreOffice kept open in two processes"
    result.compare(against, office.median, ours.median, _GOAL)


def _measure_batch(setting: Setting, result: Result) -> None:
    rows, samples, processor = setting.count(400, 24), [], []
    try:
        for number in range(setting.count(3, 1)):
            folder = setting.folder / f"agreements-run-{number}"
            done = run_batch(write_agreements_job(folder, setting.pki, rows), workers=WORKERS)
            samples.append(done.rate)
            processor.append(done.processor_ms_a_document)
            shutil.rmtree(folder)
    except (AgreegenError, OSError, RuntimeError) as exc:
        result.missing("agreegen batch run of agreements", exc)
        return
    name = "agreegen batch run, four signatures a document"
    result.add(name, "documents/s", samples, f"{WORKERS} workers, {rows} rows a run")
    result.add(f"{name}, processor time", "ms", processor)


def write_agreements_job(folder: Path, pki: ExamplePki, rows: int) -> Path:
    """Write a roster and a job for agreements that both parties seal and sign at B-B."""
    folder.mkdir(parents=True)
    values = read_parameters(samples_folder() / f"{AGREEMENT}.yaml", agreement_form())
    constant = {
        name: "；".join(value) if isinstance(value, tuple) else str(value)
        for name, value in values.items()
        if name not in {"contract_no", "party_b_credit_code", "party_b_name"}
    }
    with (folder / "roster.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("协议编号", "乙方"))
        writer.writerows((f"豫普协〔2018〕{n}号", values["party_b_name"]) for n in range(1, rows + 1))
    job = {
        "form": AGREEMENT,
        "roster": {"file": "roster.csv"},
        "defaults": constant,
        "output": "out",
        "signatures": [
            {
                "role": name.replace("-", "_"),
                "credential": os.path.relpath(pki.credential(name), folder),
                "level": "B-B",
            }
            for name in _ROLES
        ],
        "trust": [os.path.relpath(pki.trust, folder)],
    }
    path = folder / "job.yaml"
    path.write_text(yaml.safe_dump(job, allow_unicode=True), "utf-8")
    return path


def make_pages(documents: list[Document], engine: EngineChoice) -> float:
    """Return how many documents a second two processes make, their start left out.

    Raises:
        RuntimeError: A process did not finish.
    """
    return rate(
        _make_share, [(documents[number::WORKERS], engine) for number in range(WORKERS)], len(documents)
    )


def _make_share(
    connection: Connection, barrier: Barrier, documents: list[Document], engine: EngineChoice
) -> None:
    with DocumentMaker(agreement_form(), engine=engine) as maker:
        maker.make(documents[0])
        barrier.wait(timeout=_START_S)
        started = time.perf_counter()  # one clock for all processes of a machine
        for document in documents:
            maker.make(document)
        connection.send((started, time.perf_counter()))
