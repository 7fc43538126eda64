"""What is taken out of a project: its rows in a shape, a file of them, and the worker's job of making it."""
