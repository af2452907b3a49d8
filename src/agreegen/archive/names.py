"""Names of documents that may stand in a bag: those that every judge of bags reads alike.

`sha256sum -c` and `bagit.py` take names as they are written in the manifest. RFC 8493, 2.1.3 has percent
signs and line ends encoded there, which these two do not undo; what they would look for elsewhere is refused.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from agreegen.archive.manifests import ManifestError, check_plain, fold
from agreegen.errors import ArchiveError
from agreegen.messages import Message, message

_MOST_TOLD = 100
_LINE_ENDS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}")


def refuse_bad_names(paths: Sequence[str]) -> None:
    """Refuse documents with names that cannot stand in a bag, all of them at once.

    Args:
        paths: Names below `data/documents/`, with forward slashes.

    Raises:
        ArchiveError: There are some; each is named with what is wrong with it.
    """
    found = [*_bad_alone(paths), *_alike(paths)]
    if not found:
        return
    told = [message("archive.bad-name", name=_shown(path), problem=problem) for path, problem in found]
    more = len(told) - _MOST_TOLD
    if more > 0:
        told = [*told[:_MOST_TOLD], message("archive.more-kind", count=more)]
    raise ArchiveError(
        message("archive.bad-names", count=len(found), names=told), hint=message("archive.rename-file")
    )


def _bad_alone(paths: Iterable[str]) -> Iterator[tuple[str, Message]]:
    for path in paths:
        problem = _problem(path)
        if problem is not None:
            yield path, problem


def _problem(path: str) -> Message | None:
    if _LINE_ENDS & set(path):
        return message("archive.name-has-line-end")
    if "%" in path:
        return message("archive.percent-sign-stands-encoded-manifests-which")
    if _form(path) is None:
        return message("archive.name-mixes-forms")
    try:
        check_plain(path)
    except ManifestError as exc:
        return exc.args[0] if isinstance(exc.args[0], Message) else message("archive.four-text", text=exc)
    return None


def _alike(paths: Iterable[str]) -> Iterator[tuple[str, Message]]:
    """Yield names that are one on some file systems, each with the others and its normal form."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[fold(path)].append(path)
    for group in groups.values():
        if len(group) < 2:
            continue
        composed = {unicodedata.normalize("NFC", path) for path in group}
        for path in sorted(group):
            others = [_shown(other) for other in sorted(group) if other != path]
            if len(composed) < len(group):
                yield path, message("archive.name-in-two-forms", form=_form(path) or "", others=others)
            else:
                yield path, message("archive.name-in-two-cases", others=others)


def _form(path: str) -> str | None:
    """Return the normal form of a name; None where it is written partly in one, partly in the other."""
    return next((form for form in ("NFC", "NFD") if unicodedata.is_normalized(form, path)), None)


def _shown(path: str) -> str:
    """Return a name with what cannot be seen, and what no encoding holds, as escapes."""
    return repr(path)[1:-1]
