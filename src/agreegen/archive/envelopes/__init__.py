"""Bags encrypted for their recipients: CMS envelopes in parts that stock programs open (RFC 5652, 5083)."""
