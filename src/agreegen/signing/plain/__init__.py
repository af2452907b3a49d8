"""Our own quick writers of incremental updates for plain PDFs, without a full parser."""
