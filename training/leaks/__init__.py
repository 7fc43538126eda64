"""Held-out prompts and what rounds learn from are kept apart: compared, shown, refused."""
