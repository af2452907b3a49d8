"""Pages drawn before and after a change: what a reader sees decides last."""
