"""The demonstration: the main job on sample data, with keys to throw away, and with paper."""
