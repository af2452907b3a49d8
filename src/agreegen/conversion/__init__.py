"""DOCX → PDF/A-3b: LibreOffice, compiled forms, assembly of fields and attachment, completeness gate."""
