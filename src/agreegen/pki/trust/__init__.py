"""Trust in certificates: paths to anchors, revocation, the validation policy."""
