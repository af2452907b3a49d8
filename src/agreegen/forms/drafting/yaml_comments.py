"""Comments in the YAML files that are drafted, in the reader's language."""

from __future__ import annotations

from agreegen.messages import Message, translate


def comment(text: Message) -> str:
    """Return a text for the reader as lines of comment in YAML."""
    return "\n".join(f"# {line}" for line in translate(text).split("\n"))
