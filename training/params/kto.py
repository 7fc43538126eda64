from __future__ import annotations

from dataclasses import dataclass, replace

from training.params.checks import ParamsError
from training.params.training import Preset, TrainingParams
from training.params.words import label


@dataclass(frozen=True)
class KTOParams(TrainingParams):
    learning_rate: float = 2e-4
    num_train_epochs: float = 2.0
    per_device_train_batch_size: int = 8
    beta: float = 0.1
    desirable_weight: float = 0.0  # 0: from the numbers of good and bad answers
    undesirable_weight: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.per_device_train_batch_size < 2:
            name = "per_device_train_batch_size"
            raise ParamsError({name: f"{label(name)} must be at least 2: KTO compares answers within a step."})


STANDARD = KTOParams()
PRESETS = {
    "standard": Preset(
        "Standard",
        "Two passes: moves the model towards the good answers and away from the bad ones.",
        STANDARD,
    ),
    "quick": Preset(
        "Quick look",
        "One pass: shows early which way the judgements pull.",
        replace(STANDARD, num_train_epochs=1.0),
    ),
    "careful": Preset(
        "Careful",
        "Smaller steps that stay closer to the model before, for few or noisy judgements.",
        replace(STANDARD, learning_rate=1e-4, beta=0.2),
    ),
}
