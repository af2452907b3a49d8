"""What a signature shows on the page: the picture of a seal or a hand, or a line of text."""
