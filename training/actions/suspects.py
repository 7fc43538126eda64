from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.actions import Refused, doubting, looking_again
from training.models import TrainingRound
from training.suspects import found
from training.suspects.pairs import FoundPair


def send_suspects(*, round: TrainingRound, by: User, first: int, people: Sequence[User] = ()) -> int:
    """Ask people to look again at the first so many of a round's suspects that are still open: how many were asked.

    Responses go to `people`, or to their authors; comparisons to whoever decides.
    """
    open_ = [each for each in found.with_states(round, found.rows_of(round)) if each.state == "open"]
    if not open_:
        raise ValidationError("No suspect of this round is left to ask about.")
    project, source = round.project, found.source_of(round)
    responses = [each.response for each in open_[:first] if each.response]
    compared = [each.doubted for each in open_[:first] if isinstance(each, FoundPair) and not each.response]
    asked, refusals = 0, []
    with transaction.atomic():
        if compared:
            try:
                asked += doubting.ask(project=project, pairs=compared, by=by, source=source)
            except Refused as refusal:
                refusals.append(str(refusal))
        if responses:
            try:
                asked += looking_again.ask(project=project, responses=responses, by=by, people=people, source=source)
            except Refused as refusal:
                refusals.append(str(refusal))
    if not asked:
        raise ValidationError(refusals)
    return asked


def drop_suspects(*, round: TrainingRound, by: User) -> int:
    """Ask about them no longer: how many were still open."""
    project, source = round.project, found.source_of(round)
    with transaction.atomic():
        responses = looking_again.drop(project=project, by=by, source=source)
        return responses + doubting.drop(project=project, by=by, source=source)
