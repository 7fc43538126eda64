"""From a queued row to a process and back: who works on what, where and how it ended."""
