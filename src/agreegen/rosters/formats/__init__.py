"""File formats of tables: a file of any kind becomes sheets, a sheet a stream of numbered rows."""
