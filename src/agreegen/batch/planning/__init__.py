"""What is to be done with each row: which document it makes, what stands in a run's way."""
