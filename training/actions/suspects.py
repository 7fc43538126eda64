from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from annotation.actions import Refused, looking_again
from training.models import TrainingRound
from training.suspects import found


def send_suspects(*, round: TrainingRound, by: User, first: int, people: Sequence[User] = ()) -> int:
    """Ask people to look again at the first so many of a round's suspects that are still open: how many were asked."""
    open_ = [each for each in found.with_states(round, found.rows_of(round)) if each.state == "open"]
    if not open_:
        raise ValidationError("No suspect of this round is left to ask about.")
    try:
        return looking_again.ask(
            project=round.project,
            responses=[each.response for each in open_[:first]],
            by=by,
            people=people,
            source=found.source_of(round),
        )
    except Refused as refusal:
        raise ValidationError(str(refusal)) from refusal


def drop_suspects(*, round: TrainingRound, by: User) -> int:
    """Ask about them no longer: how many were still open."""
    return looking_again.drop(project=round.project, by=by, source=found.source_of(round))
