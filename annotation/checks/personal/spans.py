"""What a detector hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["email", "iban", "card", "ssn", "record", "bar", "docket", "birth", "phone", "address"]

NAMES: dict[Kind, str] = {
    "email": "an e-mail address",
    "iban": "a bank account number (IBAN)",
    "card": "a payment card number",
    "ssn": "a US social security number",
    "record": "a medical record number",
    "bar": "a lawyer's bar number",
    "docket": "a court's case number",
    "birth": "a date of birth",
    "phone": "a phone number",
    "address": "a street address",
}


@dataclass(frozen=True, order=True)
class Span:
    start: int
    end: int
    kind: Kind

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    @property
    def sentence(self) -> str:
        return f"This looks like {NAMES[self.kind]}. Leave it out unless the answer needs it."
