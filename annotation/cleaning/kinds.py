"""What can be found in a text, in the words of those who decide about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["personal", "wording", "whole text", "between texts"]


@dataclass(frozen=True)
class Kind:
    name: str
    title: str
    sentence: str  # explains a finding to somebody who decides about it
    replaces: bool  # whether a finding may come with a replacement
    group: Group


_ALL = (
    Kind("person", "Name of a person", "This looks like the name of a person. A stand-in keeps the text readable; the "
         "same person gets the same one throughout.", True, "personal"),
    Kind("email", "E-mail address", "This is an e-mail address.", True, "personal"),
    Kind("phone", "Phone number", "This is a phone number that can be dialled.", True, "personal"),
    Kind("ssn", "Social security number", "This looks like a US social security number.", True, "personal"),
    Kind("card", "Payment card", "This is the number of a payment card: its check digit is right.", True, "personal"),
    Kind("iban", "Bank account", "This is the number of a bank account (IBAN): its check digits are right.", True,
         "personal"),
    Kind("address", "Street address", "This looks like a street address or a post office box.", True, "personal"),
    Kind("birth", "Date of birth", "The words beside this date say that somebody was born on it.", True, "personal"),
    Kind("docket", "Case number", "This looks like a court's number of a case; whoever looks it up finds the parties.",
         True, "personal"),
    Kind("bar", "Bar number", "This looks like a lawyer's bar number.", True, "personal"),
    Kind("record", "Medical record", "This looks like the number of a patient or of a medical record.", True,
         "personal"),
    Kind("pattern", "Project's own pattern", "This has a form that your project wants to be found.", True, "personal"),
    Kind("typo", "Typing error", "This word occurs nowhere else, and a word your project uses is one or two letters "
         "away.", True, "wording"),
    Kind("term", "Term to standardise", "Your project's glossary prefers another form of this term.", True, "wording"),
    Kind("characters", "Hidden characters", "Characters that nobody sees: without width, turning the direction of "
         "reading, control codes, or unusual spaces.", True, "wording"),
    Kind("chatter", "Chatter", "A remark to the reader that is not part of the answer: an announcement, a greeting, "
         "thanks, or an offer of more help.", True, "whole text"),
    Kind("boilerplate", "Boilerplate", "This passage stands word by word in many texts of your project.", True,
         "whole text"),
    Kind("language", "Other language", "This text is not in your project's language.", False, "whole text"),
    Kind("empty", "Empty text", "There are no words here.", False, "whole text"),
    Kind("truncated", "Cut-off text", "This text seems to end in the middle.", False, "whole text"),
    Kind("duplicate", "Same text", "Another text says the same, word by word.", False, "between texts"),
    Kind("near_duplicate", "Nearly the same text", "Another text says nearly the same in the same words.", False,
         "between texts"),
    Kind("contradiction", "Contradicting answers", "Another answer to the same prompt says something else.", False,
         "between texts"),
)  # fmt: skip
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
STRUCTURED = ("email", "phone", "ssn", "card", "iban", "address", "birth", "docket", "bar", "record")


@dataclass(frozen=True, order=True)
class Found:
    """`start == 0 == end` where it is about the whole text. `replacement` "" proposes to leave the part out."""

    field: str
    start: int
    end: int
    kind: str
    replacement: str | None = None
    note: str = ""


def is_answer(field: str) -> bool:
    """Fields that the model learns to write; the others are what it is asked."""
    return field.startswith(("response", "candidate", "chosen", "rejected"))
