"""Checking a form before it is used: everything that would spoil a page, with its place in the template."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import jinja2
from jinja2 import meta

from agreegen.errors import InputError, MissingProgramError
from agreegen.forms.catalog import approved_releases, home_of_release
from agreegen.forms.description import load_form
from agreegen.forms.fonts import chain_covers, find_font
from agreegen.forms.language import TemplateEnvironment
from agreegen.forms.template import Paragraph, Template, read_template
from agreegen.messages import Message, message
from agreegen.model.complaint import Complaint, ComplaintsError, Location, Severity
from agreegen.model.form import Form, OwnFont
from agreegen.model.text import name_character, shorten

_STRAY_BRACES = re.compile(r"\{\s*[{%#]|[}%#]\s*\}")
_BLOCK_TAG = re.compile(r"\{%-?\s*(for|if|endfor|endif)\b")
_PAGE_NUMBER = re.compile(r"[\u2014\s\d]*\Z")


def check_form(directory: Path) -> list[Complaint]:
    """Check the form in a folder: description, variables, syntax, bookmarks, alignment, fonts, release.

    Args:
        directory: A folder with `template.docx` and `form.yaml`; it need not lie among the other forms.

    Returns:
        Everything that is wrong, in the order of the template; empty for a form that can be used.
    """
    try:
        form = load_form(directory)
        return [*_check_template(form), *_check_installed_fonts(form), *check_release(form)]
    except ComplaintsError as exc:
        return list(exc.complaints)
    except InputError as exc:
        return [Complaint(Location(), exc.sentence, exc.advice)]


def require_usable(form: Form) -> list[Complaint]:
    """Refuse a form that `check_form` finds an error in: nothing is made, signed or compiled from it.

    Fonts that are not installed are no fault of the form; who makes its pages tells of them.

    Returns:
        What is odd about it and no error.

    Raises:
        ComplaintsError: Anything in it would spoil a page.
    """
    complaints = [*_check_template(form), *check_release(form)]
    errors = [complaint for complaint in complaints if complaint.severity is Severity.ERROR]
    if errors:
        raise ComplaintsError(
            message("forms.form-cannot-used", id=form.id, directory=form.directory),
            errors,
            hint=message("forms.mend-until-content-agreegen-forms-check", directory=form.directory),
        )
    return complaints


@functools.lru_cache(maxsize=32)
def _check_template(form: Form) -> tuple[Complaint, ...]:
    template = read_template(form.template, form.template_sha256)
    return (
        *_check_outside(form, template),
        *_check_syntax(form, template),
        *_check_variables(form, template),
        *_check_bookmarks(form, template),
        *_check_order(form),
        *_check_layout(form, template),
        *_check_fonts(form, template),
        *_check_glyphs_of_fixed_text(form, template),
    )


def _complain(
    form: Form, place: Message | str, problem: Message, remedy: Message, *, warning: bool = False
) -> Complaint:
    where: Message | str = form.template.name
    if place:
        where = message("forms.place-in-file", file=where, place=place)
    return Complaint(Location(file=where), problem, remedy, Severity.WARNING if warning else Severity.ERROR)


def _check_outside(form: Form, template: Template) -> Iterator[Complaint]:
    for part, target in template.outside:
        yield _complain(
            form, part, message("forms.refers-something-outside-file", target=target),
            message("forms.put-picture-or-text-itself-into"),
        )  # fmt: skip


def _check_syntax(form: Form, template: Template) -> Iterator[Complaint]:
    for paragraph in template.paragraphs:
        # Signs of full width look like tags to people, and are text to every program.
        stray = _STRAY_BRACES.search(unicodedata.normalize("NFKC", paragraph.fixed_text))
        if stray:
            yield _complain(
                form, paragraph.place, message("forms.tag-not-complete", source=shorten(paragraph.source)),
                message("forms.write-name-or-signs-half-width"),
            )  # fmt: skip
            return
    try:
        TemplateEnvironment(autoescape=False).parse(template.source)
    except jinja2.TemplateSyntaxError as exc:
        paragraph = template.paragraphs[min(exc.lineno, len(template.paragraphs)) - 1]
        if "{%" not in paragraph.source:  # the end was reached: show what is open, not the end
            paragraph = _last_open(template) or paragraph
        yield _complain(
            form, paragraph.place,
            message("forms.tag-refused", problem=exc, source=shorten(paragraph.source)),
            message("forms.docs-forms-md-lists-tags-template"),
        )  # fmt: skip


def _last_open(template: Template) -> Paragraph | None:
    """Return the paragraph of the innermost `for` or `if` that nothing ends."""
    opened: list[Paragraph] = []
    for paragraph in template.paragraphs:
        for word in _BLOCK_TAG.findall(paragraph.source):
            if not word.startswith("end"):
                opened.append(paragraph)
            elif opened:
                opened.pop()
    return opened[-1] if opened else None


def _check_variables(form: Form, template: Template) -> Iterator[Complaint]:
    environment = TemplateEnvironment(autoescape=False)
    try:
        used = meta.find_undeclared_variables(environment.parse(template.source))
    except jinja2.TemplateSyntaxError:
        return  # reported with its place already
    printed = {field.name for field in form.fields if field.printed}
    known = printed | {condition.name for condition in form.conditions}
    kept = {field.name for field in form.fields if not field.printed}
    for name in sorted(used - known):
        why = (
            message("forms.kept-metadata-only-printed-false")
            if name in kept
            else message("forms.no-field-or-condition-form-yaml")
        )
        remedy = message("forms.names-there-are", known=tuple(sorted(known)))
        problem = message("forms.variable", name=name, why=why)
        yield _complain(form, _place_of(name, template), problem, remedy)
    for name in sorted(known - used):
        missing = message("forms.put-into-template-set-printed-false")
        yield _complain(form, "", message("forms.form-yaml-stands-nowhere-template", name=name), missing)


def _place_of(name: str, template: Template) -> Message | str:
    word = re.compile(rf"\b{re.escape(name)}\b")
    return next((p.place for p in template.paragraphs if word.search(p.source)), "")


def _check_bookmarks(form: Form, template: Template) -> Iterator[Complaint]:
    for role in form.roles:
        if role.bookmark is not None and role.bookmark not in template.bookmarks:
            yield _complain(
                form, "", message("forms.bookmark-role-missing", bookmark=role.bookmark, id=role.id),
                message("forms.set-cursor-where-party-signs-insert"),
            )  # fmt: skip
        elif role.bookmark is not None and len(places := template.bookmarks[role.bookmark]) > 1:
            yield _complain(
                form, places[1],
                message("forms.bookmark-stands-too", bookmark=role.bookmark, id=role.id, places=places[0]),
                message("forms.remove-one-where-party-does-not"),
            )  # fmt: skip


def _check_order(form: Form) -> Iterator[Complaint]:
    required = sorted((role for role in form.roles if role.required), key=lambda role: role.order)
    if not required:
        return
    last = required[-1]
    for role in form.roles:
        if role is not last and role.order >= last.order:
            yield Complaint(
                Location(file="form.yaml"),
                message("forms.role-order-cannot-sign-after-last", id=role.id, order=role.order, id2=last.id),
                message("forms.signature-locks-document-give-highest-order", id=last.id),
            )


def _check_layout(form: Form, template: Template) -> Iterator[Complaint]:
    justified = [p for p in (*template.paragraphs, *template.margin_paragraphs) if p.justified]
    if justified:
        first = message("forms.justified", source=shorten(justified[0].source), count=len(justified))
        yield _complain(form, justified[0].place, first, message("forms.printed-aligned-left"), warning=True)
    for paragraph in template.paragraphs:
        for oddity in paragraph.oddities:
            yield _complain(
                form, paragraph.place,
                message("forms.holds", oddity=oddity, source=shorten(paragraph.source)),
                message("forms.write-plain-text-else-page-cannot"),
            )  # fmt: skip
    for paragraph in template.margin_paragraphs:
        if not _PAGE_NUMBER.match(paragraph.source):
            yield _complain(
                form, paragraph.place,
                message("forms.text-other-than-page-number-1", source=shorten(paragraph.source)),
                message("forms.move-into-document-itself-else-page"),
            )  # fmt: skip


def _check_fonts(form: Form, template: Template) -> Iterator[Complaint]:
    chains = dict(form.font_chains)
    used: dict[str, Message] = {}
    for paragraph in (*template.paragraphs, *template.margin_paragraphs):
        used |= dict.fromkeys(sorted(paragraph.fonts - used.keys()), paragraph.place)
    for name, place in used.items():
        if any(sign in name for sign in ";,"):
            remedy = message("forms.further-fonts-chain-stand-form-yaml")
            yield _complain(form, place, message("forms.names-more-than-one-font", name=name), remedy)
        elif name not in chains:
            remedy = message("forms.add-fonts-try-or-choose-another")
            yield _complain(form, place, message("forms.font-not-named-form-yaml-under", name=name), remedy)
    for name in sorted(chains.keys() - used.keys()):
        yield _complain(
            form,
            "",
            message("forms.no-text-uses-font-form-yaml", name=name),
            message("forms.remove"),
            warning=True,
        )


def _check_installed_fonts(form: Form) -> Iterator[Complaint]:
    for name, chain in form.font_chains:
        own = {font.family for font in form.own_fonts}
        there = [family for family in chain if family in own or find_font(family) is not None]
        if not there:
            remedy = message("forms.install-one-them-or-name-installed")
            yield _complain(form, "", message("forms.none-fonts", chain=tuple(chain), name=name), remedy)
        elif there[0] != chain[0]:
            remedy = message("forms.used-its-place-install-font-intended", there=there[0])
            said = message("forms.font-not", chain=chain[0], name=name)
            if chain[0] == name:
                said = message("forms.font-not-installed", name=name)
            yield _complain(form, "", said, remedy, warning=True)


def _check_glyphs_of_fixed_text(form: Form, template: Template) -> Iterator[Complaint]:
    for paragraph in (*template.paragraphs, *template.margin_paragraphs):
        missing = tuple(map(name_character, sorted(set(_lacking(paragraph, form)))))
        if missing:
            yield _complain(
                form, paragraph.place, message("forms.no-font-its-chain-has-glyph", missing=missing),
                message("forms.choose-another-character-or-add-font"),
            )  # fmt: skip


def _lacking(paragraph: Paragraph, form: Form) -> Iterator[str]:
    chains = dict(form.font_chains)
    for text, fonts in paragraph.fixed:
        for character in set(text):
            named = [chains[name] for name in fonts.of(character) if name in chains]
            if not all(_covers(chain, form.own_fonts, character) for chain in named):
                yield character


def _covers(chain: tuple[str, ...], own: tuple[OwnFont, ...], character: str) -> bool:
    try:
        return chain_covers(chain, character, own)
    except MissingProgramError:
        return True  # reported as a font that is not there


def check_release(form: Form) -> Iterator[Complaint]:
    """Complain of a template that is not one of the released ones: `verify` takes no document made from it.

    Nothing is complained of where a folder of forms has no `approved.yaml`.
    """
    try:
        approved = approved_releases(home_of_release(form.directory.resolve()))
    except InputError as exc:
        yield Complaint(Location(), exc.sentence, exc.advice)
        return
    if not approved:
        return
    released = approved.get((form.id, form.version))
    if released is None:
        remedy = message("forms.add-sha-256-its-template-its")
        yield _complain(
            form, "", message("forms.version-not-released", version=form.version), remedy, warning=True
        )
    elif form.template_sha256 not in released.templates:
        remedy = message("forms.give-changed-form-new-version-keep")
        yield _complain(
            form, "", message("forms.template-differs-from-released-version", version=form.version), remedy
        )
    elif not released.allows(form):
        remedy = message("forms.add-its-sha-256-approved-yaml")
        yield _complain(
            form, "", message("forms.form-yaml-differs-from-released-version", version=form.version), remedy
        )
