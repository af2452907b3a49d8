"""Pictures that are put into a PDF: read from files of strangers, and held to PDF/A."""
