"""A person without certificate signs: the office's authority, evidence, handwriting, signature."""
