"""How long bags are kept, and how they are destroyed when that is over."""
