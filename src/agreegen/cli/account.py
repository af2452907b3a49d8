"""Who sits at the machine, where a command is not told who acts."""

from __future__ import annotations

import getpass

__all__ = ["account_name"]


def account_name() -> str:
    """Return the name of the account; `unknown` where the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
