"""Inputs that are made to hang, abort or grow: each ends in its exit code, soon and small."""
