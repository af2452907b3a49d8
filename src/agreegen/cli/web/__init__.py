"""`agreegen web`: the office in the browser."""
