from __future__ import annotations

from dataclasses import dataclass, replace

from training.params.checks import ParamsError
from training.params.training import Preset, TrainingParams


@dataclass(frozen=True)
class RewardParams(TrainingParams):
    learning_rate: float = 2e-4
    num_train_epochs: float = 2.0
    min_agreement: float = 0.5
    min_gap: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.allow_truncation:
            problem = "A reward model judges whole answers: raise the longest row in tokens instead."
            raise ParamsError({"allow_truncation": problem})


STANDARD = RewardParams()
PRESETS = {
    "standard": Preset(
        "Standard",
        "Two passes over the pairs: learns to tell what your experts prefer from about 100 pairs on.",
        STANDARD,
    ),
    "quick": Preset(
        "Quick look",
        "One pass: shows early whether the preferences can be told apart at all.",
        replace(STANDARD, num_train_epochs=1.0),
    ),
    "careful": Preset(
        "Careful",
        "Smaller steps, up to four passes; stops by itself when it tells held-out pairs apart no better.",
        replace(STANDARD, learning_rate=1e-4, num_train_epochs=4.0, early_stopping_patience=2),
    ),
}
