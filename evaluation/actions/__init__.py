"""Writes over several rows, by subject."""

from evaluation.actions.assigning import choose_reviewers
from evaluation.actions.evaluating import leave_out, open_results, retry_contestant, start_evaluation
from evaluation.actions.freezing import freeze_evaluation_set
from evaluation.actions.promoting import promote, rollback
from evaluation.actions.reviewing import score

__all__ = [
    "choose_reviewers",
    "freeze_evaluation_set",
    "leave_out",
    "open_results",
    "promote",
    "retry_contestant",
    "rollback",
    "score",
    "start_evaluation",
]
