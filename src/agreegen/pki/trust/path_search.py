"""Looking for paths from a certificate to anchors: shortest first, every link a right signature.

The certificates among which is looked come from the file that is judged. Authorities that sign each other in
circles, or hundreds of one name, must cost no more than a fixed number of steps, and never hide a short path.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from agreegen.pki.encoding import der_of

MAX_PATHS = 16
MAX_LENGTH = 10
"""Certificates in a path, anchor and signer included."""
MAX_LINKS = 2_000
"""Links that are tried for one certificate; behind the anchors, in the order of distance from it."""

Path = tuple[Any, ...]
"""The certificate first, an anchor last (asn1crypto)."""


def may_issue(certificate: Any) -> bool:
    """Say whether an anchor is an authority; an end entity that is one stands for itself only.

    An authority says so in its basic constraints (RFC 5280, 4.2.1.9), and its key usage lets it sign
    certificates. Version 1 knows no extensions; there a certificate that signed itself is a root, as always.
    """
    if certificate["tbs_certificate"]["version"].native == "v1":
        return bool(certificate.self_issued)
    usage = certificate.key_usage_value
    return bool(certificate.ca) and (usage is None or "key_cert_sign" in usage.native)


class PathSearch:
    """Finds paths among fixed certificates.

    Args:
        anchors: Trust anchors that may issue.
        pool: Other certificates, trusted for nothing.
        is_issued_by: Says whether one certificate was signed with the key of another.
    """

    def __init__(
        self, anchors: Sequence[Any], pool: Iterable[Any], is_issued_by: Callable[[Any, Any], bool]
    ) -> None:
        self._is_issued_by = is_issued_by
        self._anchors = {der_of(anchor) for anchor in anchors}
        self._by_name: dict[str, list[Any]] = defaultdict(list)
        for certificate in (*anchors, *(c for c in pool if der_of(c) not in self._anchors)):
            self._by_name[certificate.subject.hashable].append(certificate)

    def paths(self, certificate: Any) -> list[Path]:
        """Return paths from a certificate to anchors, the shortest first; the first ones found."""
        found: list[Path] = []
        waiting: deque[Path] = deque([(certificate,)])
        links = 0
        while waiting and len(found) < MAX_PATHS:
            path = waiting.popleft()
            for issuer in self._issuers(path):
                links += 1
                if links > MAX_LINKS:
                    return found
                if not self._is_issued_by(path[-1], issuer):
                    continue
                longer = (*path, issuer)
                if der_of(issuer) in self._anchors:
                    found.append(longer)
                elif len(longer) < MAX_LENGTH:
                    waiting.append(longer)
        return found[:MAX_PATHS]

    def _issuers(self, path: Path) -> Iterator[Any]:
        """Give the certificates of the issuer's name, but no authority twice in a path (name and key)."""
        held = {(one.subject.hashable, der_of(one.public_key)) for one in path}
        for issuer in self._by_name.get(path[-1].issuer.hashable, ()):
            if (issuer.subject.hashable, der_of(issuer.public_key)) not in held:
                yield issuer
