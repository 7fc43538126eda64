"""Cleaning in a project: its texts read, findings written down and decided on, cleaned texts put together."""
