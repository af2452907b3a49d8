"""Signature containers of one signer: all alike but for two values.

What a batch signs has the same container in every file but for the message digest, the signature value and
the timestamp over it. Where a container equals one that was read and found right in every other byte, reading
it would give the same again; so only these are checked. Nothing is ever refused here: what does not hold is
read in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from asn1crypto import parser

from agreegen.messages import message
from agreegen.model.report import Integrity
from agreegen.pki.algorithms import (
    SignatureAlgorithm,
    UnsupportedError,
    compute_digest,
    read_algorithm,
)
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.cms.structure import (
    CONTENT_TIMESTAMP,
    MESSAGE_DIGEST,
    SIGNATURE_TIMESTAMP,
    MalformedError,
    ParsedCms,
    guarded,
)
from agreegen.pki.cms.timestamp_tokens import check_token
from agreegen.pki.encoding import der_of
from agreegen.pki.signature_values import check_signature

T = TypeVar("T")

_HEAD_BYTES = 128
"""So many bytes of a container reach into the serial number of its first certificate."""
_MAX_KNOWN = 256
_SEQUENCE = b"\x30"
_LEAST_BYTES = 20
"""A digest or signature value shorter than this could stand elsewhere in a container, too."""


@dataclass(frozen=True, slots=True)
class ContainerShape:
    """A container without its message digest, its signature value and its timestamp.

    Attributes:
        parts: What stands before, between and after the first two; the timestamp ends the container.
        digest_bytes: Length of the message digest.
        value_bytes: Length of the signature value.
        token_bytes: Length of the timestamp over the value; 0 without one.
    """

    parts: tuple[bytes, bytes, bytes]
    digest_bytes: int
    value_bytes: int
    token_bytes: int

    @classmethod
    def of(cls, contents: bytes, parsed: ParsedCms) -> ContainerShape | None:
        """Return the shape of a container; None where its values do not stand in it once and in this order.

        Args:
            contents: The container and the padding behind it.
            parsed: What was read.
        """
        digests = parsed.signed.get(MESSAGE_DIGEST, [])
        if len(digests) != 1:
            return None
        value, digest = parsed.signature, bytes(digests[0].native)
        token = b"".join(stamp.dump() for stamp in parsed.unsigned.get(SIGNATURE_TIMESTAMP, []))
        parts = _cut(contents[: parser.peek(contents)], digest, value, token)
        return None if parts is None else cls(parts, len(digest), len(value), len(token))

    def split(self, contents: bytes) -> tuple[bytes, bytes, bytes] | None:
        """Return digest, value and timestamp of a container that is equal in all else, zeros behind it."""
        before, between, after = self.parts
        digest_end = len(before) + self.digest_bytes
        value_start = digest_end + len(between)
        value_end = value_start + self.value_bytes
        token_start = value_end + len(after)
        end = token_start + self.token_bytes
        equal = (
            contents.startswith(before)
            and contents.startswith(between, digest_end)
            and contents[value_end:token_start] == after
            and not contents[end:].strip(b"\0")
        )
        token = contents[token_start:end]
        if not equal or (token and not _is_one_element(token)):
            return None
        return contents[len(before) : digest_end], contents[value_start:value_end], token


class ShapeMemory(Generic[T]):
    """Keeps what was read of a container, for all that differ from it in values alone.

    It may be kept of it only what no value changes, e.g. whose certificates stand in it.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[ContainerShape, T]] = {}

    def recall(self, contents: bytes) -> T | None:
        """Return what was kept of a container of the same shape, or None."""
        known = self._known.get(contents[:_HEAD_BYTES])
        return None if known is None or known[0].split(contents) is None else known[1]

    def keep(self, contents: bytes, parsed: ParsedCms, thing: T) -> None:
        """Keep something of a container; of one without such a shape nothing is kept."""
        try:
            shape = guarded(message("pki.signature-container"), lambda: ContainerShape.of(contents, parsed))
        except MalformedError:
            return
        if shape is not None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[contents[:_HEAD_BYTES]] = shape, thing


@dataclass(frozen=True, slots=True)
class _Known:
    """A container that was found right.

    Attributes:
        shape: What it is but for its values.
        attributes: What stands before and after the digest in the signed attributes, as they are signed.
        digest: Name of the digest.
        algorithm: How the value is checked.
        key_der: The signer's key.
        facts: What is known of it, its timestamp apart.
    """

    shape: ContainerShape
    attributes: tuple[bytes, bytes]
    digest: str
    algorithm: SignatureAlgorithm
    key_der: bytes
    facts: SignatureFacts


_Key = tuple[str, tuple[str, ...], bytes]
_KNOWN: dict[_Key, _Known] = {}


def recognise(
    contents: bytes,
    digest: Callable[[str], bytes],
    subfilter: str,
    sm2_ids: tuple[str, ...],
    extra_certificates: Sequence[Any] = (),
) -> SignatureFacts | None:
    """Return what is known of a container that is like one found right, its own values checked.

    Args:
        contents: The container and the padding behind it.
        digest: Gives the digest of the signed bytes by digest name.
        subfilter: Of the signature dictionary.
        sm2_ids: SM2 signer ids to try.
        extra_certificates: Further places to look for the certificate of a timestamp service.

    Returns:
        The facts; None where it is like none, or anything about it does not hold.
    """
    known = _KNOWN.get((subfilter, sm2_ids, contents[:_HEAD_BYTES]))
    values = None if known is None else known.shape.split(contents)
    if known is None or values is None or digest(known.digest) != values[0]:
        return None
    signed, value = values[0].join(known.attributes), values[1]
    try:
        right = check_signature(known.key_der, known.algorithm, signed, value, sm2_ids=sm2_ids)
    except UnsupportedError:
        return None
    if not right or not values[2]:
        return known.facts if right else None
    pool = [*known.facts.certificates, *extra_certificates]
    stamp = check_token(values[2], lambda name: compute_digest(name, value), "signature", pool)
    return replace(known.facts, timestamps=(stamp,))


def remember(
    contents: bytes, parsed: ParsedCms, facts: SignatureFacts, subfilter: str, sm2_ids: tuple[str, ...]
) -> None:
    """Remember a container that was read and found right, if only its values may differ.

    Args:
        contents: The container and the padding behind it.
        parsed: What was read.
        facts: What was found.
        subfilter: Of the signature dictionary.
        sm2_ids: SM2 signer ids that were tried.
    """
    if not _is_simple(parsed, facts) or facts.certificate is None:
        return
    shape = ContainerShape.of(contents, parsed)
    if shape is None:
        return
    attributes = parsed.attributes_der.split(bytes(parsed.signed[MESSAGE_DIGEST][0].native))
    if len(attributes) != 2:
        return
    stated = read_algorithm(parsed.signer["signature_algorithm"], parsed.digest)
    if len(_KNOWN) >= _MAX_KNOWN:
        _KNOWN.clear()
    _KNOWN[subfilter, sm2_ids, contents[:_HEAD_BYTES]] = _Known(
        shape=shape,
        attributes=(attributes[0], attributes[1]),
        digest=parsed.digest,
        algorithm=replace(stated, digest=facts.algorithms[0].digest),
        key_der=der_of(facts.certificate.public_key),
        facts=replace(facts, timestamps=()),
    )


def _is_simple(parsed: ParsedCms, facts: SignatureFacts) -> bool:
    """Tell whether a right container holds a signature, its certificates, a timestamp, and nothing else."""
    if facts.integrity is not Integrity.INTACT or not facts.algorithms or parsed.content is not None:
        return False
    if CONTENT_TIMESTAMP in parsed.signed or parsed.crls_der or parsed.ocsps_der:
        return False
    if (
        parsed.unsigned.keys() - {SIGNATURE_TIMESTAMP}
        or len(parsed.unsigned.get(SIGNATURE_TIMESTAMP, [])) > 1
    ):
        return False
    return any(facts.certificate is own for own in parsed.certificates)


def _is_one_element(der: bytes) -> bool:
    """Tell whether bytes are one sequence, whole and with nothing behind it."""
    try:
        return der.startswith(_SEQUENCE) and parser.peek(der) == len(der)
    except ValueError:
        return False


def _cut(container: bytes, digest: bytes, value: bytes, token: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Cut a container at its digest and its value, where each stands in it once and in this order.

    The token of a timestamp has to end it, and is left out.
    """
    if min(len(digest), len(value)) < _LEAST_BYTES or not container.endswith(token):
        return None
    container = container[: len(container) - len(token)]
    pieces = container.split(digest)
    if len(pieces) != 2:
        return None
    rest = pieces[1].split(value)
    return (pieces[0], rest[0], rest[1]) if len(rest) == 2 else None
