from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.models import Event
from training.models import TrainingRound
from training.monitoring import tracking


def write_to_mlflow(*, round: TrainingRound, by: User, here: bool = False) -> None:
    """Have a round that is over written to the MLflow server, again if need be: it stays one run there.

    By the worker, or `here`, which raises NotWritten.
    """
    if not tracking.is_on():
        raise ValidationError("No MLflow server is named: whoever runs this installation sets MLFLOW_TRACKING_URI.")
    if not round.is_final:
        raise ValidationError(f"{round} is not over: it is written when it is.")
    with transaction.atomic():
        Event.record("sent to MLflow", round, by=by, project=round.project)
        if not here:
            tracking.owe(round)
    if here:
        tracking.send(round)
