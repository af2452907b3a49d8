"""What every command does that writes to the office's ledger: open it, settle entries, record them signed."""
