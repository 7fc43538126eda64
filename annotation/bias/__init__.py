"""Who texts speak of, how responses differ with it, and copies that speak of somebody else. Pure: no database."""
