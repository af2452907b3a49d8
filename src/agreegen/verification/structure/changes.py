"""What came after each signature: every later revision is explained object by object, or it is an alarm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agreegen.model.report import Alarm, Changes, Coverage
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.fields import signature_fields, text_of
from agreegen.pdf.graph import Edge, Graph
from agreegen.pdf.objects import LimitError, Stream, StructureError, same
from agreegen.pdf.pages import page_numbers
from agreegen.verification.changes.places import PermittedPlace, PlaceKind
from agreegen.verification.pictures.findings import erases
from agreegen.verification.pictures.interface import Drawn, Fault
from agreegen.verification.structure.canonical_form import deviations
from agreegen.verification.structure.canonical_streams import encryption_changes
from agreegen.verification.structure.coverage import Covered, docmdp_level
from agreegen.verification.structure.painted import Painted
from agreegen.verification.structure.rules_document import (
    check_catalog,
    check_deletions,
    check_trailer,
)
from agreegen.verification.structure.rules_form import check_form
from agreegen.verification.structure.rules_pages import check_annotation_changes, check_pages
from agreegen.verification.structure.rules_tree import check_structure_tree
from agreegen.verification.structure.step import Step, as_dictionary, changed_objects

_CERTIFIED_ANNOTATIONS = 3
_NO_CHANGES = 1
_POINTERS = frozenset(
    {
        "P",
        "Parent",
        "Pg",
        "Obj",
        "Kids",
        "Fields",
        "Annots",
        "K",
        "Nums",
        "Popup",
        "IRT",
        "Data",
        "Dest",
        "D",
        "Pages",
        "Root",
    }
)


@dataclass(slots=True)
class Permissions:
    """What the signatures up to a revision permit.

    Attributes:
        certified: Whether one of them certifies.
        level: The strictest DocMDP level, None where there is none.
        lock_level: The strictest level that a lock dictionary asks for.
        locked: Locks on fields: action and names.
    """

    certified: bool = False
    level: int | None = None
    lock_level: int | None = None
    locked: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    @property
    def strictest(self) -> int | None:
        """The level in force."""
        return _strictest(self.level, self.lock_level)

    def locks(self, name: str) -> bool:
        """Tell whether a field may not be filled in any more."""
        for action, names in self.locked:
            listed = any(name == one or name.startswith(one + ".") for one in names)
            if action == "All" or (action == "Include" and listed) or (action == "Exclude" and not listed):
                return True
        return False


@dataclass(slots=True)
class Judgement:
    """The verdict on the changes after each revision.

    Attributes:
        alarms: What concerns the file as a whole.
        after: Per revision index: the changes that the next revision brings, and why they are forbidden.
        last: Index of the last revision.
        places: What the later revisions were permitted to paint.
    """

    alarms: list[Alarm] = field(default_factory=list)
    after: dict[int, tuple[Changes, list[str]]] = field(default_factory=dict)
    last: int = 0
    places: list[PermittedPlace] = field(default_factory=list)

    def of(self, item: Covered) -> tuple[Changes, list[str]]:
        """Return the changes after one signature and the reasons."""
        if item.revision is None:
            return Changes.UNKNOWN, []
        found, reasons = Changes.NONE, list[str]()
        for index in range(item.revision, self.last):
            changes, why = self.after.get(index, (Changes.UNKNOWN, ["the later revisions were not examined"]))
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
            found = Changes.UNKNOWN if fault.fault is Fault.UNDRAWN else Changes.FORBIDDEN
            self._worsen(fault.after, found, f"page {fault.page} does not look as it was signed")
        for seal in drawn.seals:
            if erases(seal):
                self._worsen(
                    seal.after, Changes.FORBIDDEN, "the look of a signature wipes out signed content"
                )
        if drawn.limit is not None:
            self._worsen(self.last - 1, Changes.UNKNOWN, drawn.limit)

    def _worsen(self, index: int, found: Changes, reason: str) -> None:
        changes, reasons = self.after.get(index, (Changes.NONE, []))
        self.after[index] = max(changes, found, key=_RANK.__getitem__), [*reasons, reason]


_RANK = {Changes.NONE: 0, Changes.PERMITTED: 1, Changes.UNKNOWN: 2, Changes.FORBIDDEN: 3}


def judge_changes(file: PdfFile, views: list[View], covered: list[Covered]) -> Judgement:
    """Explain every revision after the first signed one and hold it against what the signatures permit."""
    judgement = Judgement(last=len(views) - 1)
    signed = [item for item in covered if item.revision is not None and item.coverage is not Coverage.PARTIAL]
    if not signed:
        return judgement
    first = min(item.revision for item in signed if item.revision is not None)
    if file.locked:
        _judge_locked(judgement, views, first)
        return judgement
    graph, painted, own = Graph(), Painted(file, views), _permissions(views, signed)
    for index in range(first, len(views) - 1):
        permissions = _in_force(own, index)
        topics: dict[str, str] = {}
        try:
            if index == first:
                graph.load(views[index])
            step = _examine(views, index, first, permissions, graph, painted)
            reasons, topics = step.reasons, step.topics
            judgement.places += _places(step)
            changes = Changes.FORBIDDEN if reasons else Changes.PERMITTED
        except LimitError as problem:
            changes, reasons = Changes.UNKNOWN, [problem.message]
        except StructureError as problem:
            reasons = [f"a later revision cannot be followed: {problem.message}"]
            changes = Changes.FORBIDDEN
        judgement.after[index] = changes, reasons
        for reason in reasons if changes is Changes.FORBIDDEN else ():
            text, topic = f"after signing, {reason}", topics.get(reason, "structure")
            judgement.alarms.append(Alarm("forbidden-change", text, alters=True, topic=topic))
    return judgement


def _judge_locked(judgement: Judgement, views: list[View], first: int) -> None:
    """Nothing can be said about changes of a file without its password, but that it was locked afterwards."""
    for index in range(first, len(views) - 1):
        reasons = list(encryption_changes(views[index].trailer, views[index + 1].trailer))
        for reason in reasons:
            judgement.after[index] = Changes.FORBIDDEN, reasons
            judgement.alarms.append(Alarm("forbidden-change", f"after signing, {reason}", alters=True))


def _examine(
    views: list[View], index: int, first: int, permissions: Permissions, graph: Graph, painted: Painted
) -> Step:
    old, new = views[index], views[index + 1]
    changed, problems = changed_objects(old, new)
    step = Step(old, new, views[first], changed, reasons=problems)
    step.topic = "canonical"
    for reason in deviations(old, new):
        step.forbid(reason)
    step.topic = "structure"
    if step.reasons:
        graph.advance(new, changed)
        return step
    catalogs = check_trailer(step)
    step.topic = "document"
    check_catalog(step, *catalogs)
    step.topic = "form"
    check_form(step, *catalogs)
    step.topic = "pages"
    check_pages(step)
    check_deletions(step)
    step.topic = "reading-aids"
    check_structure_tree(step, *catalogs)
    check_annotation_changes(step)
    step.topic = "content"
    _check_edges(step, graph)
    _check_permissions(step, permissions)
    _check_painting(step, permissions, painted)
    return step


def _places(step: Step) -> list[PermittedPlace]:
    pages = page_numbers(step.new)
    found: list[PermittedPlace] = []
    names = step.new_widgets | step.signed_widgets
    for item in step.additions:
        kind = PlaceKind.NOTE if item.annotation else PlaceKind.NEW_SIGNATURE_LOOK
        at = pages.index(item.page)
        name = names.get(item.number)
        found.append(PermittedPlace(step.new.index, at, item.rectangle, kind, name, item.number))
    for page, box, name, number in step.sealed:
        kind = PlaceKind.SIGNED_FIELD
        found.append(PermittedPlace(step.new.index, pages.index(page), box, kind, name, number))
    for page, box, name in step.overwritten:
        numbers = [number for number, other in step.filled_widgets.items() if other == name]
        kind = PlaceKind.FILLED_FIELD
        found += [PermittedPlace(step.new.index, pages.index(page), box, kind, name, n) for n in numbers]
    return found


def _check_edges(step: Step, graph: Graph) -> None:
    """Every rewritten object has to be explained, and may not be used anywhere the rules have not looked."""
    before = {number: set(graph.edges(number)) for number in step.changed}
    for number in step.replaced - step.changed:
        stray = graph.edges(number) - step.edges_old.get(number, set())
        if any("AP" not in path for _, path in stray):
            step.forbid(f"an appearance was replaced that other parts of the document use (object {number})")
    graph.advance(step.new, step.changed)
    for number in sorted(step.changed):
        existed = step.old.location(number) is not None
        stray_old = before[number] - step.edges_old.get(number, set())
        stray_new = graph.edges(number) - step.edges_new.get(number, set())
        if number in step.roles:
            stray_old, stray_new = _not_pointers(stray_old), _not_pointers(stray_new)
        if not existed:
            if _matter(stray_old):
                step.forbid(
                    f"object {number} was defined, which the signed revision refers to but did not have"
                )
            continue
        if number not in step.explained:
            if not _is_bookkeeping(step, number) or graph.edges(number):
                step.forbid(f"object {number} was redefined, which no permitted change explains")
            continue
        freed = step.new.location(number) is None
        if (_matter(stray_old) and not freed) or _matter(stray_new):
            step.forbid(f"object {number} was redefined although other parts of the document use it")


def _not_pointers(edges: set[Edge]) -> set[Edge]:
    """Pages, fields and annotations may be pointed to from anywhere, but not used as resources."""
    return {edge for edge in edges if not _is_pointer(edge[1])}


def _is_pointer(path: tuple[str | int, ...]) -> bool:
    """Members of arrays are not resources either: those have names."""
    return bool(path) and (isinstance(path[-1], int) or not _POINTERS.isdisjoint(path[-2:]))


def _matter(edges: set[Edge]) -> bool:
    """Some writers leave references to objects that never were in the trailer's /AdditionalStreams."""
    return any(not (source == -1 and path[:1] == ("AdditionalStreams",)) for source, path in edges)


def _is_bookkeeping(step: Step, number: int) -> bool:
    value = step.old.value(number)
    return isinstance(value, Stream) and value.dictionary.get("Type") in ("XRef", "ObjStm")


def _check_permissions(step: Step, permissions: Permissions) -> None:
    step.topic = "not-permitted"
    level = permissions.strictest
    for name, timestamp, was_there in step.signed:
        if level == _NO_CHANGES and not timestamp:
            step.forbid(f"the field “{name}” was signed although the document permits no changes")
        elif was_there and permissions.locks(name):
            step.forbid(f"the field “{name}” was signed although a signature locks it")
    for name in step.filled:
        if level == _NO_CHANGES:
            step.forbid(f"the field “{name}” was filled in although the document permits no changes")
        elif permissions.locks(name):
            step.forbid(f"the field “{name}” was filled in although a signature locks it")
    if step.annotated and level is not None and level < _CERTIFIED_ANNOTATIONS:
        step.forbid("annotations were added although the certification does not permit it")


def _check_painting(step: Step, permissions: Permissions, painted: Painted) -> None:
    step.topic = "covering"
    for addition in step.additions:
        if not addition.annotation and permissions.certified:
            step.forbid(f"{addition.label} was added visibly after the document had been certified")
        elif addition.telling:
            step.forbid(f"{addition.label} shows text of its own, which nobody tells from what was signed")
        elif not addition.signed and not painted.is_clear(step.old.index, addition):
            step.forbid(f"{addition.label} covers something that was there when the document was signed")
    for page, corners, name in step.overwritten:
        if painted.has_text(step.first.index, page, corners):
            step.forbid(f"the field “{name}” was filled in over text of the page")
        elif painted.has_picture(step.first.index, page, corners):
            step.forbid(f"the field “{name}” was filled in over a picture on the page")


def _permissions(views: list[View], signed: list[Covered]) -> list[tuple[int, Permissions]]:
    """Return what each signature permits, with the index of the revision it signs."""
    found: list[tuple[int, Permissions]] = []
    for item in signed:
        if item.revision is None:
            continue
        view, value = views[item.revision], item.candidate.value
        level = docmdp_level(view, value)
        locks = _locks(view, value)
        lock_levels = [lock_level for _, _, lock_level in locks if lock_level is not None]
        locked = [(action, names) for action, names, _ in locks]
        certified = level is not None and _certifies(view, value)
        own = Permissions(certified, level, min(lock_levels, default=None), locked)
        found.append((item.revision, own))
    return found


def _certifies(view: View, signature: dict[str, Any]) -> bool:
    """A signature certifies if the catalogue says so (ISO 32000-1, clause 12.8.4); else it only limits."""
    try:
        named = view.resolve(view.dictionary(view.catalog.get("Perms")).get("DocMDP"))
    except StructureError:
        return True
    return isinstance(named, dict) and same(named, signature)


def _in_force(own: list[tuple[int, Permissions]], index: int) -> Permissions:
    """Take the strictest of what the signatures at or before a revision permit."""
    result = Permissions()
    for revision, item in own:
        if revision > index:
            continue
        result.certified = result.certified or item.certified
        result.level = _strictest(result.level, item.level)
        result.lock_level = _strictest(result.lock_level, item.lock_level)
        result.locked += item.locked
    return result


def _strictest(*levels: int | None) -> int | None:
    return min((level for level in levels if level is not None), default=None)


def _locks(view: View, signature: dict[str, Any]) -> list[tuple[str, frozenset[str], int | None]]:
    """Return the field locks of a signature: its FieldMDP transform, and its field's /Lock."""
    found: list[dict[str, Any]] = []
    try:
        for item in view.array(signature.get("Reference")):
            reference = view.dictionary(item)
            if view.resolve(reference.get("TransformMethod")) == "FieldMDP":
                found.append(view.dictionary(reference.get("TransformParams")))
        for entry in signature_fields(view):
            if view.resolve(entry.value.get("V")) is signature:
                found.append(view.dictionary(entry.value.get("Lock")))
    except StructureError:
        return [("All", frozenset(), _NO_CHANGES)]
    return [_read_lock(view, lock) for lock in found if lock]


def _read_lock(view: View, lock: dict[str, Any]) -> tuple[str, frozenset[str], int | None]:
    action, level = view.resolve(lock.get("Action")), view.resolve(lock.get("P"))
    names = frozenset(text_of(view.resolve(name)) for name in view.array(lock.get("Fields")))
    known = str(action) if action in ("All", "Include", "Exclude") else "All"
    return known, names, level if level in (1, 2, 3) else None


__all__ = ["Judgement", "as_dictionary", "judge_changes"]
