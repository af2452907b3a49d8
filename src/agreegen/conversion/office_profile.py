"""The settings of an office that serves nobody but this program: it fetches nothing and updates no link."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

_NOBODY = ("127.0.0.1", "9")
"""Where nothing listens (RFC 863): every request would have to go through it."""

_MANUAL_PROXY, _NEVER = "2", "0"
_SETTINGS = (
    ("/org.openoffice.Inet/Settings", "ooInetProxyType", _MANUAL_PROXY),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyName", _NOBODY[0]),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", _NOBODY[1]),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", _NOBODY[0]),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", _NOBODY[1]),
    ("/org.openoffice.Inet/Settings", "ooInetFTPProxyName", _NOBODY[0]),
    ("/org.openoffice.Inet/Settings", "ooInetFTPProxyPort", _NOBODY[1]),
    ("/org.openoffice.Inet/Settings", "ooInetNoProxy", ""),
    ("/org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("/org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("/org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", _NEVER),
    ("/org.openoffice.Office.Writer/Content/Update", "Field", "false"),
)


def write_profile(folder: Path) -> None:
    """Write the profile with which an office starts.

    Args:
        folder: The profile's folder, made here.
    """
    items = [
        f'<item oor:path={quoteattr(path)}><prop oor:name={quoteattr(name)} oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, name, value in _SETTINGS
    ]
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{''.join(items)}</oor:items>\n"
    )
    user = folder / "user"
    user.mkdir(parents=True, mode=0o700)
    (user / "registrymodifications.xcu").write_text(text, "utf-8")
