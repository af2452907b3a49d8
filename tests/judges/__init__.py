"""Independent judges: programs that are no part of agreegen say what they think of its files."""
