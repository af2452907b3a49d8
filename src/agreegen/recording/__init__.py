"""What every command does that writes to a register: lock, look at what is there, record, sign the head."""
