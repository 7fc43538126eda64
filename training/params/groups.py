"""Which settings belong together on the form. Pure."""

from __future__ import annotations

from collections.abc import Iterable

ITS_OWN = "This way of learning"  # what no other group names: the parameters of one method
GROUPS = {
    "Finding its own settings": ("find_settings", "tuning_prompts", "tuning_looks", "guard_margin"),
    "Steps": (
        "learning_rate",
        "num_train_epochs",
        "per_device_train_batch_size",
        "gradient_accumulation_steps",
        "warmup_ratio",
        "lr_scheduler_type",
        "max_steps",
        "seed",
    ),
    "Rows": ("max_length", "allow_truncation"),
    "Several task types": ("task_mixing", "mixing_temperature"),
    "From easy to hard": ("curriculum", "curriculum_stages", "replay_share", "shuffled_baseline"),
    "Adapter": ("finetuning_type", "lora_r", "lora_alpha", "use_rslora", "use_dora"),
    "Against learning by heart": ("lora_dropout", "weight_decay", "neftune_noise_alpha", "early_stopping_patience"),
    "Measuring and keeping": ("eval_steps", "save_steps"),
}


def grouped(names: Iterable[str]) -> dict[str, list[str]]:
    """The names by group, the method's own first; groups without any are left out."""
    left = list(names)
    known = {name for members in GROUPS.values() for name in members}
    found = {ITS_OWN: [name for name in left if name not in known]}
    found |= {group: [name for name in members if name in left] for group, members in GROUPS.items()}
    return {group: members for group, members in found.items() if members}
