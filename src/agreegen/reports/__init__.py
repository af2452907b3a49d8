"""What people read: who has signed, row by row, by unit and overall."""
