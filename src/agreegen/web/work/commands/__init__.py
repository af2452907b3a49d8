"""The program's own commands as children of the server: begun, asked, found again, ended."""
