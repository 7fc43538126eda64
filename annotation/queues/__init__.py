"""Who works on what next."""

from annotation.queues.lending import (
    Conflict,
    Saved,
    finish,
    free_for,
    hold,
    lend,
    lock,
    release,
    save_draft,
    take_next,
)
from annotation.queues.reasons import why_nothing
from annotation.queues.showing import order_for
from annotation.queues.unannounced import (
    hold_comparison,
    in_training,
    is_counted,
    next_to_rank,
    training_items,
    training_left,
)
from annotation.queues.waiting import (
    answerable,
    answered,
    approvable,
    has_work,
    hold_demonstration,
    hold_prompt,
    next_to_approve,
    next_to_write,
    rankable,
    returned_prompts,
    up_to,
)

__all__ = [
    "Conflict",
    "Saved",
    "answerable",
    "answered",
    "approvable",
    "finish",
    "free_for",
    "has_work",
    "hold",
    "hold_comparison",
    "hold_demonstration",
    "hold_prompt",
    "in_training",
    "is_counted",
    "lend",
    "lock",
    "next_to_approve",
    "next_to_rank",
    "next_to_write",
    "order_for",
    "rankable",
    "release",
    "returned_prompts",
    "save_draft",
    "take_next",
    "training_items",
    "training_left",
    "up_to",
    "why_nothing",
]
