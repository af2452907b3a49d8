"""Signed archive bags (BagIt 1.0, RFC 8493): write, read, verify."""
