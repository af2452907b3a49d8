"""What stands behind the pages: judging uploads, child processes, pictures."""
