"""What a writer looks at before it goes on behind what stands in a register."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from agreegen.chain.audit.interface import Problem
from agreegen.chain.audit.steps import ChainWalk, HeadWalk, schema_problems
from agreegen.chain.event_facts import NOT_OURS
from agreegen.chain.signed_heads import HEAD_EVENT, SIGNER_EVENT, Head, SignerIdentity, Succession
from agreegen.chain.view import ChainView
from agreegen.errors import CredentialError, RegisterError
from agreegen.messages import Message, join_sentences, message
from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.recording.head_signatures import HeadSignature, read_signature, signer_of_bytes
from agreegen.recording.interface import TailCheck
from agreegen.register.audit.document_steps import document_problems, scan_problems
from agreegen.register.interface import EventKind
from agreegen.register.store import Register
from agreegen.signing.certificate_paths import find_path
from agreegen.signing.interface import Trust

_MOST_TOLD = 20
_OF_THE_CLOCK = "time-backwards"
_EVIDENCE = (EventKind.SIGNED.value, EventKind.PAPER.value, EventKind.RETRACTED.value)


def require_standing(
    register: Register, signer: SignerIdentity | None, check: TailCheck, *, pins: bool = True
) -> None:
    """Look at what stands in a register before anything is recorded behind it.

    Args:
        register: The register, its folder locked.
        signer: Who is going to sign the heads; None for nobody, which goes where nobody ever did.
        check: How events behind the last head are judged.
        pins: Whether the signer becomes the register's own where the chain names none; else it signs for this
            time only, which registers of earlier versions let anybody do.

    Raises:
        RegisterError: Another signer answers for it, its heads were taken away, or events behind the last
            head are not explained.
    """
    _require_heads(register, check)
    if pins or register.signer() is not None:
        require_signer(register, signer, trust=check.trust, sm2_ids=check.sm2_ids)
    head = register.last_head()
    covered = 0 if head is None else head.count + 1
    if signer is not None and register.event_count > covered:
        # Judging files takes long to load, and hardly any command finds such events.
        from agreegen.recording.uncovered_events import require_explained  # noqa: PLC0415 - see above

        require_explained(register, check)
    require_register_unchanged(register)


def require_register_unchanged(register: Register) -> None:
    """Refuse a register that was changed anywhere: its chain, heads, documents and scans, not their files.

    Raises:
        RegisterError: Something was changed, told place by place.
    """
    tables = (document_problems(register.connection), scan_problems(register.connection))
    require_unchanged(register, itertools.chain(*tables))


def require_unchanged(chain: ChainView, tables: Iterable[Problem] = ()) -> None:
    """Refuse a chain that was changed anywhere, or tables beside it that do not follow from its events.

    What a command records follows from what it reads. Had it read a changed row, its own signed head would
    stand over that, e.g. over a signature on a file of somebody else's; with the row put back, nothing would
    show.

    Args:
        chain: The chain, its folder locked.
        tables: What of its further tables does not follow from the events.

    Raises:
        RegisterError: Something was changed, told place by place; nothing was written.
    """
    connection, kind = chain.connection, chain.kind
    steps = itertools.chain(
        schema_problems(connection, chain.path, kind),
        ChainWalk(kind).problems(connection),
        HeadWalk(kind, None).problems(connection),
        tables,
    )
    try:
        with chain.wrapped():
            wrong = (each for each in steps if each.code != _OF_THE_CLOCK)
            found = list(itertools.islice(wrong, _MOST_TOLD))
    except NOT_OURS as exc:
        raise RegisterError(
            message("recording.was-changed-cannot-read", path=chain.path, exc=exc),
            hint=message("recording.run-verify-trust-restore-from-copy", name=kind.name),
        ) from exc
    if found:
        told = join_sentences(
            message("recording.changed-place", where=each.where, what=each.message) for each in found
        )
        raise RegisterError(
            message("recording.was-changed", path=chain.path, told=told),
            hint=message("recording.run-verify-trust-restore-from-copy", name=kind.name),
        )


def _require_heads(register: Register, check: TailCheck) -> None:
    """Refuse a register that was signed and whose heads are gone: whoever can write the file can remove them.

    What follows is judged by its files alone, which say nothing of units, ID numbers or scans. Only earlier
    versions left signed documents without any head; a person answers for those (`register accept`).
    """
    if register.last_head() is not None:
        return
    if register.knows_any(HEAD_EVENT, SIGNER_EVENT):
        raise RegisterError(
            message("recording.was-signed-signatures-gone", path=register.path),
            hint=message("recording.restore-register-from-copy-or-rebuild-2"),
        )
    if not check.accepted and register.knows_any(*_EVIDENCE):
        raise RegisterError(
            message("recording.holds-signed-documents-nobody-ever-signed", path=register.path),
            hint=message("recording.if-earlier-version-left-like-agreegen"),
        )


def require_signer(
    chain: ChainView,
    signer: SignerIdentity | None,
    *,
    trust: Trust,
    sm2_ids: tuple[str, ...] = (SM2_DEFAULT_ID,),
) -> None:
    """Refuse to go on in a register that another one answers for.

    1. Where no head was ever signed, anybody may begin.
    2. The last head must carry a signature that fits it, and the chain must stand where the head says: one
       that was computed anew would else be signed over.
    3. Where the chain names its signer, that one made it, and that one signs now; a change of signer is an
       event that the one before signs and that holds the successor's own word for this chain.
    4. Registers of earlier versions name nobody: there, whoever signed one of the heads may go on.

    Args:
        chain: The chain.
        signer: Who is going to sign; None for nobody.
        trust: Anchors; with them a renewed certificate of the same names goes on, if it chains to one.
        sm2_ids: Signer ids that SM2 signatures of heads may be made with.

    Raises:
        RegisterError: One of them does not hold; nothing was written.
    """
    last = chain.last_head()
    if last is None:
        return
    read = _require_genuine(chain, last, trust, sm2_ids)
    whose = chain.signer() or read.signer
    if signer is None:
        raise RegisterError(
            message("recording.signed-command-has-nobody-sign", path=chain.path, whose=whose),
            hint=message("recording.name-register-credential-job-or-give"),
        )
    if not _may_sign(chain, signer, read, trust, sm2_ids):
        raise RegisterError(
            message(
                "recording.signed-not",
                path=chain.path,
                whose=_with_certificate(whose),
                subject=_with_certificate(signer),
            ),
            hint=message("recording.use-credential-change-signer-hands-over", name=chain.kind.name),
        )


def _require_genuine(chain: ChainView, last: Head, trust: Trust, sm2_ids: tuple[str, ...]) -> HeadSignature:
    """Refuse a last head that does not fit, or is not by whom the chain names; return its signature."""
    hint = message("recording.run-verify-trust-restore-from-copy", name=chain.kind.name)
    if chain.hash_at(last.count) != last.hash:
        raise RegisterError(message("recording.its-last-head-does-not-fit", path=chain.path), hint=hint)
    read, expected = read_signature(last.signature, last.message, sm2_ids), chain.signer_of_last_head()
    if read is None or (expected is not None and not _is_by(read, expected, trust)):
        raise RegisterError(
            message("recording.its-last-head-not-signed-whom", path=chain.path, name=chain.kind.word),
            hint=hint,
        )
    named = chain.signer()
    handed_over = named is not None and not _is_by(read, named, trust)
    if named is not None and handed_over and not _has_accepted(chain, named, last, sm2_ids):
        raise RegisterError(
            message("recording.handed-over-without-word", path=chain.path, subject=named), hint=hint
        )
    return read


def _is_by(read: HeadSignature, expected: SignerIdentity, trust: Trust) -> bool:
    """Whether a signer made a signature, with that certificate or a renewed one that chains to an anchor.

    Names alone say nothing: anybody can write the office's into a certificate of their own.
    """
    if read.signer.same_as(expected, by_name=False):
        return True
    if not trust.anchors_der or read.claimed_time is None or not read.signer.same_as(expected):
        return False
    try:
        find_path(read.certificate_der, read.others_der, trust, read.claimed_time, read.signer.subject)
    except CredentialError:
        return False
    return True


def _with_certificate(who: SignerIdentity) -> Message:
    """Name a signer so that two certificates of one name are told apart."""
    return message("recording.with-certificate", subject=who, sha256=who.certificate_sha256[:16])


def _has_accepted(chain: ChainView, successor: SignerIdentity, last: Head, sm2_ids: tuple[str, ...]) -> bool:
    """Whether a successor who has signed no head yet said of this very chain that it takes it over.

    Anybody with a trusted key may name the office in a chain of their own: signed over, it would pass for
    the office's.
    """
    facts = chain.last_facts(SIGNER_EVENT, last.count)
    succession = None if facts is None else Succession.from_dict(facts)
    digest = None if succession is None else chain.hash_at(succession.count)
    if succession is None or digest is None or succession.count >= last.count:
        return False
    end = Succession.end_to_accept(chain.id, succession.count, digest, chain.kind.name)
    who = signer_of_bytes(succession.signature, end.message, sm2_ids)
    return who is not None and who.same_as(successor, by_name=False)


def _may_sign(
    chain: ChainView, signer: SignerIdentity, last: HeadSignature, trust: Trust, sm2_ids: tuple[str, ...]
) -> bool:
    """Whether a chain may be continued by a signer; see `require_signer`."""
    named = chain.signer()
    if named is not None:
        return signer.same_as(named, by_name=False) or (signer.same_as(named) and _is_by(last, signer, trust))
    # A head of the office that was laid beside a chain of another's says nothing of that chain.
    standing = (head for head in chain.heads() if chain.hash_at(head.count) == head.hash)
    heads = (read_signature(head.signature, head.message, sm2_ids) for head in standing)
    return any(each is not None and _is_by(each, signer, trust) for each in heads)
