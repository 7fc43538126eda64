"""Writes over several rows, by subject."""

from training.actions.auditing import resume_audit, start_audit, stop_audit
from training.actions.base_models import register_base_model
from training.actions.freezing import freeze, resume_freezing, start_freezing, stop_freezing
from training.actions.packaging import cancel_package, start_package
from training.actions.rounds import (
    cancel_round,
    launch_preflight,
    launch_round,
    retry_round,
    start_preflight,
    try_preflight,
)
from training.actions.sampling import LONGEST_ANSWER, ask, cancel_sampling, start_sampling
from training.actions.suspects import drop_suspects, send_suspects
from training.actions.swapping import propose_copies, resume_copies, stop_copies
from training.actions.tracking import write_to_mlflow

__all__ = [
    "LONGEST_ANSWER",
    "ask",
    "cancel_package",
    "cancel_round",
    "cancel_sampling",
    "drop_suspects",
    "freeze",
    "launch_preflight",
    "launch_round",
    "propose_copies",
    "register_base_model",
    "resume_audit",
    "resume_copies",
    "resume_freezing",
    "retry_round",
    "send_suspects",
    "start_audit",
    "start_freezing",
    "start_package",
    "start_preflight",
    "start_sampling",
    "stop_audit",
    "stop_copies",
    "stop_freezing",
    "try_preflight",
    "write_to_mlflow",
]
