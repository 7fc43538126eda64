"""Data that papers print, with what they print of the results."""

from __future__ import annotations

# Dawid and Skene (1979), table 1: five anaesthetists grade 45 patients from 1 to 4; the first graded each three times.
# One patient per word: what the first said, then the second to the fifth.
_TABLE = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343 1111111 2223212 1211111
1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 2322222 1111111 1111111 1121121
1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
"""
ANAESTHETISTS = _TABLE.split()
ANAESTHETIST_OF_COLUMN = (1, 1, 1, 2, 3, 4, 5)
# ... and the share of patients of each grade that they estimate
GRADES = (0.40, 0.42, 0.11, 0.07)

# Davidson (1970), example 2: brands i and j of chocolate pudding, how often i, j or neither was preferred
PUDDINGS = [
    (1, 2, 19, 22, 16),
    (1, 3, 16, 19, 12),
    (2, 3, 19, 19, 10),
    (1, 4, 18, 23, 13),
    (2, 4, 23, 19, 9),
    (3, 4, 19, 20, 15),
    (1, 5, 13, 19, 18),
    (2, 5, 16, 20, 12),
    (3, 5, 16, 15, 17),
    (4, 5, 17, 14, 16),
    (1, 6, 18, 21, 12),
    (2, 6, 22, 20, 12),
    (3, 6, 13, 18, 10),
    (4, 6, 14, 19, 18),
    (5, 6, 11, 21, 12),
]
# ... the worths and the tie parameter, as the PlackettLuce package prints them in its overview
PUDDING_WORTHS = (0.1388, 0.1730, 0.1617, 0.1654, 0.1587, 0.2024)
PUDDING_TIE = 0.7468

# Agresti (2002), Categorical Data Analysis, tables 10.10 and 10.11: games that the team of a row won against the team
# of a column, American League East, 1987, and the estimated strengths above Baltimore's
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WON = [
    (0, 7, 9, 7, 7, 9, 11),
    (6, 0, 7, 5, 11, 9, 9),
    (4, 6, 0, 7, 7, 8, 12),
    (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12),
    (4, 4, 5, 6, 6, 0, 6),
    (2, 4, 1, 3, 1, 7, 0),
]
TEAM_STRENGTHS = (1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.00)
