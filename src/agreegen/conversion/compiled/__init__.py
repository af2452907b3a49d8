"""Compiled forms: LibreOffice lays a form out once; documents are then made from that page without it."""
