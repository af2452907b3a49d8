"""Documents of ours: what they say about themselves is held against the released form, never believed."""
