"""Structure scan, signature validation, policy and reports."""
