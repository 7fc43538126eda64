"""Which rows a round reads how often and in which order, and what that changed."""
