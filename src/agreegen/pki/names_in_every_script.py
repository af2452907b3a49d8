"""Names of certificates are compared with the characters of today's Unicode, not with those of 2002."""

from __future__ import annotations

import functools
import stringprep
import unicodedata

from asn1crypto import x509


def is_unassigned(character: str) -> bool:
    """Tell whether a character has no meaning; RFC 4518 stops at Unicode 3.2, and 𬱖 came with 8.0.

    Source:
        RFC 4518, 2.4 and table A.1 of RFC 3454, with the assignments that Python knows.
    """
    return stringprep.in_table_a1(character) and unicodedata.category(character) == "Cn"


_remembered = functools.lru_cache(maxsize=4096)
"""A name is looked up character by character in eight tables, and names of authorities recur."""


class _Tables:
    """The tables of RFC 3454 that asn1crypto asks for, without the mark of what came after Unicode 3.2."""

    in_table_a1 = staticmethod(_remembered(is_unassigned))
    map_table_b2 = staticmethod(_remembered(stringprep.map_table_b2))
    in_table_c3 = staticmethod(_remembered(stringprep.in_table_c3))
    in_table_c4 = staticmethod(_remembered(stringprep.in_table_c4))
    in_table_c5 = staticmethod(_remembered(stringprep.in_table_c5))
    in_table_c8 = staticmethod(_remembered(stringprep.in_table_c8))
    in_table_d1 = staticmethod(_remembered(stringprep.in_table_d1))
    in_table_d2 = staticmethod(_remembered(stringprep.in_table_d2))


def read_names_in_every_script() -> None:
    """Let asn1crypto, and pyHanko with it, read names with characters of Unicode's later versions.

    Without this a certificate of 吴𬱖 cannot be read at all: nobody of such a name could sign, and what such
    a person signed elsewhere could not be judged.
    """
    x509.stringprep = _Tables()
