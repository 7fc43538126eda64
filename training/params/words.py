"""The names and the plain explanations of every parameter, for forms, commands and messages."""

from __future__ import annotations

from typing import Any

LABELS = {
    "learning_rate": "Learning rate",
    "num_train_epochs": "Passes over the rows",
    "max_steps": "Step limit",
    "per_device_train_batch_size": "Rows per step",
    "gradient_accumulation_steps": "Gradient accumulation",
    "max_length": "Longest row in tokens",
    "finetuning_type": "What is trained",
    "lora_r": "LoRA rank",
    "lora_alpha": "LoRA alpha",
    "lora_dropout": "LoRA dropout",
    "use_rslora": "rsLoRA",
    "use_dora": "DoRA",
    "neftune_noise_alpha": "NEFTune noise",
    "warmup_ratio": "Warm-up share",
    "weight_decay": "Weight decay",
    "lr_scheduler_type": "Learning rate schedule",
    "seed": "Seed",
    "load_in_4bit": "4-bit base weights",
    "eval_steps": "Steps between evaluations",
    "save_steps": "Steps between checkpoints",
    "early_stopping_patience": "Early stopping patience",
    "allow_truncation": "Allow cut rows",
    "beta": "Beta",
    "loss_type": "Loss",
    "label_smoothing": "Label smoothing",
    "sft_weight": "Weight of the SFT term",
    "min_agreement": "Least agreement",
    "min_gap": "Least rank gap",
    "pair_weighting": "Weight of a pair",
    "find_settings": "Find its own settings",
    "tuning_prompts": "Prompts set aside",
    "tuning_looks": "Looks per pass",
    "guard_margin": "What guarded figures may lose",
    "task_mixing": "Mix of task types",
    "mixing_temperature": "Temperature of the mix",
    "curriculum": "Order of the rows",
    "curriculum_stages": "Stages",
    "replay_share": "Repeated share",
    "shuffled_baseline": "Shuffled baseline too",
    "best_half": "The best half too",
    "desirable_weight": "Weight of good answers",
    "undesirable_weight": "Weight of bad answers",
    "max_new_tokens": "Longest answer in tokens",
    "temperature": "Temperature",
    "top_p": "Top-p",
    "num_candidates": "Candidates per prompt",
    "score_references": "Score reference answers",
    "num_generations": "Answers per prompt",
    "kl_limit": "Furthest from the model before",
    "reward_weight": "Weight of the reward model",
    "format_weight": "Weight of the headings",
    "date_weight": "Weight of the date",
    "facts_weight": "Weight of required facts",
    "supported_weight": "Weight of supported figures",
}


HELP = {
    "learning_rate": "How far a step moves the model: too far spoils the text, too little learns nothing.",
    "num_train_epochs": "How many times the model sees every row; more than a few teaches it to repeat them.",
    "max_steps": "Stops after this many steps whatever the passes say; -1 means no limit.",
    "per_device_train_batch_size": "How many rows the model learns from at once; more needs more memory.",
    "gradient_accumulation_steps": "Adds up this many batches before the model changes, to save memory.",
    "max_length": "Longer rows would be cut, as the check before training says; texts are read in such blocks.",
    "finetuning_type": "An adapter, or every weight: for many rows, with far more memory and a 20 times lower rate.",
    "lora_r": "The size of the adapter: a higher rank can learn more and makes a larger file.",
    "lora_alpha": "How strongly the adapter counts; usually twice the rank.",
    "lora_dropout": "The share of adapter inputs left out at random, against learning by heart.",
    "use_rslora": "Lets ranks of 64 and more learn as strongly as low ones; set alpha to about 16 with it.",
    "use_dora": "Learns size and direction of a change apart: sometimes a little better, and a quarter slower.",
    "neftune_noise_alpha": "Noise on what the model reads, against learning by heart; 5 is usual, 0 none.",
    "warmup_ratio": "The share of the steps in which the learning rate rises from zero to its full value.",
    "weight_decay": "Pulls the weights that learn towards zero, against learning by heart.",
    "lr_scheduler_type": "How the learning rate falls during training.",
    "seed": "The same seed, rows and settings give the same adapter on the same machine.",
    "load_in_4bit": "Keeps the base model in 4 bits (QLoRA): less memory, slightly worse on small models.",
    "eval_steps": "How often held-out rows are measured while training; 0 means up to four times per pass.",
    "save_steps": "How often a checkpoint is kept to resume from; 0 means at least every two minutes.",
    "early_stopping_patience": "Stops after this many measurements without gain, keeps the best; 0: never.",
    "allow_truncation": "Trains even though some rows are too long and lose their end.",
    "beta": "How closely the model must stay to the one before; higher stays closer.",
    "loss_type": "How preferences count: sigmoid is usual, ipo for very clear ones, robust for noisy ones.",
    "label_smoothing": "The share of preferences that may be wrong, with the robust loss; the check proposes it.",
    "min_agreement": "Leaves out pairs on which a smaller share of rankers agreed; 0.5 keeps all that were frozen.",
    "min_gap": "Leaves out pairs whose answers stand fewer places apart in the rankings; 1 keeps all.",
    "pair_weighting": "Lets pairs count alike, or more where more rankers agreed or ranked further apart.",
    "find_settings": "What the model writes decides the learning rate, the SFT term and when to stop.",
    "tuning_prompts": "Prompts whose pairs are not learned from: what is written to them decides.",
    "tuning_looks": "How many times per pass the model writes to the prompts set aside.",
    "guard_margin": "In points: what rankings do not ask to change may lose less than this.",
    "task_mixing": "Draws task types as often as the data has them, all alike, or in between.",
    "mixing_temperature": "With a mix by temperature: 1 is as in the data, the higher the more alike.",
    "curriculum": "Shuffled, or from easy to hard in stages, by the measure you choose here.",
    "curriculum_stages": "Into how many stages the rows are cut when they go from easy to hard.",
    "replay_share": "The share of each later stage that repeats rows of earlier ones, against forgetting them.",
    "best_half": "A second round, on the half of the rows with the best quality, shows whether fewer but better do.",
    "shuffled_baseline": "From easy to hard only: a second round, shuffled, shows whether the order helped.",
    "desirable_weight": "How much a good answer counts; 0 balances good and bad by their numbers.",
    "undesirable_weight": "How much a bad answer counts; 0 balances good and bad by their numbers.",
    "sft_weight": "How much the preferred answers also count as demonstrations; keeps the text fluent.",
    "max_new_tokens": "The model stops writing after this many tokens even if it has not finished.",
    "temperature": "0 always writes the likeliest word; higher is more varied.",
    "top_p": "Leaves out the unlikely words: only those that together make up this share are drawn from.",
    "num_candidates": "How many different answers are written for each prompt.",
    "score_references": "Also measures how likely the model finds the experts' own answers.",
    "num_generations": "How many answers to a prompt are compared in each step; more teach more and take longer.",
    "kl_limit": "Training stops when the text has moved further than this (KL per token).",
    "reward_weight": "How much the marks of the reward model count; 0 leaves them out.",
    "format_weight": "How much it counts that the answer keeps the project's headings; 0 leaves it out.",
    "date_weight": "How much it counts that the dated section has a date; 0 leaves it out.",
    "facts_weight": "How much it counts that the reference's dates and figures are there; 0 leaves it out.",
    "supported_weight": "How much it counts that no figure is written that the prompt does not have; 0 leaves it out.",
}

# How the values of a choice are called where people choose; those left out go by their own names.
CHOICES = {
    "finetuning_type": {"lora": "A LoRA adapter", "full": "The whole model (full fine-tuning)"},
    "task_mixing": {
        "proportional": "As often as in the data",
        "equal": "All alike",
        "temperature": "In between, by temperature",
    },
    "curriculum": {
        "none": "Shuffled",
        "mark": "Easy first, by experts' marks",
        "length": "Short answers first",
        "perplexity": "What surprises the model least first",
    },
}

# What a number stands for where it is none.
MEANINGS: dict[tuple[str, float], str] = {
    ("max_steps", -1): "no limit",
    ("eval_steps", 0): "up to four times per pass",
    ("save_steps", 0): "every two minutes",
    ("early_stopping_patience", 0): "never stops early",
    ("desirable_weight", 0): "balanced",
    ("undesirable_weight", 0): "balanced",
}


def shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and (name, value) in MEANINGS:
        return MEANINGS[name, value]
    return CHOICES.get(name, {}).get(value, str(value))


def label(name: str) -> str:
    return LABELS.get(name, name)
