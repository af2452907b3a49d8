"""The office's database, SQLite: accounts, sessions, audit, work in hand."""
