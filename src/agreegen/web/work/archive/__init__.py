"""Bags of the office: where they lie, what came from elsewhere, how they are destroyed."""
