"""Templates: Jinja2 with autoescape, words by code in the visitor's language."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from agreegen.messages import text_in, translate
from agreegen.web.office import Office
from agreegen.web.pages.areas import areas_of
from agreegen.web.pages.complaints import complaint_text
from agreegen.web.pages.table_times import table_time
from agreegen.web.pages.visitor import Visitor
from agreegen.web.pages.words import say, say_act, say_address
from agreegen.web.work.commands.children import Child


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("agreegen.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = static_address
    return environment


@functools.cache
def static_address(name: str) -> str:
    """Return the address of a static file; it changes with the file, so that browsers may keep it."""
    data = files("agreegen.web").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(data).hexdigest()[:12]}"


def words_in(language: str) -> Callable[..., str]:
    """Return the function by which a template takes its words."""
    return functools.partial(say, language)


def render(template: str, office: Office, visitor: Visitor, **values: Any) -> str:
    """Render a template for a visitor.

    Args:
        template: Its name below `templates/`.
        office: The office.
        visitor: Who asks.
        values: What the template shows.
    """
    language = visitor.language
    return (
        _environment()
        .get_template(template)
        .render(
            t=words_in(language),
            when=functools.partial(table_time, language=language),
            act_word=functools.partial(say_act, language),
            person=functools.partial(_person, office),
            address_word=functools.partial(say_address, language),
            lang=language,
            html_lang="zh-CN" if language == "zh" else "en",
            office_name=office.settings.name or say(language, "web.office"),
            user=visitor.user,
            areas=areas_of(visitor.user),
            here=visitor.path,
            said=functools.partial(_said, language=language),
            worded=functools.partial(text_in, language=language),
            last_words=functools.partial(_last_words, language=language),
            complaint_text=functools.partial(complaint_text, language=language),
            csrf=visitor.token(office),
            **values,
        )
    )


def _person(office: Office, account: str) -> str:
    """Return the name of the person of an account; the account's where it is not known any more."""
    user = office.users.find_name(account)
    return account if user is None else user.display


def _said(thing: object | None, *, language: str) -> str:
    """Put a message, an error or a text into words; nothing where there is none."""
    return "" if thing is None else translate(thing, language)


def _last_words(child: Child, *, language: str) -> str:
    """Return what a command said at its end."""
    return child.last_words(language)


def page(
    template: str, office: Office, visitor: Visitor, status: int = 200, /, **values: Any
) -> HTMLResponse:
    """Return a rendered template as an answer."""
    return HTMLResponse(render(template, office, visitor, **values), status)
