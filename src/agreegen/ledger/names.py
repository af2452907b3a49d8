"""Names of people as a ledger writes them: the name, and a number behind it where two have the same one."""

from __future__ import annotations

import re
import unicodedata

_NUMBERED = re.compile(r"(.+?)\s*[（(]\s*([^（()）]+?)\s*[)）]\Z")


def split_name(name: str) -> tuple[str, str]:
    """Return a name and the number behind it, comparable; the number is empty where there is none.

    `王伟（HN-0042）` and `王伟(hn-0042)` are one.
    """
    match = _NUMBERED.match(name)
    person, number = (match[1], match[2]) if match else (name, "")
    return "".join(person.split()).casefold(), unicodedata.normalize("NFKC", number).casefold()


def may_be(one: str, other: str) -> bool:
    """Whether two names may mean one person: the same name, and no two numbers that tell them apart."""
    (name, number), (other_name, other_number) = split_name(one), split_name(other)
    return name == other_name and (not number or not other_number or number == other_number)


def counts_as(name: str, known: str) -> bool:
    """Whether a name is that of a known person; a number that this one does not have makes it another."""
    (_, number), (_, known_number) = split_name(name), split_name(known)
    return may_be(name, known) and (not number or number == known_number)
