"""A manifest that names what never was there costs neither memory nor pages of problems."""

from __future__ import annotations

import time
from pathlib import Path

from agreegen.archive.interface import PAYLOAD_MANIFEST, TAG_MANIFEST, BagLimits
from agreegen.archive.manifests import BAGIT_TXT
from agreegen.archive.structure import check_structure


def _bag(folder: Path, phantoms: int) -> Path:
    folder.mkdir()
    (folder / "bagit.txt").write_bytes(BAGIT_TXT)
    (folder / "data").mkdir()
    (folder / "data" / "a.pdf").write_bytes(b"a")
    with (folder / PAYLOAD_MANIFEST).open("w") as file:
        file.writelines(f"{'0' * 64}  data/documents/{number}.pdf\n" for number in range(phantoms))
    (folder / TAG_MANIFEST).write_bytes(b"")
    return folder


def test_a_million_and_a_half_phantom_lines_are_one_problem(tmp_path: Path) -> None:
    bag = _bag(tmp_path / "bag", 1_500_000)
    begun = time.monotonic()
    contents = check_structure(bag, BagLimits())
    assert time.monotonic() - begun < 5
    assert len(contents.problems) < 20
    assert any("more files than the 4 there are" in str(problem.message) for problem in contents.problems)


def test_a_lost_folder_is_told_with_a_thousand_names(tmp_path: Path) -> None:
    contents = check_structure(_bag(tmp_path / "bag", 20_000), BagLimits())
    missing = [problem for problem in contents.problems if problem.code == "missing"]
    assert 1_000 < len(missing) < 1_010
    assert any("more of this kind" in str(problem.message) for problem in missing)
    assert not contents.right
