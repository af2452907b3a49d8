"""Forms: a Word template and its description become a `Form`; templates are checked here."""
