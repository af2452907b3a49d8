"""Rendering: a form and a document's values become a Word file, and the text that it must carry."""
