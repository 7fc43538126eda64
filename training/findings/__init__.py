"""What a round's numbers mean, in sentences."""
