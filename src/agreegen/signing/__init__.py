"""Credentials, appearances, timestamps and PAdES signatures; pyHanko's types stop here."""
