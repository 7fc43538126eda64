"""Which prompts are held out: decided by a hash, so that the same group lands on the same side everywhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Shares:
    """`evaluation` of all prompts is held out; `validation` is a share of the rest."""

    evaluation: float = 0.1
    validation: float = 0.1

    def __post_init__(self) -> None:
        for share in (self.evaluation, self.validation):
            if not 0 <= share < 1:
                raise ValueError("A share is at least 0 and less than 1.")

    @classmethod
    def of_all(cls, train: float, validation: float, evaluation: float) -> Shares:
        """From three shares of all prompts, such as 0.8, 0.1 and 0.1."""
        if min(train, validation, evaluation) < 0 or abs(train + validation + evaluation - 1) > 1e-6:
            raise ValueError("The three shares are not negative and add up to 1.")
        if not train:
            raise ValueError("The training share cannot be 0.")
        return cls(evaluation=evaluation, validation=validation / (train + validation))


def fraction(key: str, purpose: str) -> float:
    """A number in [0, 1) that depends on the key and the purpose alone."""
    digest = hashlib.sha256(f"{purpose}\n{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_for(key: str, shares: Shares) -> str:
    """`train`, `validation` or `evaluation`. The key is the prompt's group, or its text where it has none.

    Two separate hashes: changing the validation share moves nothing into or out of evaluation.
    """
    if fraction(key, "evaluation") < shares.evaluation:
        return "evaluation"
    return within_teaching(key, shares)


def within_teaching(key: str, shares: Shares) -> str:
    return "validation" if fraction(key, "validation") < shares.validation else "train"
