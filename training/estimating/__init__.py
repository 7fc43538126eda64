"""What a round will need, and what earlier rounds teach about it."""
