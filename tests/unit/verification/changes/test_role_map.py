"""Roles of objects, and who owns and points to them."""

from __future__ import annotations

from agreegen.pdf.document import View, open_file
from agreegen.pdf.graph import TRAILER
from agreegen.pdf.limits import Limits
from agreegen.verification.changes.role_map import RoleMap
from agreegen.verification.changes.roles import Role
from tests.attacks.documents import content_number, fill, page_number, signed
from tests.attacks.honest import with_store
from tests.attacks.increments import number_of, root_number
from tests.attacks.two_roles import (
    contents_defined_later,
    contents_that_are_a_certificate,
    parent_that_is_another_node,
)


def _views(data: bytes) -> list[View]:
    return open_file(data, Limits()).views()


def _roles(data: bytes) -> RoleMap:
    return RoleMap(_views(data)[-1])


def test_each_object_of_a_plain_file_has_one_role() -> None:
    data = signed()
    roles = _roles(data)
    assert roles.roles(root_number(data)) == {Role.CATALOG}
    assert roles.roles(page_number(data)) == {Role.PAGE}
    assert roles.roles(content_number(data)) == {Role.FROZEN}
    assert roles.roles(number_of(data, b"(remark)")) == {Role.FIELD}
    assert roles.roles(number_of(data, b"/Tx BMC EMC")) == {Role.LOOK}
    assert roles.roles(number_of(data, b"/ByteRange")) == {Role.FROZEN}


def test_an_object_on_two_paths_has_both_roles() -> None:
    data = contents_that_are_a_certificate()
    assert _roles(data).roles(content_number(data)) >= {Role.FROZEN, Role.STORE_STREAM}


def test_certificates_of_the_store_and_of_one_signature_are_one_role() -> None:
    data = with_store(signed())
    number = number_of(data, b"0certificate")
    assert _roles(data).roles(number) == {Role.STORE_STREAM}


def test_a_reference_that_waits_for_its_object_has_a_role() -> None:
    view = _views(contents_defined_later())[-2]
    late = next(n for n in range(200) if view.location(n) is None and RoleMap(view).roles(n))
    assert RoleMap(view).roles(late) == {Role.FROZEN}


def test_a_parent_that_is_not_the_owner_is_frozen() -> None:
    data = parent_that_is_another_node()
    assert Role.FROZEN in _roles(data).roles(number_of(data, b"/ITXT"))


def test_owners_lead_up_to_the_trailer() -> None:
    data = signed()
    above = _roles(data).above({number_of(data, b"/Tx BMC EMC")})
    assert {number_of(data, b"(remark)"), root_number(data), TRAILER} <= above
    assert content_number(data) not in above


def test_roles_are_brought_along_and_never_lost() -> None:
    data = fill(signed())
    old, new = _views(data)[-2:]
    roles = RoleMap(old)
    roles.advance(old, new, {number_of(data, b"(remark)")})
    assert roles.roles(number_of(data, b"(remark)")) == {Role.FIELD}
    assert roles.pointed_at(page_number(data))
