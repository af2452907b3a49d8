"""What a browser asks for again that only a form can ask for: the page of that form is shown.

A refused form answers at its own address. Asked for anew, in another language or from the history, that
address would be 405 and the person lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from agreegen.web.endpoint import Call, Page

_SEE_OTHER = 303
_API = "/api/"


def way_back(page: Page, by_path: Mapping[str, Mapping[str, Page]]) -> Page | None:
    """Return the route that leads from the address of a form to the nearest page above it.

    Args:
        page: The route that takes the form.
        by_path: The routes by path and method.

    Returns:
        The route, for those who may send the form; None for what programs call.
    """
    if page.path.startswith(_API):
        return None
    parts = page.path.split("/")
    lengths = range(len(parts) - 1, 1, -1)
    above = (each for each in lengths if "GET" in by_path.get("/".join(parts[:each]), ()))
    return Page("GET", page.path, partial(_lead_up, next(above, 1)), page.roles)


def _lead_up(length: int, call: Call) -> Response:
    """Lead to the page whose address has so many parts of this one's."""
    parts = call.request.scope["path"].split("/")[:length]
    return RedirectResponse("/".join(quote(part, safe="") for part in parts) or "/", _SEE_OTHER)
