"""A form of one's own: begun as a copy of another one, or proposed from an ordinary Word document."""
