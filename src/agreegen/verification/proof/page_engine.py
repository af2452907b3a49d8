"""The page of a document of ours, held against what its released form makes of the values.

Which engine laid out a page, the form decides, not the file: where the form is compiled and the values fit,
the page is what the compiled engine makes, object for object or, laid out by LibreOffice, to the eye.
Elsewhere the text is compared, and every character of it has to be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agreegen.conversion.compiled.description import ENGINE
from agreegen.errors import AgreegenError
from agreegen.forms.own_fonts import known_fonts
from agreegen.messages import Message, message
from agreegen.model.document import Document
from agreegen.model.report import Alarm
from agreegen.pdf.encryption import open_view
from agreegen.pdf.objects import StructureError
from agreegen.verification.changes.rules.content_rule import find_open_look
from agreegen.verification.interface import Options
from agreegen.verification.proof.compiled_comparison import find_unlike_object, has_same_pages
from agreegen.verification.proof.foreign_parts import find_foreign_part
from agreegen.verification.proof.page_look import find_hidden_text, find_unlike_page, find_wiping_look
from agreegen.verification.proof.releases import Rebuilder
from agreegen.verification.proof.seams import with_seams

LIBREOFFICE = "libreoffice"
_UNMADE = (AgreegenError, StructureError, ValueError, TypeError, KeyError)


@dataclass(frozen=True, slots=True)
class _Made:
    """What the compiled engine makes of the values.

    Attributes:
        pdf: The unsigned file, with the slices of seals.
        loose: Resource names of fonts in it that the compiled form does not pin.
    """

    pdf: bytes
    loose: tuple[str, ...]


def check_engine(
    document: Document, maker: Rebuilder | None, first: bytes, options: Options
) -> Iterator[Alarm]:
    """Yield an alarm where a page is not the one that the released form makes of these values.

    Args:
        document: What `agreegen.json` says.
        maker: What makes documents of this release again; None where it is not compiled here.
        first: The file up to its first signed revision.
        options: What the caller chose; a password only where it is encrypted, and with none besides it.
    """
    if document.engine not in {ENGINE, LIBREOFFICE}:
        yield engine_differs(
            message("verification.no-engine-this-program-called", value=document.engine[:40])
        )
        return
    yield from _check_looks(first, options)
    if maker is not None and document.fonts:
        yield from _check_own_fonts(document, first, options)
        return
    made = None if maker is None else _made(maker, document, first, options)
    if maker is None or made is None:
        if maker is not None and document.engine == ENGINE:
            yield engine_differs(message("verification.compiled-form-no-place-for-these"))
        yield from _check_parts(first, options)
        yield from _check_sight(first, options)
    elif document.engine == ENGINE:
        yield from _check_objects(made, first, options)
    else:
        yield from _check_other_engine(made.pdf, first, options)


def _made(maker: Rebuilder, document: Document, first: bytes, options: Options) -> _Made | None:
    """Make the document as the compiled engine does, labelled so; None where it cannot."""
    try:
        bare = maker.rebuild(replace(document, engine=ENGINE))
        if bare is None:
            return None
        drawn = _with_seams(bare, document, first, options)
    except _UNMADE:
        return None
    # A picture of the file's own may hold any bytes, so it is not asked for the names of fonts.
    return _Made(drawn, maker.compiled.loose_fonts(bare))


def _with_seams(bare: bytes, document: Document, first: bytes, options: Options) -> bytes:
    if not document.seams:
        return bare
    return with_seams(bare, document, first, options.limits, options.password)


def _check_objects(made: _Made, first: bytes, options: Options) -> Iterator[Alarm]:
    """Compare object for object with what the compiled engine makes."""
    where: Message | str | None
    try:
        where = find_unlike_object(made.pdf, first, options.limits, options.password)
    except _UNMADE:
        # Readers may well draw what cannot be unpacked here, and nobody knows what.
        where = message("verification.something-cannot-read")
    if where is None:
        return
    if made.loose:
        # Another release of that font draws other glyphs; all else has to look as the engine's page does.
        yield from _check_parts(first, options)
        yield from _check_sight(first, options)
        yield from _check_picture(made.pdf, first, options, made.loose)
        return
    yield Alarm(
        "page-differs",
        message("verification.page-differs", where=where),
    )


def _check_other_engine(made: bytes, first: bytes, options: Options) -> Iterator[Alarm]:
    """The file claims LibreOffice, and the compiled engine makes it, too: both draw the same page."""
    try:
        same = has_same_pages(made, first, options.limits, options.password)
    except _UNMADE:
        same = False
    if same:
        yield engine_differs(message("verification.compiled-engine-made-this-page-file"))
        return
    yield from _check_parts(first, options)
    yield from _check_picture(made, first, options)


def _check_picture(made: bytes, first: bytes, options: Options, loose: Sequence[str] = ()) -> Iterator[Alarm]:
    page = find_unlike_page(made, first, loose, password=options.password)
    if page is not None:
        yield engine_differs(message("verification.page-does-not-look-like-one", page=page))


def _check_own_fonts(document: Document, first: bytes, options: Options) -> Iterator[Alarm]:
    """A page of a compiled form in an office's own fonts: to who knows them, like one that is not compiled.

    Without that, naming some font would be enough to be spared the comparison with the compiled page.
    """
    known = _known_here() if options.known_fonts is None else options.known_fonts
    unknown = [family for family, digest in document.fonts if digest not in known]
    if unknown or document.engine != LIBREOFFICE:
        yield engine_differs(message("verification.own-fonts-unknown", fonts=[text[:60] for text in unknown]))
    yield from _check_parts(first, options)
    yield from _check_sight(first, options)


def _known_here() -> frozenset[str]:
    """Return the fonts known here; none where they are named wrongly, so that each file gets its entry."""
    try:
        return known_fonts()
    except AgreegenError:
        return frozenset()


def _check_parts(first: bytes, options: Options) -> Iterator[Alarm]:
    part = find_foreign_part(first, options.limits, options.password)
    if part is not None:
        yield engine_differs(message("verification.file-holds-no-engine-this-program", part=part))


def _check_sight(first: bytes, options: Options) -> Iterator[Alarm]:
    hidden = find_hidden_text(first, options.password)
    if hidden is not None:
        yield Alarm(
            "text-hidden",
            message("verification.text-hidden", page=hidden.page, text=hidden.text),
        )


def _check_looks(first: bytes, options: Options) -> Iterator[Alarm]:
    """Yield an alarm where the first signer's look, which no engine makes, wipes out or reaches out."""
    try:
        number = find_open_look(open_view(first, options.limits, options.password))
        wiped = find_wiping_look(first, options.limits, options.password)
    except StructureError:
        yield engine_differs(message("verification.something-cannot-read"))
        return
    if number is not None:
        yield engine_differs(message("verification.look-undoes-what-it-did-not", number=number))
    if wiped is not None:
        text = message("verification.under-look-signature")
        yield Alarm("text-hidden", message("verification.text-hidden", page=wiped, text=text))


def engine_differs(why: Message) -> Alarm:
    """Say that a page was not laid out as its released form says."""
    return Alarm(
        "engine-differs",
        message("verification.page-not-laid-out-as-released", why=why),
    )
