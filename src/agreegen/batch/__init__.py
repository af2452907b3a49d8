"""Batches: a job file and a roster become signed documents and a register, and running again resumes."""
