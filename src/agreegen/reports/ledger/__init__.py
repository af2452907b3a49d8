"""The office's ledger as tables for people: XLSX and PDF, with the columns that offices use."""
