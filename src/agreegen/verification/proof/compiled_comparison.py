"""Comparison with the compiled engine, object for object after decompression.

For files of ours that are not proved byte for byte: what a reader is shown in the first signed revision has
to be what the engine makes of the attached values, whatever numbers the objects have, however streams are
packed, and whichever subsetter wrote the fonts. Only what signing adds may differ: values and pictures of
signature fields, invisible further ones, the certification and the security store.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agreegen.conversion.compiled.outlines import Frame, Outline, read_frame, read_outlines
from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.pdf.document import View, open_file
from agreegen.pdf.encryption import open_view
from agreegen.pdf.filters import is_unpacked_alike
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import LimitError, Ref, Stream, Value, same
from agreegen.verification.changes.metadata_words import says_more

_MAX_PAIRS = 200_000
_MAX_SHOWN = 120
_UNPACKING = ("Filter", "DecodeParms")
_PACKING = frozenset({"Length", "Filter", "DecodeParms", "DL"})
_CHANGED_IN_CATALOG = frozenset({"Perms", "DSS", "Extensions", "Version"})
"""Signing programs raise the version; no page shows that."""
_CHANGED_IN_FIELD = frozenset({"V", "AP", "M"})
_CHANGED_IN_FORM = frozenset({"SigFlags"})
_CHANGED_IN_INFORMATION = frozenset({"ModDate", "Producer"})
_INVISIBLE_FIELD = frozenset(
    {"Type", "Subtype", "FT", "T", "F", "P", "Rect", "V", "MK", "Ff", "M", "Lock", "SV"}
)
"""A look, actions or further widgets have no place in a field that shows nothing."""
_FONT_FILES = {"FontFile2": False, "FontFile3": True}
_LISTS = frozenset({"Annots", "Fields"})

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """What should be the same: once as the engine makes it, once as it stands in the file."""

    made: Value
    found: Value
    path: Path


@dataclass(slots=True)
class _Comparison:
    """Two views, walked through in step.

    Attributes:
        made: The file that the engine makes.
        found: The first signed revision.
        pending: Pairs that are still to be compared.
        seen: References that were followed, as pairs.
    """

    made: View
    found: View
    pending: list[_Pair] = field(default_factory=list)
    seen: set[tuple[Ref, Ref]] = field(default_factory=set)

    def run(self) -> Path | None:
        """Return where the first difference is."""
        for key in ("Root", "Info"):
            self.pending.append(_Pair(self.made.trailer.get(key), self.found.trailer.get(key), (key,)))
        return self._walk()

    def run_pages(self) -> Path | None:
        """Return where the first difference of the pages is, and of all that they show."""
        made, found = self.made.catalog.get("Pages"), self.found.catalog.get("Pages")
        self.pending.append(_Pair(made, found, ("Root", "Pages")))
        return self._walk()

    def _walk(self) -> Path | None:
        while self.pending:
            pair = self.pending.pop()
            if not self._step(pair):
                return pair.path
            if len(self.seen) > _MAX_PAIRS:
                raise LimitError(message("verification.file-too-many-objects-compared"))
        return None

    def _step(self, pair: _Pair) -> bool:
        made, found = pair.made, pair.found
        if isinstance(made, Ref) and isinstance(found, Ref):
            if (made, found) in self.seen:
                return True
            self.seen.add((made, found))
        made, found = self.made.resolve(made), self.found.resolve(found)
        if isinstance(made, Stream) and isinstance(found, Stream):
            return self._streams(made, found, pair.path)
        if isinstance(made, dict) and isinstance(found, dict):
            return self._dictionaries(made, found, pair.path, _free_keys(made, pair.path))
        if isinstance(made, list) and isinstance(found, list):
            return self._lists(made, found, pair.path)
        return same(made, found)

    def _streams(self, made: Stream, found: Stream, path: Path) -> bool:
        if path == ("Root", "Metadata"):
            return not says_more(_expanded(self.made, made), _expanded(self.found, found))
        same_body = self._same_body(made, found, path[-1])
        return same_body and self._dictionaries(made.dictionary, found.dictionary, path, _PACKING)

    def _dictionaries(
        self, made: dict[str, Value], found: dict[str, Value], path: Path, free: frozenset[str]
    ) -> bool:
        for key in (made.keys() | found.keys()) - free:
            self.pending.append(_Pair(made.get(key), found.get(key), (*path, key)))
        return True

    def _lists(self, made: list[Value], found: list[Value], path: Path) -> bool:
        further = found[len(made) :]
        if len(found) < len(made) or (further and path[-1] not in _LISTS):
            return False
        pairs = zip(made, found, strict=False)
        self.pending.extend(_Pair(one, two, (*path, str(n))) for n, (one, two) in enumerate(pairs))
        return all(self._is_invisible_signature(item) for item in further)

    def _is_invisible_signature(self, item: Value) -> bool:
        """Tell whether something is a signature field that shows nothing, as one may be added by signing."""
        entry = self.found.dictionary(item)
        corners = [self.found.resolve(corner) for corner in self.found.array(entry.get("Rect"))]
        if not _is_signature_field(entry) or entry.keys() - _INVISIBLE_FIELD or len(corners) != 4:
            return False
        left, bottom, right, top = corners
        return bool(left == right and bottom == top)

    def _same_body(self, made: Stream, found: Stream, key: str) -> bool:
        one, two = self.made.resolved_filters(made).dictionary, self.found.resolved_filters(found).dictionary
        if not is_unpacked_alike(two):
            return False
        if made.raw == found.raw and all(same(one.get(key), two.get(key)) for key in _UNPACKING):
            return True
        wanted, there = _expanded(self.made, made), _expanded(self.found, found)
        if wanted == there or key not in _FONT_FILES:
            return wanted == there
        is_cff = _FONT_FILES[key]
        try:
            return _draws(wanted, is_cff=is_cff) == _draws(there, is_cff=is_cff)
        except ConversionError:
            return False


def find_unlike_object(made: bytes, found: bytes, limits: Limits, password: str | None = None) -> str | None:
    """Compare what the engine makes with the first signed revision of a file.

    Args:
        made: The unsigned file, made of the attached values.
        found: The file, cut behind its first signed revision.
        limits: What it may cost.
        password: Of an encrypted file.

    Returns:
        Where the first difference is, by the names that lead to it; None where there is none.

    Raises:
        StructureError: The file cannot be read.
    """
    path = _comparison(made, found, limits, password).run()
    return None if path is None else "/".join(path)[:_MAX_SHOWN]


def has_same_pages(made: bytes, found: bytes, limits: Limits, password: str | None = None) -> bool:
    """Tell whether two files have the same pages, object for object, whatever else they hold.

    Raises:
        StructureError: A file cannot be read.
    """
    return _comparison(made, found, limits, password).run_pages() is None


def _comparison(made: bytes, found: bytes, limits: Limits, password: str | None) -> _Comparison:
    return _Comparison(open_file(made, limits).views()[-1], open_view(found, limits, password))


def _free_keys(made: dict[str, Value], path: Path) -> frozenset[str]:
    if path == ("Root",):
        return _CHANGED_IN_CATALOG
    if path == ("Info",):
        return _CHANGED_IN_INFORMATION
    if path == ("Root", "AcroForm"):
        return _CHANGED_IN_FORM
    return _CHANGED_IN_FIELD if _is_signature_field(made) else frozenset()


def _is_signature_field(entry: dict[str, Value]) -> bool:
    return entry.get("Subtype") == "Widget" and entry.get("FT") == "Sig"


def _draws(program: bytes, *, is_cff: bool) -> tuple[Frame, tuple[Outline, ...]]:
    """Return what a font draws, and how it gets from a character there; its packing is free."""
    return read_frame(program, is_cff=is_cff), read_outlines(program, is_cff=is_cff)


def _expanded(view: View, stream: Stream) -> bytes:
    return view.file.expand(view.resolved_filters(stream))
