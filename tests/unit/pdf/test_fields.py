"""The signature fields of many revisions, read again only where something changed."""

from __future__ import annotations

from agreegen.pdf.document import open_file
from agreegen.pdf.fields import SignatureFields, form_fields
from agreegen.pdf.limits import Limits
from tests.attacks.documents import fill, signed
from tests.attacks.honest import long_chain
from tests.attacks.signer import sign


def _names(data: bytes) -> list[list[str]]:
    reader = SignatureFields()
    return [[field.name for field in reader.of(view)] for view in open_file(data, Limits()).views()]


def test_fields_of_each_revision_are_those_that_a_whole_reading_finds() -> None:
    for data in (long_chain(), sign(fill(sign(signed(), "person")), "other")):
        views = open_file(data, Limits()).views()
        whole = [[field.name for field in form_fields(view) if field.kind == "Sig"] for view in views]
        assert _names(data) == whole


def test_values_are_those_of_the_revision() -> None:
    data = sign(signed(), "person")
    reader = SignatureFields()
    signed_fields = [
        [field.name for field in reader.of(view) if field.value.get("V") is not None]
        for view in open_file(data, Limits()).views()
    ]
    assert signed_fields == [[], ["unit"], ["unit", "person"]]
