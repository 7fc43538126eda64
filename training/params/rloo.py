from __future__ import annotations

from dataclasses import dataclass, replace

from training.params.checks import ParamsError
from training.params.training import Preset, TrainingParams
from training.params.words import label

RULES = ("format_weight", "date_weight", "facts_weight", "supported_weight")


@dataclass(frozen=True)
class RLOOParams(TrainingParams):
    """A row is a prompt: each step writes `num_generations` answers to every prompt of the step."""

    learning_rate: float = 1e-4
    num_train_epochs: float = 1.0
    per_device_train_batch_size: int = 2
    gradient_accumulation_steps: int = 4
    num_generations: int = 4
    max_new_tokens: int = 256
    temperature: float = 1.0
    beta: float = 0.05
    kl_limit: float = 0.5
    reward_weight: float = 1.0
    format_weight: float = 1.0
    date_weight: float = 1.0
    facts_weight: float = 1.0
    supported_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.allow_truncation:
            problem = "Prompts are answered whole: raise the longest row in tokens instead."
            raise ParamsError({"allow_truncation": problem})
        if self.temperature == 0:
            problem = f"{label('temperature')} must be above 0: equal answers to a prompt teach nothing."
            raise ParamsError({"temperature": problem})
        if not any((self.reward_weight, *(getattr(self, name) for name in RULES))):
            raise ParamsError({"reward_weight": "Every reward counts 0: let at least one of them count."})


STANDARD = RLOOParams()
PRESETS = {
    "standard": Preset(
        "Standard",
        "One pass over the prompts: eight prompts with four answers each for every step.",
        STANDARD,
    ),
    "quick": Preset(
        "Quick look",
        "Ten steps with shorter answers: shows early whether the rewards can be raised.",
        replace(STANDARD, max_steps=10, max_new_tokens=160),
    ),
    "careful": Preset(
        "Careful",
        "Smaller steps that stay closer to the model before, for a reward model that is barely good enough.",
        replace(STANDARD, learning_rate=5e-5, beta=0.1, kl_limit=0.25),
    ),
}
