"""One module a rule on what may follow a signature."""
