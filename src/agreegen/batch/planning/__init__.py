"""What stands in a run's way: documents that it would replace, finished files that are damaged."""

from __future__ import annotations
