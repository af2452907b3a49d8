"""Bags of the office: where they lie, what came from elsewhere, how they are destroyed."""

from __future__ import annotations
