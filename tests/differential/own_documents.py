"""Pledges and agreements of ours as bases of a run, signed by some of their parties or by all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from agreegen import api

_SAMPLES = Path(__file__).parents[2] / "batch"
_SEALS = {
    "unit": "unit-seal",
    "party_a_seal": "party-a-seal",
    "party_a_representative": "party-a-representative",
    "party_b_seal": "party-b-seal",
}
_SIGNED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("personal-pledge", "pledge", ("unit",)),
    ("confidentiality-agreement", "confidentiality-agreement", ("party_a_seal",)),
    (
        "confidentiality-agreement",
        "confidentiality-agreement",
        ("party_a_seal", "party_a_representative", "party_b_seal"),
    ),
    ("data-use-agreement", "data-use-agreement", ("party_a_seal", "party_a_representative")),
)
"""Form, its parameter file, and the roles that have signed: the last field of each is still empty."""


def own_documents() -> Iterator[tuple[str, bytes]]:
    """Yield documents of ours with their names; the keys of their signers are thrown away."""
    with tempfile.TemporaryDirectory() as name:
        pki = Path(name) / "pki"
        api.make_example_pki(pki)
        trust = api.load_trust([pki / "trust"])
        for form, parameters, roles in _SIGNED:
            pdf = api.generate(api.find_form(form), _SAMPLES / f"{parameters}.yaml").pdf
            for role in roles:
                seal = api.load_credential(pki / "credentials" / f"{_SEALS[role]}.yaml")
                pdf = api.sign(pdf, seal, role=role, trust=trust).pdf.data
            yield f"{form}, {len(roles)} signed", pdf
