"""The root by which this office speaks HTTPS: how a tablet takes it, without login."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from agreegen.api.devices import read_tls_root
from agreegen.web.endpoint import NOT_FOUND, Call, Page
from agreegen.web.pages.rendering import page

_DEVICES = ("android", "ipad", "windows")


def _root(call: Call) -> tuple[bytes, str]:
    found = read_tls_root(call.office.home.authority)
    if found is None:
        raise HTTPException(NOT_FOUND)
    return found


def show_root(call: Call) -> Response:
    """Show how a device takes the root, and its fingerprint to compare."""
    _, fingerprint = _root(call)
    return page("office_root.html", call.office, call.visitor, fingerprint=fingerprint, devices=_DEVICES)


def give_root(call: Call) -> Response:
    """Give the root as the file that devices install."""
    der, _ = _root(call)
    headers = {"Content-Disposition": 'attachment; filename="office-root.crt"'}
    return Response(der, media_type="application/x-x509-ca-cert", headers=headers)


PAGES = (
    Page("GET", "/tls", show_root, None),
    Page("GET", "/tls/office-root.crt", give_root, None),
)
