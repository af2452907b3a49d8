"""What stands behind the pages: judging uploads, child processes, pictures."""

from __future__ import annotations
