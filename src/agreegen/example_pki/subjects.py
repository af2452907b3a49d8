"""Who is in the example PKI: the parties and the people of the sample agreements and of the sample roster."""

from __future__ import annotations

from dataclasses import dataclass

from agreegen.yaml_text import packaged_words

_WORDS = packaged_words("agreegen.example_pki")

EXAMPLE_ORGANISATION: str = _WORDS["example"]
"""Organisation in every subject: tells people and programs that the certificate proves nothing."""

NAMES: dict[str, str] = _WORDS["names"]
"""Common names of the authorities and services."""

UNITS: dict[str, str] = _WORDS["units"]
"""Organisational units, which say what a certificate is for."""

PARTY_A: str = _WORDS["party_a"]
PARTY_A_REPRESENTATIVE: str = _WORDS["party_a_representative"]
PARTY_B: str = _WORDS["party_b"]
PARTY_B_REPRESENTATIVE: str = _WORDS["party_b_representative"]

PEOPLE: tuple[tuple[str, str], ...] = tuple(_WORDS["people"].items())
"""Staff number and name of the twelve persons who get a certificate."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who gets a signing certificate.

    Attributes:
        path: Path of the credential file below `credentials/`, without its suffix.
        name: Common name, which is exactly what the forms print.
        unit: Organisational unit in the subject.
        seal: Whether the picture is a round seal; otherwise it is a signature.
        number: Serial number in the subject, which tells people of one name apart.
    """

    path: str
    name: str
    unit: str
    seal: bool
    number: str | None = None


def default_holders(people: tuple[tuple[str, str], ...]) -> tuple[Holder, ...]:
    """Return the six fixed holders and one for each person."""
    return (
        Holder("unit-seal", PARTY_A, UNITS["seal"], seal=True, number="UNIT"),
        Holder("archive-seal", PARTY_A, UNITS["archive"], seal=True, number="ARCHIVE"),
        Holder("party-a-seal", PARTY_A, UNITS["seal"], seal=True, number="PARTY-A"),
        Holder(
            "party-a-representative",
            PARTY_A_REPRESENTATIVE,
            UNITS["representative"],
            seal=False,
            number="REP-A",
        ),
        Holder("party-b-seal", PARTY_B, UNITS["seal"], seal=True, number="PARTY-B"),
        Holder(
            "party-b-representative",
            PARTY_B_REPRESENTATIVE,
            UNITS["representative"],
            seal=False,
            number="REP-B",
        ),
        *(
            Holder(f"people/{number}", name, UNITS["person"], seal=False, number=number)
            for number, name in people
        ),
    )
