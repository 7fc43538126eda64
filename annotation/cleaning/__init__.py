"""Finding what should not be in a project's texts. Nothing here knows a database, and nothing changes a text.

`check` tells of one item what its own texts show; `Cleaners` does it in processes of their own. What only many texts
together show (`Duplicates`, `NearDuplicates`, `Contradictions`, `Boilerplate`, `WordCounts`) is told by passing them
through one by one.
"""

from __future__ import annotations

from annotation.cleaning.between import (
    Boilerplate,
    Contradiction,
    Contradictions,
    Duplicates,
    Near,
    NearDuplicates,
)
from annotation.cleaning.checking import Item, check, check_many, replaced
from annotation.cleaning.kinds import KINDS, STRUCTURED, Found, Group, Kind, is_answer
from annotation.cleaning.patterns import BadPattern, OwnPattern, own_pattern
from annotation.cleaning.people import people_in
from annotation.cleaning.pool import Cleaners, Learnt, learn
from annotation.cleaning.pseudonyms import Pseudonyms
from annotation.cleaning.settings import Settings
from annotation.cleaning.signatures import signature
from annotation.cleaning.terms import Term
from annotation.cleaning.typos import WordCounts, vocabulary

__all__ = [
    "KINDS",
    "STRUCTURED",
    "BadPattern",
    "Boilerplate",
    "Cleaners",
    "Contradiction",
    "Contradictions",
    "Duplicates",
    "Found",
    "Group",
    "Item",
    "Kind",
    "Learnt",
    "Near",
    "NearDuplicates",
    "OwnPattern",
    "Pseudonyms",
    "Settings",
    "Term",
    "WordCounts",
    "check",
    "check_many",
    "is_answer",
    "learn",
    "own_pattern",
    "people_in",
    "replaced",
    "signature",
    "vocabulary",
]
