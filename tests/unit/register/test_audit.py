"""Every stored value is covered: change any one, and the audit says so."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agreegen.chain.audit.interface import HeadJudgement
from agreegen.chain.signed_heads import Head, Succession
from agreegen.messages import foreign_text
from agreegen.register.audit.service import verify_register
from agreegen.register.interface import EventDraft, EventKind
from agreegen.register.store import Register
from tests.unit.register.conftest import NOW, OTHER, SEAL, judge, made, registration

TABLES = {
    "meta": ("key", ["key", "value"]),
    "events": ("seq", ["seq", "at", "kind", "document", "role", "sha256", "details", "hash"]),
    "documents": (
        "id",
        [
            "id",
            "form",
            "form_version",
            "template_sha256",
            "row_key",
            "name",
            "path",
            "staff_no",
            "id_number",
            "unit",
            "metadata",
            "state",
            "sha256",
            "hashes",
            "superseded_by",
            "bag",
            "fulfilled",
            "printed_at",
            "pending",
            "size",
        ],
    ),
    "heads": ("seq", ["seq", "count", "hash", "signer", "signature"]),
}


def _flip(value: object) -> object:
    if value is None:
        return "x"
    if isinstance(value, int):
        return value + 100
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    assert isinstance(value, str)
    return ("0" if value[:1] != "0" else "1") + value[1:]


def _edit(path: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    connection = sqlite3.connect(path)
    for statement, values in statements:
        connection.execute(statement, values)
    connection.commit()
    connection.close()


def test_a_whole_register_has_no_problems(filled: Register) -> None:
    filled.close()
    assert verify_register(filled.path, files_root=filled.path.parent).problems == ()


def test_every_stored_value_is_covered(filled: Register) -> None:
    path = filled.path
    filled.close()
    original, tried = path.read_bytes(), 0
    for table, (key, columns) in TABLES.items():
        connection = sqlite3.connect(path)
        rows = connection.execute(f"SELECT {key}, {', '.join(columns)} FROM {table}").fetchall()
        connection.close()
        assert rows
        for identity, *values in rows:
            for column, value in zip(columns, values, strict=True):
                _edit(path, (f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (_flip(value), identity)))
                assert verify_register(path).problems, f"{table}.{column} of {identity} changed unseen"
                path.write_bytes(original)
                tried += 1
    assert tried > 200
    assert verify_register(path).problems == ()


def _cut_off(path: Path) -> None:
    _edit(path, ("DELETE FROM heads", ()), ("DELETE FROM events WHERE seq > 12", ()))


def _remove_middle(path: Path) -> None:
    _edit(path, ("DELETE FROM events WHERE seq = 7", ()))


def _swap(path: Path) -> None:
    _edit(
        path,
        ("UPDATE events SET seq = 1000 WHERE seq = 4", ()),
        ("UPDATE events SET seq = 4 WHERE seq = 7", ()),
        ("UPDATE events SET seq = 7 WHERE seq = 1000", ()),
    )


def _remove_document(path: Path) -> None:
    _edit(path, ("DELETE FROM documents WHERE staff_no = 'S0001'", ()))


def _add_document(path: Path) -> None:
    _edit(
        path,
        (
            "INSERT INTO documents SELECT 'ffff', form, form_version, template_sha256, row_key, name, path, "
            "staff_no, id_number, unit, metadata, state, sha256, hashes, superseded_by, bag, fulfilled, "
            "printed_at, pending, size FROM documents LIMIT 1",
            (),
        ),
    )


def _remove_head(path: Path) -> None:
    _edit(path, ("DELETE FROM heads", ()))


def _add_trigger(path: Path) -> None:
    _edit(path, ("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM documents; END", ()))


def _change_file(path: Path) -> None:
    (path.parent / "documents/00001/S0002.pdf").write_bytes(b"another")


def _remove_file(path: Path) -> None:
    (path.parent / "documents/00001/S0002.pdf").unlink()


def _add_file(path: Path) -> None:
    (path.parent / "documents/00001/extra.PDF").write_bytes(b"%PDF")


def _corrupt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (_cut_off, "cut-off"),
        (_remove_middle, "event-missing"),
        (_swap, "event-changed"),
        (_remove_document, "document-missing"),
        (_add_document, "document-changed"),
        (_remove_head, "head-missing"),
        (_add_trigger, "schema-changed"),
        (_change_file, "file-changed"),
        (_remove_file, "file-missing"),
        (_add_file, "file-unknown"),
        (_corrupt, "damaged"),
    ],
)
def test_tampering_is_named(filled: Register, tamper: Callable[[Path], None], code: str) -> None:
    filled.close()
    tamper(filled.path)
    assert code in {
        problem.code for problem in verify_register(filled.path, files_root=filled.path.parent).problems
    }


def test_a_recomputed_chain_fails_against_a_known_head(filled: Register, tmp_path: Path) -> None:
    """Whoever can write the file can recompute the chain; the signed head from elsewhere tells."""
    [head] = list(filled.heads())
    with Register.open(tmp_path / "forged.db", create=True, now=NOW) as forged:
        for number in range(6):
            forged.record_many(made(number, b"forged"), now=NOW)
        own_id = forged.id
    assert verify_register(tmp_path / "forged.db").problems == ()
    found = verify_register(tmp_path / "forged.db", known_heads=[replace(head, chain_id=own_id)]).problems
    assert [problem.code for problem in found] == ["head-mismatch"]
    longer = Head(own_id, 400, b"\0" * 32)
    assert [p.code for p in verify_register(tmp_path / "forged.db", known_heads=[longer]).problems] == [
        "cut-off"
    ]
    assert "head-of-another" in {
        p.code for p in verify_register(tmp_path / "forged.db", known_heads=[head]).problems
    }


def test_the_signature_of_a_head_is_judged_by_the_caller(filled: Register) -> None:
    filled.close()
    good = verify_register(filled.path, judge_head=judge)
    bad = verify_register(
        filled.path, judge_head=lambda head: HeadJudgement(foreign_text("not trusted"), SEAL.identity)
    )
    assert good.problems == ()
    assert good.judgement is not None
    assert good.judgement.signer == SEAL.identity
    assert [(problem.code, str(problem.message)) for problem in bad.problems] == [
        ("head-signature", "not trusted")
    ]


def test_another_signer_needs_the_word_of_the_one_before(filled: Register) -> None:
    """Whoever has a trusted key could go on in a register; only the signer before can hand it over."""
    filled.record_many(made(5), now=NOW, signer=OTHER)
    found = verify_register(filled.path, judge_head=judge).problems
    assert [problem.code for problem in found] == ["other-signer"]


def test_a_signer_may_hand_the_register_over(filled: Register) -> None:
    count = filled.event_count
    end = Succession.end_to_accept(filled.id, count, filled.hash_at(count) or b"", filled.kind.name)
    word = Succession(OTHER.identity, count, OTHER.sign(end.message))
    handing = EventDraft(EventKind.SIGNER, details=word.to_dict())
    filled.record_many([handing], now=NOW, signer=SEAL)
    filled.record_many(made(5), now=NOW, signer=OTHER)
    assert verify_register(filled.path, judge_head=judge).problems == ()
    filled.record_many(made(6), now=NOW, signer=SEAL)
    assert [p.code for p in verify_register(filled.path, judge_head=judge).problems] == ["other-signer"]


def test_events_that_no_head_covers_are_named(filled: Register) -> None:
    filled.record_many(made(5), now=NOW)
    audit = verify_register(filled.path)
    assert [problem.code for problem in audit.problems] == ["unsigned-tail"]
    assert audit.unsigned == 3


def test_a_code_from_paper_finds_a_register_that_was_taken_back(filled: Register, tmp_path: Path) -> None:
    early = tmp_path / "early.db"
    shutil.copyfile(filled.path, early)
    head = filled.record_many(made(5), now=NOW, signer=SEAL)
    assert head is not None
    assert verify_register(filled.path, known_codes=[head.code]).problems == ()
    assert verify_register(filled.path, known_heads=[head]).problems == ()
    filled.close()
    assert [p.code for p in verify_register(early, known_codes=[head.code]).problems] == ["cut-off"]
    other = f"{head.count}-AAAA-AAAA-AAAA-AAAA"
    assert [p.code for p in verify_register(filled.path, known_codes=[other]).problems] == ["head-mismatch"]


def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    with Register.open(tmp_path / "register.db", create=True, now=NOW) as register:
        for number in range(120):
            known = registration(number)
            (tmp_path / known.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / known.path).write_bytes(f"signed {number}".encode())
            register.record_many(made(number), now=NOW, signer=SEAL)
    for number in (3, 70, 119):
        (tmp_path / registration(number).path).write_bytes(b"another")
    (tmp_path / registration(50).path).unlink()
    found = [verify_register(register.path, files_root=tmp_path, jobs=jobs).problems for jobs in (1, 2)]
    assert found[0] == found[1]
    assert sorted(problem.code for problem in found[0]) == ["file-changed"] * 3 + ["file-missing"]


@pytest.mark.parametrize("linked", ["documents/00001/S0003.pdf", "documents/00001"])
def test_a_link_that_leads_out_of_the_folder_is_told_for_each_file(
    filled: Register, tmp_path_factory: pytest.TempPathFactory, linked: str
) -> None:
    """The same bytes lie elsewhere: whoever owns that place can change them after the audit."""
    filled.close()
    root = filled.path.parent
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "moved"
    shutil.move(root / linked, elsewhere)
    (root / linked).symlink_to(elsewhere)
    found = [p.code for p in verify_register(filled.path, files_root=root).problems]
    assert found == ["file-outside"] * (1 if linked.endswith(".pdf") else 5)
