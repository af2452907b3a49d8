"""The steps of an audit that concern the chain: its links, its heads, and who signed them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from agreegen.chain.audit.interface import HeadJudgement, JudgeHead, Problem
from agreegen.chain.event_facts import read_facts
from agreegen.chain.file import read_meta, require_known
from agreegen.chain.hashing import genesis_hash, link_hash, parse_time
from agreegen.chain.schema import (
    EVENT_COLUMNS,
    TIP_COUNT,
    TIP_HASH,
    ChainKind,
    describe_schema,
    expected_schema,
    schema_version,
)
from agreegen.chain.signed_heads import HEAD_EVENT, SIGNER_EVENT, Head, Notice, SignerIdentity, Succession
from agreegen.files import sha256_of
from agreegen.messages import ForeignDetail, Message, message
from agreegen.model.document import canonical_json

_HEAD_EVENTS = """
    SELECT events.seq, events.kind, events.at, events.role, events.sha256, events.details,
        heads.count, heads.hash, heads.signer, heads.signature
    FROM events LEFT JOIN heads ON heads.seq = events.seq
    WHERE events.document = '' AND events.kind IN (?, ?) ORDER BY events.seq
"""
_LONE_HEADS = (
    "SELECT seq FROM heads WHERE seq NOT IN (SELECT seq FROM events WHERE document = '' AND kind = ?)"
)
SCHEMA_CHANGED = "schema-changed"
"""The problem behind which nothing of a file is read any more."""
_SIGNED_WITHIN = timedelta(seconds=1)
"""A signature tells its time to the second (RFC 5652, 11.3); its event has fractions."""


def schema_problems(connection: sqlite3.Connection, path: Path, kind: ChainKind) -> Iterator[Problem]:
    """Yield tables that are not ours, else what SQLite's own check finds.

    Views and constraints of somebody else's run when they are read, and may never end: nothing else is.

    Raises:
        RegisterError: The schema is not known.
    """
    version = schema_version(connection)
    require_known(path, kind, version)
    if describe_schema(connection) != expected_schema(kind, version):
        said = message("chain.tables-indexes-or-triggers-not-those", name=kind.word)
        yield Problem(SCHEMA_CHANGED, message("chain.file"), said)
        return
    for (finding,) in connection.execute("PRAGMA integrity_check(20)"):
        if finding != "ok":
            yield Problem(
                "damaged", message("chain.file"), message("chain.sqlite-says", detail=ForeignDetail(finding))
            )


def count_unsigned(connection: sqlite3.Connection) -> tuple[int, int]:
    """Count the events, and those of them that stand behind the last signed head and its own event."""
    (events,) = connection.execute("SELECT count(*) FROM events").fetchone()
    (covered,) = connection.execute("SELECT coalesce(max(seq), 0) FROM heads").fetchone()
    return int(events), max(0, int(events) - int(covered))


def tail_problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Yield events behind the last signed head: every command ends under a head."""
    events, unsigned = count_unsigned(connection)
    if 0 < unsigned < events:
        said = message("chain.last-events-stand-under-no-signed", unsigned=unsigned, events=events)
        yield Problem("unsigned-tail", message("chain.event", events=events - unsigned + 1), said)


@dataclass(slots=True)
class ChainWalk:
    """Follows the chain from the genesis on and compares it with heads and codes that are known.

    Attributes:
        kind: What the chain is of.
        known: Heads from elsewhere, e.g. from a bag.
        codes: Short codes of heads, from paper.
        count: Events so far.
        latest: Latest time so far, as stored.
    """

    kind: ChainKind
    known: Iterable[Head] = ()
    codes: Iterable[str] = ()
    count: int = 0
    _by_count: dict[int, list[Head]] = field(default_factory=dict)
    _codes: dict[int, list[str]] = field(default_factory=dict)

    def problems(self, connection: sqlite3.Connection) -> Iterator[Problem]:
        """Yield what is wrong with the links."""
        meta, kind = read_meta(connection, self.kind), self.kind.name
        yield from self._expect(meta[kind])
        public = {key: value for key, value in meta.items() if key not in {TIP_COUNT, TIP_HASH}}
        tip, latest = genesis_hash(kind, public), parse_time(meta["created"])
        for row in connection.execute(f"SELECT {EVENT_COLUMNS} FROM events ORDER BY seq"):  # noqa: S608  # constants only
            self.count += 1
            if row[0] != self.count:
                yield Problem(
                    "event-missing",
                    message("chain.event-2", count=self.count),
                    message("chain.next-event", row=row[0]),
                )
                self.count = row[0]
            if link_hash(tip, row[:7]) != row[7]:
                said = message("chain.its-hash-does-not-follow-from")
                yield Problem("event-changed", self._here(), said)
            tip, moment = row[7], parse_time(row[1])
            if moment < latest:
                said = message("chain.recorded-before-event-before", at=moment)
                yield Problem("time-backwards", self._here(), said)
            latest = max(latest, moment)
            yield from self._compare(meta[kind], tip)
        if str(self.count) != meta[TIP_COUNT] or tip.hex() != meta[TIP_HASH]:
            yield Problem(
                "cut-off",
                message("chain.event-2", count=self.count),
                message("chain.chain-ends-here-says-events", kind=kind, events=meta[TIP_COUNT]),
            )
        yield from self._not_met()

    def _expect(self, chain_id: str) -> Iterator[Problem]:
        for head in self.known:
            if head.chain_id != chain_id or head.kind != self.kind.name:
                yield Problem(
                    "head-of-another",
                    message("chain.head", count=head.count),
                    message("chain.head-belongs-another", name=self.kind.word),
                )
            elif head.count:
                self._by_count.setdefault(head.count, []).append(head)
        for code in self.codes:
            self._codes.setdefault(int(code.partition("-")[0]), []).append(code)

    def _compare(self, chain_id: str, tip: bytes) -> Iterator[Problem]:
        for head in self._by_count.pop(self.count, ()):
            if head.hash != tip:
                said = message("chain.known-head-names-another-hash-place")
                yield Problem("head-mismatch", self._here(), said)
        for code in self._codes.pop(self.count, ()):
            if Head(chain_id, self.count, tip, kind=self.kind.name).code != code:
                said = message("chain.code-not-chain-place", code_=code)
                yield Problem("head-mismatch", self._here(), said)

    def _here(self) -> Message:
        return message("chain.event", events=self.count)

    def _not_met(self) -> Iterator[Problem]:
        """A head that is known names more events than there are: the chain was taken back."""
        for count in sorted({*self._by_count, *self._codes}):
            yield Problem(
                "cut-off",
                message("chain.event-2", count=self.count),
                message("chain.known-head-names-events-newest-gone", count=count),
            )


@dataclass(slots=True)
class HeadWalk:
    """Follows the signed heads and who may sign them.

    An event before the first head names the signer; another one needs an event that the one before has
    signed. Heads of earlier versions have no such event before them: they are judged by trust alone.

    Attributes:
        kind: What the chain is of.
        judge: Judges signatures; None for not at all.
        last: The last head that stands in the chain.
        judgement: What is known of its signature.
        unnamed: Who signed heads before any event named the signer; None for a signature without a signer.
    """

    kind: ChainKind
    judge: JudgeHead | None
    last: Head | None = None
    judgement: HeadJudgement | None = None
    unnamed: set[SignerIdentity | None] = field(default_factory=set)
    _pin: SignerIdentity | None = None
    _announced: SignerIdentity | None = None
    _names: dict[str, str] = field(default_factory=dict)
    _stamp_due: bool = False

    def problems(self, connection: sqlite3.Connection) -> Iterator[Problem]:
        """Yield what is wrong with the heads."""
        chain_id = read_meta(connection, self.kind)[self.kind.name]
        for seq, kind, *event, count, digest, signer, signature in connection.execute(
            _HEAD_EVENTS, (HEAD_EVENT, SIGNER_EVENT)
        ):
            if kind == SIGNER_EVENT:
                yield from self._announce(connection, chain_id, seq, read_facts(event[-1]))
                continue
            where = message("chain.head-event", seq=seq)
            if count is None:
                said = message("chain.event-says-chain-was-signed-signature")
                yield Problem("head-missing", where, said)
                continue
            head = Head(chain_id, count, digest, signer, signature, self.kind.name)
            yield from _compare_head(connection, seq, head, event[1:])
            yield from self._judge(where, head)
            yield from self._compare_notice(where, head)
            yield from self._compare_time(connection, where, head, parse_time(event[0]))
        for (seq,) in connection.execute(_LONE_HEADS, (HEAD_EVENT,)):
            yield Problem(
                "head-changed", message("chain.head-event", seq=seq), message("chain.no-event-records-head")
            )

    def _announce(
        self, connection: sqlite3.Connection, chain_id: str, seq: int, facts: dict[str, object]
    ) -> Iterator[Problem]:
        """Take in who signs from now on; another than before must have said so of this very chain."""
        succession, before = Succession.from_dict(facts), self._announced or self._pin
        self._announced = succession.successor
        notice = Notice.from_dict(facts)
        self._stamp_due = notice.timestamped
        if notice.credential is not None:
            self._names[succession.successor.certificate_sha256] = notice.credential
        if self.judge is None or before is None or before.same_as(succession.successor):
            return
        count = succession.count
        row = connection.execute("SELECT hash FROM events WHERE seq = ?", (count,)).fetchone()
        if row is not None and count < seq:
            end = Succession.end_to_accept(chain_id, count, row[0], self.kind.name)
            judged = self.judge(replace(end, signature=succession.signature))
            who = judged.signer
            if judged.reason is None and who is not None and who.same_as(succession.successor, by_name=False):
                return
        said = message("chain.handed-over-successor-does-not-say-so", subject=succession.successor)
        yield Problem("other-signer", message("chain.event", events=seq), said)

    def _judge(self, where: Message, head: Head) -> Iterator[Problem]:
        self.last = head
        if self.judge is None:
            return
        self.judgement = self.judge(head)
        if self.judgement.reason is not None:
            yield Problem("head-signature", where, self.judgement.reason)
        who = self.judgement.signer
        expected = self._pin or self._announced
        if expected is None:
            self.unnamed.add(who)
        if expected is not None and (who is None or not who.same_as(expected)):
            named = who or message("messages.nobody")
            yield Problem("other-signer", where, message("chain.signed-not", named=named, subject=expected))
        self._pin = self._announced or self._pin
        self._announced = None

    def _compare_notice(self, where: Message, head: Head) -> Iterator[Problem]:
        """Compare a head with what was said of it before: what it says of its signer, and its timestamp.

        Its own event stands under no signature as long as it is the last one, a timestamp under none at all.
        """
        judged, due, self._stamp_due = self.judgement, self._stamp_due, False
        if judged is None or judged.signer is None:
            return
        name = self._names.get(judged.signer.certificate_sha256)
        if name is not None and name != head.signer:
            said = message("chain.head-names-another-credential", named=head.signer, name=name)
            yield Problem("head-changed", where, said)
        if due and not judged.timestamped:
            yield Problem("head-changed", where, message("chain.its-timestamp-was-taken-away"))

    def _compare_time(
        self, connection: sqlite3.Connection, where: Message, head: Head, at: datetime
    ) -> Iterator[Problem]:
        """Compare the time of a head's own event with that of the event before and of the signature.

        No signature covers the event of the last head: in the future, all later events would follow it.
        Earlier versions did not sign in the same moment, and named no signer.
        """
        claimed = None if self.judgement is None else self.judgement.claimed
        before = connection.execute("SELECT at FROM events WHERE seq = ?", (head.count,)).fetchone()
        if claimed is None or before is None or self._pin is None:
            return
        earliest, latest = parse_time(before[0]), max(parse_time(before[0]), claimed + _SIGNED_WITHIN)
        if not max(earliest, claimed) <= at <= latest:
            said = message("chain.recorded-at-signed-at", recorded=at, signed=claimed)
            yield Problem("head-changed", where, said)


def _compare_head(
    connection: sqlite3.Connection, seq: int, head: Head, event: Sequence[object]
) -> Iterator[Problem]:
    where = message("chain.head-event", seq=seq)
    facts = {
        "count": head.count,
        "hash": head.hash.hex(),
        "signer": head.signer,
        "signature_sha256": sha256_of(head.signature),
    }
    if tuple(event) != (None, None, canonical_json(facts).decode()):
        yield Problem("head-changed", where, message("chain.stored-head-not-one-event-records"))
    before = connection.execute("SELECT hash FROM events WHERE seq = ?", (head.count,)).fetchone()
    if head.count != seq - 1 or (before is not None and before[0] != head.hash):
        yield Problem("head-changed", where, message("chain.head-not-event-before"))
