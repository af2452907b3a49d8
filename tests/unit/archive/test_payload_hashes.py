"""Hashes on the disk are a mapping in the order of a manifest."""

from __future__ import annotations

import pytest

from agreegen.archive.payload_hashes import PayloadHashes


def test_they_come_in_the_order_of_a_manifest() -> None:
    names = [
        "data/documents/b.pdf",
        "data/documents/𠀀.pdf",
        "data/documents/\uffe5.pdf",
        "data/documents/a/b.pdf",
    ]
    with PayloadHashes() as hashes:
        for number, name in enumerate((*names, "data/documents-other/x", "data/crls/x.crl")):
            hashes.add(name, f"{number:064x}")
        assert list(hashes) == sorted([*names, "data/documents-other/x", "data/crls/x.crl"])
        assert list(hashes.below("data/documents/")) == sorted(names)
        assert dict(hashes.items())["data/documents/𠀀.pdf"] == f"{1:064x}"
        assert len(hashes) == 6


def test_what_is_not_there_is_not_there() -> None:
    with PayloadHashes() as hashes:
        assert "data/paper-records.json" not in hashes
        with pytest.raises(KeyError):
            hashes["data/paper-records.json"]
