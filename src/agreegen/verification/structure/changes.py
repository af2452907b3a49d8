"""What came after each signature: every later revision is walked by roles and held against rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agreegen.messages import Message, message
from agreegen.model.report import Alarm, Changes, Coverage
from agreegen.pdf.changed import changed_objects
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.objects import LimitError, StructureError
from agreegen.pdf.pages import PageBoxes
from agreegen.verification.changes.comparison import compare
from agreegen.verification.changes.equality import Equality
from agreegen.verification.changes.field_changes import permitted_places
from agreegen.verification.changes.interface import Finding, RevisionStep, Rule
from agreegen.verification.changes.painted_places import PermittedPlace
from agreegen.verification.changes.permissions import Permissions, in_force, permissions_of
from agreegen.verification.changes.renderings import Renderings
from agreegen.verification.changes.role_map import RoleMap
from agreegen.verification.changes.rules.content_rule import check_contents
from agreegen.verification.changes.rules.covering_rule import check_covering
from agreegen.verification.changes.rules.document_rule import check_document
from agreegen.verification.changes.rules.filling_rule import check_filling
from agreegen.verification.changes.rules.form_rule import check_form_entries, fills_xfa
from agreegen.verification.changes.rules.look_rule import check_looks
from agreegen.verification.changes.rules.note_rule import check_notes
from agreegen.verification.changes.rules.object_rule import check_objects
from agreegen.verification.changes.rules.parentage_rule import check_parents
from agreegen.verification.changes.rules.permission_rule import check_permissions
from agreegen.verification.changes.rules.placing_rule import check_matrices, check_nowhere
from agreegen.verification.changes.rules.schema_rule import check_schemas
from agreegen.verification.changes.rules.signing_rule import check_signing
from agreegen.verification.changes.rules.source_rule import check_sources
from agreegen.verification.changes.rules.store_rule import check_store
from agreegen.verification.changes.rules.structure_tree_rule import check_structure_tree
from agreegen.verification.pictures.findings import erases, page_alarm
from agreegen.verification.pictures.interface import Drawn
from agreegen.verification.pictures.unseen_updates import shows_nothing
from agreegen.verification.structure.canonical_form import deviations
from agreegen.verification.structure.canonical_streams import encryption_changes
from agreegen.verification.structure.coverage import Covered

RULES: tuple[Rule, ...] = (
    check_schemas,
    check_objects,
    check_parents,
    check_document,
    check_store,
    check_form_entries,
    check_signing,
    check_filling,
    check_notes,
    check_matrices,
    check_nowhere,
    check_contents,
    check_sources,
    check_structure_tree,
    check_permissions,
)
"""Rules on objects."""

PAINTING_RULES: tuple[Rule, ...] = (check_looks, check_covering)
"""Rules on what is painted, asked where the objects are in order: they draw pages, which takes longer."""

MAX_TOLD = 20
"""Findings on one revision that a report tells."""

_XFA_CHANGED = message("verification.data-dynamic-form-xfa-were-changed")


@dataclass(slots=True)
class Judgement:
    """The verdict on the changes after each revision.

    Attributes:
        alarms: What concerns the file as a whole.
        after: Per revision index: the changes that the next revision brings, and why they are forbidden.
        last: Index of the last revision.
        places: What the later revisions were permitted to paint.
        unseen: Indices of the revisions after which comes one that changes nothing that is drawn.
    """

    alarms: list[Alarm] = field(default_factory=list)
    after: dict[int, tuple[Changes, list[Message]]] = field(default_factory=dict)
    last: int = 0
    places: list[PermittedPlace] = field(default_factory=list)
    unseen: set[int] = field(default_factory=set)

    def of(self, item: Covered) -> tuple[Changes, list[Message]]:
        """Return the changes after one signature and the reasons."""
        if item.revision is None:
            return Changes.UNKNOWN, []
        found, reasons = Changes.NONE, list[Message]()
        for index in range(item.revision, self.last):
            changes, why = self.after.get(
                index, (Changes.UNKNOWN, [message("verification.later-revisions-were-not-examined")])
            )
            reasons += [reason for reason in why if reason not in reasons]
            found = max(found, changes, key=_RANK.__getitem__)
        return found, reasons

    @property
    def forbids(self) -> bool:
        """Whether a rule forbids something already."""
        return any(changes is Changes.FORBIDDEN for changes, _ in self.after.values())

    def learn(self, drawn: Drawn) -> None:
        """Take in what the pictures say about the revisions after each signed one."""
        for fault in drawn.faults:
            alarm = page_alarm(fault)
            found = Changes.FORBIDDEN if alarm.alters else Changes.UNKNOWN
            self._worsen(fault.after, found, alarm.message)
        for seal in drawn.seals:
            if erases(seal):
                self._worsen(
                    seal.after,
                    Changes.FORBIDDEN,
                    message("verification.look-signature-wipes-out-signed-content"),
                )
        if drawn.limit is not None:
            self._worsen(self.last - 1, Changes.UNKNOWN, drawn.limit)

    def take(self, index: int, findings: Sequence[Finding]) -> None:
        """Take in what the rules say about the revision after one."""
        self.after[index] = Changes.PERMITTED, []
        self.forbid(index, findings)

    def forbid(self, index: int, findings: Sequence[Finding]) -> None:
        """Say that rules forbid what came after a revision; of very many findings, some are told."""
        for finding in _told(findings):
            self._worsen(index, Changes.FORBIDDEN, finding.reason)
            text = message("verification.after-signing", reason=finding.reason)
            self.alarms.append(Alarm("forbidden-change", text, alters=True, topic=finding.topic))

    def doubt(self, index: int, reason: Message) -> None:
        """Say that nobody can tell what came after a revision."""
        self._worsen(index, Changes.UNKNOWN, reason)

    def _worsen(self, index: int, found: Changes, reason: Message) -> None:
        changes, reasons = self.after.get(index, (Changes.NONE, []))
        self.after[index] = max(changes, found, key=_RANK.__getitem__), [*reasons, reason]


def _told(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Return the first findings on one revision and the number of the others: nobody reads five thousand."""
    if len(findings) <= MAX_TOLD:
        return findings
    others = len(findings) - MAX_TOLD
    return [
        *findings[:MAX_TOLD],
        Finding("structure", message("verification.further-things-were-changed", others=others)),
    ]


_RANK = {Changes.NONE: 0, Changes.PERMITTED: 1, Changes.UNKNOWN: 2, Changes.FORBIDDEN: 3}


def judge_changes(file: PdfFile, views: list[View], covered: list[Covered]) -> Judgement:
    """Walk over every revision after the first signed one and hold it against what the signatures permit."""
    judgement = Judgement(last=len(views) - 1)
    signed = [
        (item.revision, item.candidate.value)
        for item in covered
        if item.revision is not None and item.coverage is not Coverage.PARTIAL
    ]
    if not signed:
        return judgement
    first = min(revision for revision, _ in signed)
    if file.locked:
        _judge_locked(judgement, views, first)
    elif first < len(views) - 1:
        _judge_open(judgement, file, views, first, permissions_of(views, signed))
    return judgement


def _judge_open(
    judgement: Judgement, file: PdfFile, views: list[View], first: int, own: list[tuple[int, Permissions]]
) -> None:
    walker: _Walker | None = None
    for index in range(first, len(views) - 1):
        try:
            walker = walker or _Walker(file, views, first)
            found = walker.judge(index, in_force(own, index))
        except LimitError as problem:
            judgement.after[index] = Changes.UNKNOWN, [problem.sentence]
            continue
        except StructureError as problem:
            reason = message("verification.later-revision-cannot-followed", cause=problem.sentence)
            found = _Judged([Finding("structure", reason)])
        judgement.places += found.places
        judgement.take(index, found.findings)
        for doubt in found.doubts:
            judgement.doubt(index, doubt)
        if found.unseen:
            judgement.unseen.add(index)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is said about one revision.

    Attributes:
        findings: What is not acceptable.
        places: What it was permitted to paint.
        doubts: What nobody can tell.
        unseen: Whether it was proved to change nothing that is drawn.
    """

    findings: list[Finding]
    places: Sequence[PermittedPlace] = ()
    doubts: Sequence[Message] = ()
    unseen: bool = False


class _Walker:
    """Goes from revision to revision and brings the roles of all objects along."""

    def __init__(self, file: PdfFile, views: list[View], first: int) -> None:
        self._views = views
        self._first = views[first]
        self._roles = RoleMap(self._first)
        self._pages = PageBoxes.from_view(self._first)
        self._renderings = Renderings(file, views, self._pages)

    def judge(self, index: int, permissions: Permissions) -> _Judged:
        """Judge one revision.

        1. Its bytes have the canonical form.
        2. The objects that differ, and those that own them, are walked in both revisions.
        3. The rules on objects; then, where those are content, the rules on what is painted.
        """
        old, new = self._views[index], self._views[index + 1]
        changed, problems = changed_objects(old, new)
        findings = [Finding("structure", problem) for problem in problems]
        findings += [Finding("canonical", reason) for reason in deviations(old, new)]
        step = self._step(old, new, changed, permissions)
        if findings:
            return _Judged(findings)
        findings += step.comparison.findings
        for rule in RULES:
            findings += rule(step)
        if not findings:
            for rule in PAINTING_RULES:
                findings += rule(step)
        unique = list(dict.fromkeys(findings))
        if unique:
            return _Judged(unique)
        places = permitted_places(step)
        doubts = [_XFA_CHANGED] if fills_xfa(step) else []
        return _Judged([], places, doubts, unseen=not places and shows_nothing(step))

    def _step(self, old: View, new: View, changed: set[int], permissions: Permissions) -> RevisionStep:
        before = {number: self._roles.roles(number) for number in changed}
        pointed = frozenset(number for number in changed if self._roles.pointed_at(number))
        above = self._roles.above(changed)
        self._roles.advance(old, new, changed)
        equality = Equality(old, new, frozenset(above | self._roles.above(changed)))
        return RevisionStep(
            old=old,
            new=new,
            first=self._first,
            changed=frozenset(changed),
            roles=self._roles,
            roles_before=before,
            pointed_before=pointed,
            permissions=permissions,
            comparison=compare(old, new, equality, self._pages),
            equality=equality,
            pages=self._pages,
            renderings=self._renderings,
        )


def _judge_locked(judgement: Judgement, views: list[View], first: int) -> None:
    """Nothing can be said about changes of a file without its password, but that it was locked afterwards."""
    for index in range(first, len(views) - 1):
        reasons = list(encryption_changes(views[index].trailer, views[index + 1].trailer))
        for reason in reasons:
            judgement.after[index] = Changes.FORBIDDEN, reasons
            judgement.alarms.append(
                Alarm("forbidden-change", message("verification.after-signing", reason=reason), alters=True)
            )
