"""Forms whose text flows: LibreOffice's line and page breaks made again from its rules, without it."""
