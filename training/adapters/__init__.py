"""What a round leaves: verified, stored, described, packed, compared."""
