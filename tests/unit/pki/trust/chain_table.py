"""Good and bad chains, each made anew: what it is, whether it holds, and which outside judge can say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ObjectIdentifier

from tests.unit.pki.trust.certificate_maker import AUTHORITY, Plan, ca, issue
from tests.unit.verification.authority import NOW, YEAR, Holder, name

OPENSSL, CERTVALIDATOR = "openssl", "certvalidator"
BOTH = frozenset({OPENSSL, CERTVALIDATOR})


@dataclass(frozen=True)
class Case:
    """One chain.

    Attributes:
        leaf: The signer.
        pool: Certificates that came along.
        anchors: What the caller trusts.
        holds: Whether a path holds.
        judges: Outside judges that see it the same way.
    """

    leaf: Holder
    pool: tuple[Holder, ...]
    anchors: tuple[Holder, ...]
    holds: bool
    judges: frozenset[str] = BOTH


def _line(
    root: Plan,
    between: tuple[Plan, ...] = (),
    leaf: Plan | None = None,
    *,
    holds: bool,
    judges: frozenset[str] = BOTH,
) -> Case:
    """Make a straight chain from a root to a leaf."""
    holder = anchor = issue(root)
    links = []
    for plan in between:
        holder = issue(plan, holder)
        links.append(holder)
    signer = issue(leaf or Plan("Alice"), holder)
    return Case(signer, tuple(links), (anchor,), holds, judges)


def _directory(organisation: str) -> x509.DirectoryName:
    return x509.DirectoryName(x509.Name([*name("x", organisation)][:1]))


def _addressed(address: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.RFC822Name(address)])


def _numbered(identifier: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.RegisteredID(ObjectIdentifier(identifier))])


_UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")


def _end_entity_anchor() -> Case:
    root, anchor = issue(ca("Root")), None
    anchor = issue(Plan("Bob"), root)
    return Case(issue(Plan("Alice"), anchor), (), (anchor,), holds=False)


def _end_entity_itself() -> Case:
    bob = issue(Plan("Bob"), issue(ca("Root")))
    return Case(bob, (), (bob,), holds=True)


def _authority_without_basic_constraints() -> Case:
    anchor = issue(ca("Root", authority=None))
    return Case(issue(Plan("Alice"), anchor), (), (anchor,), holds=False, judges=frozenset())


def _anchor_below_a_root() -> Case:
    between = issue(ca("CA"), issue(ca("Root")))
    return Case(issue(Plan("Alice"), between), (), (between,), holds=True)


def _same_name_other_key() -> Case:
    real, forged = issue(ca("Root")), issue(ca("Root"))
    return Case(issue(Plan("Alice"), forged), (forged,), (real,), holds=False)


def _cross_signed() -> Case:
    old, new = issue(ca("Old Root")), issue(ca("New Root"))
    assert isinstance(new.key, ec.EllipticCurvePrivateKey)
    cross = issue(ca("New Root"), old, key=new.key)
    return Case(issue(Plan("Alice"), new), (cross, new), (old,), holds=True)


def _circle() -> Case:
    """Twelve authorities that sign each other in all directions; none leads to the anchor."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(12)]
    selves = [issue(ca(f"Loop {i}"), key=key) for i, key in enumerate(keys)]
    pool = tuple(
        issue(ca(f"Loop {i}"), selves[j], key=keys[i]) for i in range(12) for j in range(12) if i != j
    )
    return Case(issue(Plan("Alice"), selves[0]), pool, (issue(ca("Root")),), holds=False, judges=frozenset())


def _circle_with_a_way_out() -> Case:
    root = issue(ca("Root"))
    case = _circle()
    out = issue(ca("Loop 0"), root, key=None)
    return Case(issue(Plan("Alice"), out), (*case.pool, out), (root,), holds=True, judges=frozenset())


def _rolled_over() -> Case:
    """A new key under the old name, signed with the old key: self-issued, it takes no path length."""
    root = issue(ca("Root", path_length=0))
    rolled = issue(ca("Root"), root)
    return Case(issue(Plan("Alice"), rolled), (rolled,), (root,), holds=True, judges=frozenset())


def _issued_by_another_key() -> Case:
    """The CA stands in the pool, but its key did not sign."""
    root = issue(ca("Root"))
    real, other = issue(ca("CA"), root), issue(ca("CA"), root)
    return Case(issue(Plan("Alice"), other), (real,), (root,), holds=False)


def _flipped_signature() -> Case:
    root = issue(ca("Root"))
    between = issue(ca("CA"), root)
    alice = issue(Plan("Alice"), between)
    damaged = bytearray(alice.der)
    damaged[-1] ^= 1
    leaf = Holder(x509.load_der_x509_certificate(bytes(damaged)), alice.key)
    return Case(leaf, (between,), (root,), holds=False)


TABLE: dict[str, Callable[[], Case]] = {
    "root and leaf": lambda: _line(ca("Root"), holds=True),
    "names with characters of Unicode after 3.2": lambda: _line(
        ca("㐂\U0002a700"), (ca("\u9fff\U0002b740"),), Plan("吴\U0002cc56\U0002ceb0"), holds=True
    ),
    "three levels": lambda: _line(ca("Root"), (ca("CA"), ca("Sub-CA")), holds=True),
    "anchor is a CA below a root": _anchor_below_a_root,
    "anchor is an end entity": _end_entity_anchor,
    "anchor is the end entity itself": _end_entity_itself,
    "anchor without basic constraints": _authority_without_basic_constraints,
    "anchor may not sign certificates": lambda: _line(
        ca("Root", key_usage=frozenset({"crl_sign"})), holds=False, judges=frozenset({OPENSSL})
    ),
    "same name, other key": _same_name_other_key,
    "cross-signed root": _cross_signed,
    "circle without a way out": _circle,
    "circle with a way out": _circle_with_a_way_out,
    "rolled over within path length 0": _rolled_over,
    "anchor's path length 0 with a CA below": lambda: _line(
        ca("Root", path_length=0), (ca("CA"),), holds=False
    ),
    "anchor's path length 0 without one": lambda: _line(ca("Root", path_length=0), holds=True),
    "anchor's path length 1 with two CAs": lambda: _line(
        ca("Root", path_length=1),
        (ca("CA"), ca("Sub-CA")),  # The certificate library breaks at it.
        judges=frozenset({OPENSSL}),
        holds=False,
    ),
    "CA's path length": lambda: _line(ca("Root"), (ca("CA", path_length=0), ca("Sub-CA")), holds=False),
    "anchor excludes the name": lambda: _line(ca("Root", excluded=(_directory("Test Office"),)), holds=False),
    "anchor permits another name only": lambda: _line(
        ca("Root", permitted=(_directory("Elsewhere"),)), holds=False
    ),
    "anchor permits the name": lambda: _line(ca("Root", permitted=(_directory("Test Office"),)), holds=True),
    "anchor limits addresses, and the leaf has none": lambda: _line(
        ca("Root", permitted=(x509.RFC822Name("office.example"),)),
        judges=frozenset({OPENSSL}),  # The certificate library takes the other kinds of names for forbidden.
        holds=True,
    ),
    "anchor limits addresses, and the leaf has another": lambda: _line(
        ca("Root", permitted=(x509.RFC822Name("office.example"),)),
        leaf=Plan("Alice", extensions=((_addressed("eve@elsewhere.example"), False),)),
        holds=False,
    ),
    "CA excludes a name that it cannot compare": lambda: _line(
        ca("Root"),
        (ca("CA", excluded=(x509.RegisteredID(ObjectIdentifier("1.2.3")),)),),
        leaf=Plan("Alice", extensions=((_numbered("1.2.3"), False),)),
        judges=frozenset({OPENSSL}),  # The certificate library breaks at it.
        holds=False,
    ),
    "CA permits another name only": lambda: _line(
        ca("Root"), (ca("CA", permitted=(_directory("Elsewhere"),)),), holds=False
    ),
    "leaf issues": lambda: _line(ca("Root"), (Plan("Leaf"),), holds=False),
    "CA without basic constraints": lambda: _line(ca("Root"), (ca("CA", authority=None),), holds=False),
    "CA without key usage": lambda: _line(ca("Root"), (ca("CA", key_usage=None),), holds=True),
    "CA may sign lists only": lambda: _line(
        ca("Root"), (ca("CA", key_usage=frozenset({"crl_sign"})),), holds=False
    ),
    "expired CA": lambda: _line(ca("Root"), (ca("CA", end=NOW - YEAR),), holds=False),
    "CA of the future": lambda: _line(ca("Root"), (ca("CA", start=NOW + YEAR),), holds=False),
    "expired leaf": lambda: _line(
        ca("Root"), leaf=Plan("Alice", start=NOW - 2 * YEAR, end=NOW - YEAR), holds=False
    ),
    "unknown critical extension in the leaf": lambda: _line(
        ca("Root"), leaf=Plan("Alice", extensions=((_UNKNOWN, True),)), holds=False
    ),
    "unknown critical extension in a CA": lambda: _line(
        ca("Root"), (ca("CA", extensions=((_UNKNOWN, True),)),), holds=False
    ),
    "unknown extension, not critical": lambda: _line(
        ca("Root"), leaf=Plan("Alice", extensions=((_UNKNOWN, False),)), holds=True
    ),
    "explicit policy asked for and none there": lambda: _line(
        ca("Root"),
        (ca("CA", extensions=((x509.PolicyConstraints(0, None), True),)),),
        holds=False,
        # OpenSSL looks at policies only where it is asked to.
        judges=frozenset({CERTVALIDATOR}),
    ),
    "authority that signs documents, too": lambda: _line(
        ca("Root"), (ca("CA", key_usage=AUTHORITY | {"digital_signature"}),), holds=True
    ),
    "CA excludes the name": lambda: _line(
        ca("Root"), (ca("CA", excluded=(_directory("Test Office"),)),), holds=False
    ),
    "CA excludes another name": lambda: _line(
        ca("Root"), (ca("CA", excluded=(_directory("Elsewhere"),)),), holds=True
    ),
    "path lengths that just suffice": lambda: _line(
        ca("Root", path_length=2),
        (ca("CA", path_length=1), ca("Sub-CA", path_length=0)),  # The certificate library breaks at it.
        judges=frozenset({OPENSSL}),
        holds=True,
    ),
    "issuer's name with another key": _issued_by_another_key,
    "signature with a flipped bit": _flipped_signature,
}
