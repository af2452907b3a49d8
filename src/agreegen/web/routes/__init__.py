"""What the server answers, a module an area; `table` names every route."""

from __future__ import annotations
