"""How a request becomes a page: who asks, in which language, and the templates."""
