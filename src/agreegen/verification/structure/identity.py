"""What a file says it is and who signed it, without judging what was changed: quick, and never by drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agreegen.foreign import contained
from agreegen.model.report import SignatureKind
from agreegen.pdf.document import PdfFile, open_file
from agreegen.pdf.finding import find_candidates
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import StructureError
from agreegen.verification.structure import coverage as ranges
from agreegen.verification.structure.coverage import Covered, cover
from agreegen.verification.structure.store import read_attachments


@dataclass(frozen=True, slots=True)
class Identity:
    """What stands in a file.

    Attributes:
        attachment: `agreegen.json` of the first signed revision, else of the last; None for none or several.
        signatures: Field → CMS of the signature in it, as it stands in `/Contents`.
    """

    attachment: bytes | None = None
    signatures: Mapping[str, bytes] = field(default_factory=dict)


def read_identity(data: bytes, limits: Limits) -> Identity:
    """Read what a file says of itself; of one that cannot be read, nothing.

    Who relies on it must know the file by its hash, or judge it: here nothing is held against anything.
    """
    try:
        return contained(_read)(data, limits)
    except StructureError:
        return Identity()


def _read(data: bytes, limits: Limits) -> Identity:
    file = open_file(data, limits)
    views = file.views()
    covered = _signatures(file)
    signed = [item.revision for item in covered if item.revision is not None]
    attachments = read_attachments(views[min(signed)] if signed else views[-1])
    named = {
        item.candidate.names[max(item.candidate.names)]: item.contents
        for item in covered
        if item.candidate.names and item.contents is not None
    }
    return Identity(attachments[0] if len(attachments) == 1 else None, named)


def _signatures(file: PdfFile) -> list[Covered]:
    candidates, _ = find_candidates(file, file.views())
    found = [cover(file, each) for each in candidates if not (each.usage_rights or ranges.is_prepared(each))]
    return [
        item
        for item in found
        if not ranges.is_reserved(item) and ranges.kind_of(item.candidate.value) is SignatureKind.SIGNATURE
    ]
