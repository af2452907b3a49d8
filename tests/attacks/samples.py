"""All samples by name: every class of attack, and the honest changes that look like them."""

from __future__ import annotations

import functools
from collections.abc import Callable

from tests.attacks import (
    canonical,
    canonical_honest,
    drawn_by_readers,
    forgery,
    forms,
    forms_drawn,
    keys_without_entry,
    overlay,
    painted_elsewhere,
    saving,
    shadow,
    two_roles,
    unsigned_statements,
)
from tests.attacks.documents import annotate, certified, fill, signed
from tests.attacks.forgery import forged_contents
from tests.attacks.honest import (
    box_ticked,
    calculated_sum,
    extensions_named,
    field_in_the_tree,
    field_on_a_poster,
    hybrid_pair,
    long_chain,
    look_that_was_none,
    metadata_updated,
    rewritten_the_same,
    signature_rewritten_the_same,
    store_rewritten,
    type_named,
    with_store,
)
from tests.attacks.signer import FREE_BOX, sign, stamp

Sample = Callable[[], bytes]
_ROOMS = (
    saving, forgery, shadow, overlay, forms, canonical, drawn_by_readers, forms_drawn, painted_elsewhere,
    two_roles, unsigned_statements,
)  # fmt: skip
ATTACKS: dict[str, Sample] = {
    name: value
    for module in _ROOMS
    for name, value in vars(module).items()
    if getattr(value, "__module__", None) == module.__name__
    and not name.startswith("_")
    and value not in (forged_contents, forms.checkbox, forms.closed_field, forms.large_filled)
    and value not in forms_drawn.SUPPORT | painted_elsewhere.SUPPORT | unsigned_statements.SUPPORT
}
ATTACKS |= {
    f"forged_contents_{label}": functools.partial(forged_contents, value)
    for label, value in {
        "null": b"null",
        "empty": b"<>",
        "zero": b"<00>",
        "missing": b"/Nothing",
        "zeros": b"<" + b"00" * 400 + b">",
    }.items()
}

ATTACKS |= keys_without_entry.KEYS
COVERING: dict[str, Sample] = {name: ATTACKS.pop(name) for name in ("overlay_signature_on_text",)}
"""Looks of signatures in new fields over text: never called altered, nor valid unless a person has looked."""

HONEST: dict[str, Sample] = {
    "one signature": signed,
    "certified": certified,
    "second signature": lambda: sign(signed(), "person"),
    "invisible new field": lambda: sign(signed(), "other"),
    "visible field on a free place": lambda: sign(signed(), "other", box=FREE_BOX),
    "seal over text in a field that was there": lambda: sign(certified(), "unit"),
    "document timestamp": lambda: stamp(signed()),
    "timestamp after no changes": lambda: stamp(certified(1)),
    "security store": lambda: with_store(signed()),
    "security store after no changes": lambda: with_store(certified(1)),
    "security store rewritten": store_rewritten,
    "filled in": lambda: fill(signed()),
    "filled in after certification": lambda: fill(certified()),
    "annotation where permitted": lambda: annotate(certified(3), FREE_BOX, b"/Square"),
    "annotation on an approval": lambda: annotate(signed(), FREE_BOX, b"/Square"),
    "highlight with round ends": lambda: annotate(
        signed(), FREE_BOX, b"/Highlight", b"/QuadPoints [60 340 200 340 60 300 200 300]"
    ),
    "metadata": metadata_updated,
    "rewritten the same": rewritten_the_same,
    "extensions named": extensions_named,
    "look that was none": look_that_was_none,
    "two tables in a row": hybrid_pair,
    "everything in turn": long_chain,
    "type named": type_named,
    "large field on ruled lines": functools.partial(forms.large_filled, 0.3),
    "field on a poster": field_on_a_poster,
    "signature rewritten the same": signature_rewritten_the_same,
    "box ticked": box_ticked,
    "calculated sum": calculated_sum,
    "field in the structure tree": field_in_the_tree,
    "length of its own": canonical_honest.form_of_length,
    "packed into an object stream": canonical_honest.everything_packed,
    "update of a linearized file": canonical_honest.store_of_a_linearized_file,
    "spare cross-reference stream": canonical_honest.spare_section_stream,
    "update of an encrypted file": canonical_honest.encrypted_update,
}
HONEST |= canonical_honest.FORMS
HONEST |= forms_drawn.HONEST | painted_elsewhere.HONEST | unsigned_statements.HONEST
UNSIGNED: dict[str, Sample] = dict(unsigned_statements.UNSIGNED)
"""Words that nobody signed, where a change is permitted: told, and never valid."""
