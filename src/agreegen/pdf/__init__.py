"""Reading and appending to the bytes of PDF files: objects, cross-references, filters, revisions, increments.

Nothing here judges, and nothing here does cryptography beyond the encryption of PDF itself.
"""
