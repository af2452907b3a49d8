"""The seals that are printed over the edges of all pages: read, checked, drawn."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.conversion.seams import MAX_PIXELS, MAX_RATIO, SeamPicture, count_plain_pages, draw_seams
from agreegen.errors import ConversionError, InputError
from agreegen.messages import Message, message
from agreegen.model.document import Document, SeamSeal
from agreegen.model.form import Form, RoleKind, SignatureRole
from agreegen.model.role_names import RoleChoice

if TYPE_CHECKING:
    from agreegen.pdf.pictures.sources import PictureSource

LEAST_MM, MOST_MM = 10, 60
"""Width and height of a seal; state organs' are 42 mm to 50 mm (国发〔1999〕25号)."""
_MOST_SEAMS = 4
_CREDENTIAL_FILES = frozenset({".yaml", ".yml"})
_MM_PER_POINT = 25.4 / 72
_TWIPS_PER_MM = 1440 / 25.4
_MARGIN = re.compile(rb'<w:pgMar\b[^>]*?\bw:right="(\d{1,5})"')
_PIXELS = re.compile(rb"/Width (\d+) /Height (\d+)")


@dataclass(frozen=True, slots=True)
class Seams:
    """The seals of a job or of one document, ready to be drawn.

    Attributes:
        seals: What documents say of them, in the order of the form's roles.
        pictures: One for each.
        margin_mm: The narrowest right margin of the form's pages; a slice has to keep within it.
    """

    seals: tuple[SeamSeal, ...] = ()
    pictures: tuple[SeamPicture, ...] = ()
    margin_mm: float = 0.0

    def draw(self, document: Document, pdf: bytes) -> tuple[bytes, tuple[Message, ...]]:
        """Draw the slices on a document that names these seals.

        Returns:
            The document, and what its maker should know.

        Raises:
            ConversionError: A slice would not keep within the margin.
            ValueError: The document names other seals.
        """
        if document.seams != self.seals:
            raise ValueError("a document is drawn with the seams that it names")
        if not self.seals:
            return pdf, ()
        pages = count_plain_pages(pdf)
        if pages < 2:
            return pdf, (message("pipeline.seam-needs-two-pages"),)
        for seal in self.seals:
            part = seal.width_um / 1000 / pages
            if part > self.margin_mm:
                raise ConversionError(
                    message(
                        "pipeline.seam-wider-than-margin",
                        role=document.name_role(seal.role),
                        pages=pages,
                        part=part,
                        margin=self.margin_mm,
                    ),
                    hint=message("pipeline.seam-wider-than-margin.hint"),
                )
        return draw_seams(pdf, document, self.pictures), ()


NO_SEAMS = Seams()


def read_seams(form: Form, sources: Mapping[str, Path]) -> Seams:
    """Read the pictures of seals that are to be printed over the edges of a form's pages.

    Args:
        form: The form.
        sources: Role id → a credential file with the picture of its seal, or the picture itself.

    Raises:
        InputError: A role is no seal of the form, or a picture cannot be used as one.
        CredentialError: A credential file or a picture cannot be read.
    """
    if not sources:
        return NO_SEAMS
    roles = require_seals(form, sources)
    read = [_read(role, sources[role.id]) for role in roles if role.id in sources]
    return Seams(tuple(seal for seal, _ in read), tuple(one for _, one in read), _right_margin_mm(form))


def require_seals(form: Form, names: Collection[str]) -> tuple[SignatureRole, ...]:
    """Return the roles of a form that are seals, all named ones among them.

    Raises:
        InputError: One is no seal of the form, or there are too many.
    """
    roles = tuple(role for role in form.roles if role.kind is RoleKind.SEAL)
    known = {role.id for role in roles}
    for name in names:
        if name not in known:
            raise InputError(
                message("pipeline.seam-role-unknown", id=form.id, role=name),
                hint=message("pipeline.seam-role-unknown.hint", known=tuple(map(RoleChoice, roles))),
            )
    if len(names) > _MOST_SEAMS:
        raise InputError(message("pipeline.seam-too-many", most=_MOST_SEAMS))
    return roles


def shows_other_seal(form: Form, seal: SeamSeal, credential: Path) -> bool:
    """Tell whether signatures of a credential show another picture than the slices of their role.

    Args:
        form: The form.
        seal: The role's seal as documents name it.
        credential: The credential file that signs in the role.

    Raises:
        CredentialError: The credential file or its picture cannot be read.
        InputError: Its picture cannot stand over the edges of pages.
    """
    from agreegen.signing.credentials.loading import picture_named_in, read_config  # noqa: PLC0415 - few jobs have seams

    appearance = picture_named_in(read_config(credential))
    if appearance is None:
        return False
    (shown,) = read_seams(form, {seal.role: appearance.image}).seals
    return shown.picture_sha256 != seal.picture_sha256


def _read(role: SignatureRole, source: Path) -> tuple[SeamSeal, SeamPicture]:
    from agreegen.signing.appearance.pictures import read_source  # noqa: PLC0415 - few jobs have seams
    from agreegen.signing.credentials.loading import picture_named_in, read_config  # noqa: PLC0415 - the same

    image = source
    if source.suffix.lower() in _CREDENTIAL_FILES:
        appearance = picture_named_in(read_config(source))
        if appearance is None:
            raise InputError(
                message("pipeline.seam-without-picture", file=source, role=role),
                hint=message("pipeline.seam-without-picture.hint"),
            )
        image = appearance.image
    try:
        found = read_source(str(image), image.stat().st_mtime_ns)
    except OSError as exc:
        raise InputError(
            message("signing.picture-cannot-read", image=image, exc=exc),
            hint=message("pipeline.seam-picture.hint"),
        ) from exc
    if not found.is_image:
        raise InputError(
            message("pipeline.seam-not-of-pixels", file=image), hint=message("pipeline.seam-picture.hint")
        )
    width_mm, height_mm = _size_mm(role, found)
    if not all(LEAST_MM <= side <= MOST_MM for side in (width_mm, height_mm)):
        raise InputError(
            message("pipeline.seam-size", file=image, width=width_mm, height=height_mm),
            hint=message("pipeline.seam-size.hint", least=LEAST_MM, most=MOST_MM),
        )
    picture = _picture(image, found)
    return SeamSeal(role.id, picture.sha256, round(width_mm * 1000)), picture


def _picture(image: Path, found: PictureSource) -> SeamPicture:
    colours, mask = (body.partition(b"\nstream\n") for body in found.objects)
    sides = _PIXELS.search(colours[0])
    assert sides is not None  # as `read_picture` writes every image
    width, height = int(sides[1]), int(sides[2])
    if width * height > MAX_PIXELS or max(width, height) > MAX_RATIO * min(width, height):
        raise InputError(
            message("pipeline.seam-pixels", file=image, width=width, height=height),
            hint=message("pipeline.seam-picture.hint"),
        )
    streams = [part[2].removesuffix(b"\nendstream") for part in (colours, mask)]
    return SeamPicture(width, height, *streams)


def _size_mm(role: SignatureRole, found: PictureSource) -> tuple[float, float]:
    """Return the size that the seal has in its own field: true size, made smaller where it does not fit."""
    width, height = found.width * _MM_PER_POINT, found.height * _MM_PER_POINT
    if role.bookmark is not None:
        scale = min(1.0, role.width_mm / width, role.height_mm / height)
        width, height = width * scale, height * scale
    return width, height


def _right_margin_mm(form: Form) -> float:
    with zipfile.ZipFile(form.template) as archive:
        found = _MARGIN.findall(archive.read("word/document.xml"))
    return min((int(twips) for twips in found), default=0) / _TWIPS_PER_MM
