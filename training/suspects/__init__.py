"""Rows that a round found hard to believe: where the text may be wrong, and people look again."""
