"""What a document of ours proves: its released form, its rebuilding, its evidence records from outside."""
