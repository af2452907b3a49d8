"""What came after a signature: every object has a role, and every role a schema of what may change."""
