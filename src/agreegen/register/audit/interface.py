"""What an audit of a register asks of others: a word about one file."""

from __future__ import annotations

from collections.abc import Callable

from agreegen.messages import Message
from agreegen.register.interface import DocumentRow

ExamineFile = Callable[[bytes, DocumentRow], list[Message]]
"""Says in what a file is not the document of its row: its own id, its roles, who signed them."""
