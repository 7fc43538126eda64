"""Which way of changing a model fits."""
