"""Names in bags: all bad ones are told at once, and judges agree on every one that is accepted."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import unicodedata
from pathlib import Path

import bagit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreegen.archive.interface import BagLimits
from agreegen.archive.manifests import BAGIT_TXT, format_info, manifest_lines
from agreegen.archive.names import refuse_bad_names
from agreegen.archive.structure import check_structure
from agreegen.errors import ArchiveError

COMPOSED, PARTED = "\u00e9.pdf", "e\u0301.pdf"


def _refused(*paths: str) -> str:
    with pytest.raises(ArchiveError) as refused:
        refuse_bad_names(paths)
    return str(refused.value)


def test_all_bad_names_are_told_at_once() -> None:
    told = _refused("100%.pdf", "right.pdf", "a\nb.pdf", "c\u2028d.pdf", COMPOSED, PARTED, "../x.pdf")
    for part in ("6 ", "100%.pdf", r"a\nb.pdf", r"c\u2028d.pdf", "NFC", "NFD", "../x.pdf"):
        assert part in told
    assert "right.pdf" not in told


def test_each_form_of_one_name_is_named() -> None:
    told = _refused(COMPOSED, PARTED)
    assert told.index("NFC") != told.index("NFD")
    assert "case" in _refused("A.pdf", "a.pdf")
    assert "NFC" in _refused("\u00e9e\u0301.pdf")  # both forms in one name


@pytest.mark.parametrize(
    "path", [COMPOSED, PARTED, "保密承诺书（张伟）.pdf", "a/b c.pdf", "$HOME.pdf", "-x.pdf", "#1.pdf"]
)
def test_one_form_alone_is_right(path: str) -> None:
    refuse_bad_names([path])


def test_names_that_are_no_utf_8_are_refused() -> None:
    assert r"\udcff" in _refused("a\udcff.pdf")


def test_a_thousand_bad_names_are_no_endless_message() -> None:
    assert len(_refused(*(f"{number}%.pdf" for number in range(1_000)))) < 20_000


def accepted(names: list[str]) -> list[str]:
    """Return the names that may stand together."""
    taken: dict[str, str] = {}
    for name in names:
        try:
            refuse_bad_names([*taken.values(), name])
        except ArchiveError:
            continue
        taken.setdefault(name, name)
    return list(taken)


def judged(folder: Path, names: list[str]) -> tuple[list[str], bool, bool]:
    """Make a bag of such names; return what we, `sha256sum` and `bagit.py` say."""
    hashes = {}
    for number, name in enumerate(names):
        path = folder / "data/documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number)
        hashes[f"data/documents/{name}"] = hashlib.sha256(b"%d" % number).hexdigest()
    size = sum((folder / path).stat().st_size for path in hashes)
    info = format_info([("Payload-Oxum", f"{size}.{len(hashes)}")])
    tags = {"bagit.txt": BAGIT_TXT, "bag-info.txt": info}
    tags["manifest-sha256.txt"] = b"".join(manifest_lines(sorted(hashes.items())))
    for name, data in tags.items():
        (folder / name).write_bytes(data)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in tags.items()}
    (folder / "tagmanifest-sha256.txt").write_bytes(b"".join(manifest_lines(sorted(sums.items()))))
    line = ["sha256sum", "-c", "--strict", "--quiet", "manifest-sha256.txt"]
    summed = subprocess.run(line, cwd=folder, capture_output=True, check=False).returncode == 0
    try:
        valid = bool(bagit.Bag(str(folder)).validate())
    except bagit.BagError:
        valid = False
    problems = [str(problem) for problem in check_structure(folder, BagLimits()).problems]
    return problems, summed, valid


def test_judges_agree_on_every_sign_that_is_accepted(tmp_path: Path) -> None:
    """Every character of the planes in use, at the beginning and inside of a name."""
    planes = [
        *range(0x20, 0x3100),
        *range(0xA000, 0xA500),
        *range(0xF900, 0x10000),
        0x1F600,
        0x20000,
        0x2F800,
    ]
    signs = {unicodedata.normalize("NFC", chr(code)).casefold(): chr(code) for code in planes if code != 0x2F}
    names = [
        *(f"a{sign}b.pdf" for sign in signs.values()),
        *(f"{chr(code)}x.pdf" for code in range(0x20, 0x400)),
    ]
    good: list[str] = []
    folded: set[str] = set()
    for name in names:
        if "/" in name:
            continue
        try:
            refuse_bad_names([name])
        except ArchiveError:
            continue
        key = unicodedata.normalize("NFC", name).casefold()
        if key not in folded:
            folded.add(key)
            good.append(name)
    assert len(good) > 10_000
    assert judged(tmp_path / "bag", good) == ([], True, True)


_ANY = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(st.lists(_ANY.map(lambda name: f"{name}.pdf"), min_size=1, max_size=12))
def test_judges_agree_on_whatever_is_accepted(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    good = accepted(names)
    if good:
        assert judged(tmp_path_factory.mktemp("bag"), good) == ([], True, True)


def test_the_file_system_here_tells_the_forms_apart(tmp_path: Path) -> None:
    """Without that these tests would not see what they are about."""
    assert sys.platform == "linux"
    (tmp_path / COMPOSED).touch()
    assert not (tmp_path / PARTED).exists()
