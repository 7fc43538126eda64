"""What people who use other tools complain of, each complaint as something that they can count on here.

The threads are named as owner/repository#number on GitHub. Every test goes the way a person or a program goes:
through the pages, the API or a command.
"""
