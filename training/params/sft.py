from __future__ import annotations

from dataclasses import dataclass, replace

from training.params.training import Preset, TrainingParams


@dataclass(frozen=True)
class SFTParams(TrainingParams):
    neftune_noise_alpha: float = 0.0  # 0: none


STANDARD = SFTParams()
PRESETS = {
    "standard": Preset(
        "Standard",
        "Three passes over the demonstrations: learns the form and the tone of 100 to 500 demonstrations.",
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
