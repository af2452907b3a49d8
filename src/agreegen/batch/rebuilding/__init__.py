"""A register that was lost, made again from what documents, scans and bags prove."""
