"""The office in the browser: one server on the isolated network. Needs the extra `agreegen[web]`."""
