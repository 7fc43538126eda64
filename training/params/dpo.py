from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from training.params.checks import ParamsError
from training.params.training import Preset, TrainingParams

LossType = Literal["sigmoid", "ipo", "hinge", "robust"]
PairWeighting = Literal["equal", "agreement", "strength"]


@dataclass(frozen=True)
class DPOParams(TrainingParams):
    learning_rate: float = 2e-4
    num_train_epochs: float = 2.0
    beta: float = 0.1
    loss_type: LossType = "sigmoid"
    label_smoothing: float = 0.0
    sft_weight: float = 0.2
    min_agreement: float = 0.5
    min_gap: int = 1
    pair_weighting: PairWeighting = "equal"
    find_settings: bool = False
    tuning_prompts: int = 24
    tuning_looks: int = 3  # per pass
    guard_margin: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss_type == "robust" and self.label_smoothing == 0:
            problem = "The robust loss needs label smoothing: the share of preferences that may be wrong."
            raise ParamsError({"label_smoothing": problem})
        if self.loss_type != "robust" and self.label_smoothing > 0:
            problem = "Label smoothing only works with the robust loss: choose that loss, or set it to 0."
            raise ParamsError({"label_smoothing": problem})
        if self.find_settings and self.early_stopping_patience:
            problem = "A round that finds its own settings stops by itself and keeps the best: set this to 0."
            raise ParamsError({"early_stopping_patience": problem})


STANDARD = DPOParams()
PRESETS = {
    "standard": Preset(
        "Standard",
        "Two passes: moves the model towards what about 100 pairs prefer and keeps what it already writes well.",
        STANDARD,
    ),
    "quick": Preset(
        "Quick look",
        "One pass: shows early which way the preferences pull.",
        replace(STANDARD, num_train_epochs=1.0),
    ),
    "careful": Preset(
        "Careful",
        "Smaller steps that stay closer to the model before, for few or noisy preferences.",
        replace(STANDARD, learning_rate=1e-4, beta=0.2),
    ),
    "auto": Preset(
        "Finds its own settings",
        "For small sets. Some prompts are set aside; what the model writes to them decides how fast it goes on, when "
        "it goes back and when it stops. Keeps the best that lost nothing else.",
        replace(
            STANDARD,
            find_settings=True,
            learning_rate=5e-4,
            num_train_epochs=3.0,
            sft_weight=2.0,
            lr_scheduler_type="constant_with_warmup",
            warmup_ratio=0.05,
        ),
    ),
}
