"""agreegen fills Word forms from rosters, signs them with PAdES, verifies them and archives them."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: reading package metadata takes as long as most commands."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import metadata  # noqa: PLC0415 - see above

    try:
        return metadata.version("agreegen")
    except metadata.PackageNotFoundError:  # pragma: no cover - a source tree that was never installed
        return "0+unknown"
