from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from training.params.checks import ParamsError
from training.params.full import LoraOrFullParams
from training.params.training import Preset

TaskMixing = Literal["proportional", "equal", "temperature"]
Curriculum = Literal["none", "mark", "length", "perplexity"]


@dataclass(frozen=True)
class SFTParams(LoraOrFullParams):
    neftune_noise_alpha: float = 0.0  # 0: none
    task_mixing: TaskMixing = "proportional"
    mixing_temperature: float = 2.0
    curriculum: Curriculum = "none"
    curriculum_stages: int = 3
    replay_share: float = 0.2
    shuffled_baseline: bool = True
    best_half: bool = False  # a second round beside it

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.curriculum != "none" and self.early_stopping_patience:
            problem = "Early stopping could end the round before its hard rows: set it to 0, or shuffle the rows."
            raise ParamsError({"early_stopping_patience": problem})


STANDARD = SFTParams()
PRESETS = {
    "standard": Preset(
        "Standard",
        "Learns the form and the tone of 100 to 10,000 demonstrations: the more there are, the fewer passes.",
        STANDARD,
    ),
    "quick": Preset(
        "Quick look",
        "One pass: shows early whether the demonstrations teach what you mean.",
        replace(STANDARD, num_train_epochs=1.0),
    ),
    "careful": Preset(
        "Careful",
        "Smaller steps, up to six passes; stops by itself when held-out demonstrations no longer gain.",
        replace(STANDARD, learning_rate=5e-4, num_train_epochs=6.0, early_stopping_patience=3),
    ),
}
