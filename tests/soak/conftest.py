"""The folder that all kills begin from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.responder import Responder
from tests.integration.batch_support import make_pki, write_job
from tests.integration.test_batch_cluster import Cluster
from tests.soak.killing import PEOPLE, REGISTER, RUN, Ground, run


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    pki = make_pki(tmp_path_factory.mktemp("pki"))
    folder = tmp_path_factory.mktemp("ground")
    job = write_job(folder, pki, PEOPLE)
    archive = "archive: {bags: bags, documents_per_bag: 10, credential: pki/credentials/archive-seal.yaml}\n"
    (folder / "bags.yaml").write_text(job.path.read_text("utf-8") + archive, "utf-8")
    (folder / "p.yaml").write_text("pledger_name: 王秀英\n", "utf-8")
    for name in ("scan.png", "sheet.png"):
        Image.effect_noise((1_240, 1_754), 60).save(folder / name, dpi=(150, 150))
    forms = folder / "forms"
    shutil.copytree(Path(__file__).resolve().parents[2] / "forms", forms)
    for path in (forms / "personal-pledge").glob("compiled*"):
        path.unlink()
    assert run([*RUN, 2], folder) == 0
    first = min((folder / "out" / "documents").rglob("T001.pdf"))
    (folder / "one").mkdir()
    for number in range(6):
        shutil.copy(first, folder / "one" / f"{number}.pdf")
    pen = ["--role", "pledger", "--credential", "pki/credentials/people/T001.yaml"]
    assert run(["sign", first, "-o", "back.pdf", *pen], folder) == 0
    added = ["register", "add-paper", *REGISTER, "--staff-no", "T002", "--scan", "scan.png"]
    assert run(added, folder) == 0, (folder / "said.txt").read_text("utf-8", "replace")
    cluster = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        with Responder(pki):
            yield Ground(folder, ExamplePki.from_folder(pki), cluster)
    finally:
        cluster.close()
