"""Taking somebody's texts out of everything that was made of them."""
