"""The office's database, SQLite: accounts, sessions, audit, work in hand."""

from __future__ import annotations
