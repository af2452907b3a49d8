"""File formats of tables: a file of any kind becomes sheets, a sheet a stream of numbered rows."""

from __future__ import annotations
