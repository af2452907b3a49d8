"""The job file and what stands beside it: drafted, read, counted; who signs its register."""
