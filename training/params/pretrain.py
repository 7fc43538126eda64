from __future__ import annotations

from dataclasses import dataclass, replace

from training.params.full import LoraOrFullParams
from training.params.training import Preset


@dataclass(frozen=True)
class PretrainParams(LoraOrFullParams):
    """`max_length` is the length of a block: texts are joined and cut, so none is too long and none is padded."""

    learning_rate: float = 5e-4
    num_train_epochs: float = 2.0
    per_device_train_batch_size: int = 2
    max_length: int = 512


STANDARD = PretrainParams()
PRESETS = {
    "standard": Preset(
        "Standard",
        "Two passes over the texts: learns the words and turns of phrase of your field.",
        STANDARD,
    ),
    "quick": Preset(
        "Quick look",
        "One pass: shows early whether the texts tell the model something new.",
        replace(STANDARD, num_train_epochs=1.0),
    ),
    "careful": Preset(
        "Careful",
        "Smaller steps, up to three passes; stops by itself when held-out texts no longer gain.",
        replace(STANDARD, learning_rate=2e-4, num_train_epochs=3.0, early_stopping_patience=2),
    ),
}
