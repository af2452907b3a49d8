"""What may stand behind the first signature of a document of ours: three kinds of update, and nothing else.

Nobody but this program signs, extends or renews its documents, so what an honest file holds there is known:
a field that stood there, empty, was signed; a document timestamp was added in an invisible field of its own;
the security store grew. The rules for files of others have to allow what other programs do; here every object
of an update has one place that explains it, or the document was altered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agreegen.messages import Message, message
from agreegen.model.document import Document
from agreegen.pdf.document import View
from agreegen.pdf.objects import Ref, Stream, StructureError, Value, same
from agreegen.verification.changes.metadata_words import says_more

_SIGNATURE, _TIMESTAMP = "ETSI.CAdES.detached", "ETSI.RFC3161"
_CATALOGUE = frozenset({"AcroForm", "Perms", "DSS", "Extensions", "Version"})
_FORM = frozenset({"Fields", "SigFlags"})
_SIGNED_FIELD = frozenset({"V", "AP"})
_NEW_FIELD = frozenset({"Type", "Subtype", "FT", "T", "F", "P", "Rect", "V", "MK", "Ff"})
_SIGNATURE_KEYS = frozenset(
    {
        *("Type", "Filter", "SubFilter", "Contents", "ByteRange", "M", "Name", "Reason", "Location"),
        *("Reference", "ContactInfo", "Prop_Build", "Prop_AuthTime", "Prop_AuthType"),
    }
)
_WORDS = frozenset({"Name", "Reason", "Location", "ContactInfo"})
"""What a signer says with a signature; a timestamp service says none of it."""
_TIMESTAMP_FIELD = re.compile(rb"agreegen_timestamp_[0-9]{1,6}|Timestamp-[0-9a-f-]{36}")
"""Names of the fields of timestamps: readers list them, so they say nothing else."""
_STORE = frozenset({"Type", "Certs", "CRLs", "OCSPs", "VRI"})
_EVIDENCE = frozenset({"Certs", "CRLs", "OCSPs", "Cert", "CRL", "OCSP"})
_STORE_STREAM = frozenset({"Length", "Filter"})
_INFORMATION = frozenset({"ModDate", "Producer"})
_METADATA = frozenset({"Type", "Subtype", "Length", "Filter"})
_BOOKKEEPING = frozenset({"XRef", "ObjStm"})
_MAX_REACHED = 20_000


@dataclass(slots=True)
class _Update:
    """One update of a document of ours.

    Attributes:
        old: The view before.
        new: The view after.
        explained: Numbers of the objects that something explains.
        faults: What nothing explains.
    """

    old: View
    new: View
    explained: set[int] = field(default_factory=set)
    faults: dict[Message, None] = field(default_factory=dict)

    def own(self, value: Value) -> Value:
        """Resolve a value and say that its object is explained."""
        if isinstance(value, Ref):
            self.explained.add(value.num)
        return self.new.resolve(value)

    def dictionary(self, value: Value) -> dict[str, Any]:
        """Resolve to a dictionary whose object is explained."""
        found = self.own(value)
        return found if isinstance(found, dict) else {}

    def array(self, value: Value) -> list[Any]:
        """Resolve to an array whose object is explained."""
        found = self.own(value)
        return found if isinstance(found, list) else []

    def is_new(self, value: Value) -> bool:
        """Tell whether a value is a reference to an object that the update brings."""
        return isinstance(value, Ref) and self.old.location(value.num) is None

    def fault(self, told: Message) -> None:
        """Note what nothing explains, once."""
        self.faults[told] = None

    def keeps(self, old: dict[str, Any], new: dict[str, Any], free: frozenset[str], what: Message) -> None:
        """Ask that all keys but some stand as they stood."""
        for key in sorted((old.keys() | new.keys()) - free):
            if not same(old.get(key), new.get(key)):
                self.fault(message("verification.changed", key=key, what=what))


def foreign_updates(old: View, new: View) -> list[Message]:
    """Return what an update of a document of ours holds besides what this program writes.

    Args:
        old: The view before the update.
        new: The view after.
    """
    update = _Update(old, new)
    try:
        _check_trailer(update)
        _check_catalogue(update)
        _check_form(update)
        _check_store(update)
        _check_metadata(update)
        _check_objects(update)
    except StructureError as problem:
        update.fault(message("verification.update-cannot-followed", cause=problem.sentence))
    return list(update.faults)


def _check_trailer(update: _Update) -> None:
    old, new = update.old.trailer, update.new.trailer
    for key in ("Root", "Info", "Encrypt"):
        if not same(old.get(key), new.get(key)):
            update.fault(message("verification.trailer-changed", key=key))


def _check_catalogue(update: _Update) -> None:
    old, new = update.old.catalog, update.dictionary(update.new.trailer.get("Root"))
    update.keeps(old, new, _CATALOGUE, message("verification.catalogue"))
    before, after = update.old.dictionary(old.get("Perms")), update.dictionary(new.get("Perms"))
    update.keeps(
        before, after, frozenset() if before else frozenset({"DocMDP"}), message("verification.permissions")
    )
    for key in ("Extensions", "Version"):
        if key in old and not same(old.get(key), new.get(key)):
            update.fault(message("verification.catalogue-changed", key=key))


def _check_form(update: _Update) -> None:
    """Fields that stood there keep their order; behind them may stand invisible ones of timestamps."""
    old = update.old.dictionary(update.old.catalog.get("AcroForm"))
    new = update.dictionary(update.new.catalog.get("AcroForm"))
    update.keeps(old, new, _FORM, message("verification.form"))
    before, after = update.old.array(old.get("Fields")), update.array(new.get("Fields"))
    if not same(before, after[: len(before)]):
        update.fault(message("verification.fields-form-were-removed-or-moved"))
        return
    for item in before:
        _check_field(update, item)
    for item in after[len(before) :]:
        _check_new_field(update, item)


def _check_field(update: _Update, item: Value) -> None:
    """A field that changed was empty and is signed; nothing but value and look came to it."""
    old, new = update.old.dictionary(item), update.new.dictionary(item)
    if same(old, new) and update.old.location(_number(item)) == update.new.location(_number(item)):
        return
    update.own(item)
    if same(old, new):
        return
    update.keeps(old, new, _SIGNED_FIELD, message("verification.a-field"))
    if old.get("FT") != "Sig" or "V" in old:
        update.fault(message("verification.field-changed-not-empty-signature-field"))
        return
    _check_signature(update, new.get("V"), _SIGNATURE)
    if not same(old.get("AP"), new.get("AP")):
        _take_new(update, new.get("AP"), message("verification.look-signature"))


def _check_new_field(update: _Update, item: Value) -> None:
    value = update.dictionary(item)
    if not update.is_new(item) or value.keys() - _NEW_FIELD or value.get("FT") != "Sig":
        update.fault(message("verification.field-added-not-one-timestamp"))
        return
    name = update.new.resolve(value.get("T"))
    if not isinstance(name, bytes) or _TIMESTAMP_FIELD.fullmatch(name) is None:
        update.fault(message("verification.field-timestamp-name-this-program-does"))
    if update.new.array(value.get("Rect")) != [0, 0, 0, 0]:
        update.fault(message("verification.visible-field-added"))
    _check_signature(update, value.get("V"), _TIMESTAMP)
    _check_page(update, value.get("P"), item)


def _check_page(update: _Update, page: Value, field_reference: Value) -> None:
    """The page of an invisible field names it among its annotations, behind those that were there."""
    old, new = update.old.dictionary(page), update.dictionary(page)
    update.keeps(old, new, frozenset({"Annots"}), message("verification.a-page"))
    before, after = update.old.array(old.get("Annots")), update.array(new.get("Annots"))
    added = after[len(before) :]
    if not same(before, after[: len(before)]) or not all(_is_timestamp_field(update, one) for one in added):
        update.fault(message("verification.annotations-page-were-changed"))
    if isinstance(page, Ref) and not any(same(one, field_reference) for one in added):
        update.fault(message("verification.page-does-not-name-field-added"))


def _is_timestamp_field(update: _Update, item: Value) -> bool:
    fields = update.new.array(update.new.dictionary(update.new.catalog.get("AcroForm")).get("Fields"))
    return update.is_new(item) and any(same(item, one) for one in fields)


def _check_signature(update: _Update, value: Value, subfilter: str) -> None:
    signature = update.dictionary(value)
    known = signature.get("SubFilter") == subfilter and not signature.keys() - _SIGNATURE_KEYS
    talks = subfilter == _TIMESTAMP and bool(signature.keys() & _WORDS)
    if not update.is_new(value) or not known or talks:
        update.fault(message("verification.signature-added-this-program-does-not"))
    for key in signature.keys() - {"Reference"}:
        if isinstance(signature[key], Ref):
            update.fault(message("verification.signature-refers-other-objects"))


def _check_store(update: _Update) -> None:
    """The store only grows, by streams that hold nothing but their bytes."""
    old = update.old.dictionary(update.old.catalog.get("DSS"))
    value = update.new.catalog.get("DSS")
    new = update.dictionary(value)
    if old and not new:
        update.fault(message("verification.security-store-removed"))
    if new.keys() - _STORE:
        update.fault(message("verification.security-store-holds-what-does-not"))
    for key in ("Certs", "CRLs", "OCSPs"):
        before, after = update.old.array(old.get(key)), update.array(new.get(key))
        if any(not any(same(one, other) for other in after) for one in before):
            update.fault(message("verification.evidence-removed-from-security-store"))
        _take_evidence(update, after)
    for entry in update.dictionary(new.get("VRI")).values():
        holder = update.dictionary(entry)
        for key in holder.keys() & _EVIDENCE:
            _take_evidence(update, update.array(holder[key]))


def _take_evidence(update: _Update, items: list[Any]) -> None:
    for item in items:
        if not update.is_new(item):
            continue
        stream = update.own(item)
        if not isinstance(stream, Stream) or stream.dictionary.keys() - _STORE_STREAM:
            update.fault(message("verification.security-store-holds-what-does-not"))


def _take_new(update: _Update, value: Value, what: Message) -> None:
    """Say that all that a new value reaches is explained; it may reach new objects only."""
    pending, seen = [value], set[int]()
    while pending and len(seen) < _MAX_REACHED:
        item = pending.pop()
        if isinstance(item, Ref):
            if item.num in seen:
                continue
            seen.add(item.num)
            if not update.is_new(item):
                update.fault(message("verification.uses-what-signed-before", what=what))
                continue
            item = update.own(item)
        if isinstance(item, Stream):
            item = item.dictionary
        pending.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())


def _check_metadata(update: _Update) -> None:
    """Where a signature was written by the PDF library, it set time and program."""
    old = update.old
    for holder, key in ((old.trailer, "Info"), (old.catalog, "Metadata")):
        reference = holder.get(key)
        before, after = old.resolve(reference), update.own(reference)
        if same(before, after):
            continue
        if key == "Info" and isinstance(before, dict) and isinstance(after, dict):
            update.keeps(before, after, _INFORMATION, message("verification.document-information"))
            changed = [after.get(name) for name in _INFORMATION]
        else:
            changed = [None if _is_same_metadata(update, before, after) else Ref(0, 0)]
        if not all(value is None or isinstance(value, bytes) for value in changed):
            update.fault(message("verification.metadata-say-something-else"))


def _is_same_metadata(update: _Update, old: Value, new: Value) -> bool:
    if not isinstance(old, Stream) or not isinstance(new, Stream):
        return False
    if new.dictionary.keys() - _METADATA or new.dictionary.get("Subtype") != "XML":
        return False
    before = update.old.file.expand(update.old.resolved_filters(old))
    return not says_more(before, update.new.file.expand(update.new.resolved_filters(new)))


def _check_objects(update: _Update) -> None:
    """Every object that an update writes is one of those that were looked at, or bookkeeping."""
    for number in sorted(_written(update)):
        if number in update.explained or _is_bookkeeping(update, number):
            continue
        update.fault(message("verification.object-written-this-program-does-not", number=number))


def _written(update: _Update) -> Iterator[int]:
    for number in update.new.file.revisions[update.new.index].entries:
        if number and update.old.location(number) != update.new.location(number):
            yield number


def _is_bookkeeping(update: _Update, number: int) -> bool:
    value = update.new.value(number)
    is_own = isinstance(value, Stream) and value.dictionary.get("Type") in _BOOKKEEPING
    return is_own and update.old.location(number) is None


def _number(value: Value) -> int:
    return value.num if isinstance(value, Ref) else 0


def is_own_document(attachment: bytes | None) -> bool:
    """Tell whether a file says that this program made it; what it says is held against the form elsewhere."""
    if attachment is None:
        return False
    try:
        Document.from_json(attachment)
    except ValueError:
        return False
    return True
