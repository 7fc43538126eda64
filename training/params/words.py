"""The names and the plain explanations of every parameter, for forms, commands and messages."""

from __future__ import annotations

LABELS = {
    "learning_rate": "Learning rate",
    "num_train_epochs": "Passes over the rows",
    "max_steps": "Step limit",
    "per_device_train_batch_size": "Rows per step",
    "gradient_accumulation_steps": "Gradient accumulation",
    "max_length": "Longest row in tokens",
    "lora_r": "LoRA rank",
    "lora_alpha": "LoRA alpha",
    "lora_dropout": "LoRA dropout",
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
    "max_new_tokens": "Longest answer in tokens",
    "temperature": "Temperature",
    "top_p": "Top-p",
    "num_candidates": "Candidates per prompt",
    "score_references": "Score reference answers",
}


HELP = {
    "learning_rate": "How far a step moves the model: too far spoils the text, too little learns nothing.",
    "num_train_epochs": "How many times the model sees every row; more than a few teaches it to repeat them.",
    "max_steps": "Stops after this many steps whatever the passes say; -1 means no limit.",
    "per_device_train_batch_size": "How many rows the model learns from at once; more needs more memory.",
    "gradient_accumulation_steps": "Adds up this many batches before the model changes, to save memory.",
    "max_length": "Rows with more tokens than this would be cut; the check before training counts them.",
    "lora_r": "The size of the adapter: a higher rank can learn more and makes a larger file.",
    "lora_alpha": "How strongly the adapter counts; usually twice the rank.",
    "lora_dropout": "The share of adapter inputs left out at random, against learning by heart.",
    "warmup_ratio": "The share of the steps in which the learning rate rises from zero to its full value.",
    "weight_decay": "Pulls the adapter's weights towards zero, against learning by heart.",
    "lr_scheduler_type": "How the learning rate falls during training.",
    "seed": "The same seed, rows and settings give the same adapter on the same machine.",
    "load_in_4bit": "Keeps the base model in 4 bits (QLoRA): less memory, slightly worse on small models.",
    "eval_steps": "How often held-out rows are measured while training; 0 means up to four times per pass.",
    "save_steps": "How often a checkpoint is kept to resume from; 0 means at least every two minutes.",
    "early_stopping_patience": "Stops after this many measurements without gain, keeps the best; 0: never.",
    "allow_truncation": "Trains even though some rows are too long and lose their end.",
    "beta": "How closely the model must stay to the one before; higher stays closer.",
    "loss_type": "How preferences count: sigmoid is usual, ipo for very clear ones, robust for noisy ones.",
    "label_smoothing": "The share of preferences that may be wrong, for the robust loss.",
    "sft_weight": "How much the preferred answers also count as demonstrations; keeps the text fluent.",
    "max_new_tokens": "The model stops writing after this many tokens even if it has not finished.",
    "temperature": "0 always writes the likeliest word; higher is more varied.",
    "top_p": "Leaves out the unlikely words: only those that together make up this share are drawn from.",
    "num_candidates": "How many different answers are written for each prompt.",
    "score_references": "Also measures how likely the model finds the experts' own answers.",
}


def label(name: str) -> str:
    return LABELS.get(name, name)
