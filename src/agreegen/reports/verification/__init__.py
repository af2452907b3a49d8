"""The report of a verification as text, HTML, JSON and ETSI XML, and the words for its findings."""
