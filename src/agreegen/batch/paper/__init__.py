"""Paper: what a job's people sign with a pen, from the choice of rows to the printer's file."""
