from __future__ import annotations

from dataclasses import dataclass

from training.params.checks import ParamsError, check


@dataclass(frozen=True)
class GenerateParams:
    max_new_tokens: int = 256
    temperature: float = 0.8
    top_p: float = 0.95
    num_candidates: int = 1
    seed: int = 17
    score_references: bool = False

    def __post_init__(self) -> None:
        problems = check(self)
        if not problems and self.temperature == 0 and self.num_candidates > 1:
            problems["num_candidates"] = "At temperature 0 all candidates are the same: ask for one."
        if problems:
            raise ParamsError(problems)
