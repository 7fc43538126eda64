"""Writes that span several rows: who, one transaction, one line in the history."""


class Refused(Exception):
    """An act that the present state does not allow. The message is for the person who tried."""
