"""The audit of a server: it begins with its start and ends with its stop, both under a signed head."""

from __future__ import annotations

from pathlib import Path

from agreegen.clock import read_clock
from agreegen.example_pki.maker import make_example_pki
from agreegen.web.office import Office
from agreegen.web.sample_office import fill_from_demo
from agreegen.web.store.users import Role
from tests.web_office import WebOffice, serving


def acts(office: Office) -> list[tuple[str, str]]:
    """Return what was done and what came of it, oldest first."""
    return [(each.act.act, each.act.result) for each in office.audit.entries()][::-1]


def signed_heads(web: WebOffice) -> list[int]:
    """Return the lengths of the audit that were signed; each must be signed by the office's key."""
    state = web.office.audit.check()
    assert state.broken_at is None
    for each in state.heads:
        assert web.office.audit_key.has_signed(each.head.message, each.head.signature)
    return [each.head.count for each in state.heads]


def test_every_start_and_every_stop_is_told_and_signed(tmp_path: Path) -> None:
    """To the last entry: nobody can cut that off unseen, nor run a server that nobody hears of."""
    with serving(tmp_path / "home", roles=(Role.OFFICER,)) as web:
        assert signed_heads(web) == [1], "before anybody has done anything"
        web.visit(Role.OFFICER)
        assert web.stranger().post("/login", {"name": "nobody", "password": "wrong"}).status_code == 401
    first = [("server-start", "done"), ("login", "done"), ("login", "refused"), ("server-stop", "done")]
    assert acts(web.office) == first
    assert signed_heads(web) == [1, 4]
    with serving(tmp_path / "home", roles=()) as again:
        assert signed_heads(again) == [1, 4, 5]


def test_the_page_of_the_demonstration_shows_a_signed_head_at_once(tmp_path: Path) -> None:
    """And who got the temporary account."""
    make_example_pki(tmp_path / "pki", now=read_clock(), key_bits=2048)
    account = fill_from_demo(tmp_path / "home", tmp_path / "pki")
    with serving(tmp_path / "home", roles=()) as web:
        assert acts(web.office) == [("user-add", "done"), ("server-start", "done")]
        visit = web.stranger()
        visit.post("/login", {"name": account.name, "password": account.password})
        assert "<code>" in visit.get("/audit").text, "the code of the head, to be kept on paper"
    fill_from_demo(tmp_path / "home", tmp_path / "pki")
    assert acts(Office.open(tmp_path / "home"))[-2:] == [("user-disable", "done"), ("user-add", "done")]
