"""Reading PDF bytes: how they are laid out and spelled, without rules and without cryptography."""
