"""Ten people at once, in a process of its own with a real database file or server behind DATABASE_URL.

Prints what became of it, as JSON. Run as `python -m tests.evaluation.race`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from tests.annotation.queue_race import all_at_once, set_up

PEOPLE = 10
NEEDED = 2
SCORES = {"accuracy": 4, "completeness": 3, "conciseness": 5, "adherence": 4, "utility": 7}


def score_everything(project: Any) -> Callable[[Any], list[str]]:
    from annotation.actions import Refused
    from evaluation import scoring
    from evaluation.actions import score
    from evaluation.models import Output

    def work(person: Any) -> list[str]:
        handed = []
        while lease := scoring.next_to_score(project, person):
            output = Output.objects.select_related("contestant__evaluation__project").get(pk=lease.item_id)
            try:
                first = score(output=output, scores=SCORES, by=person)
                again = score(output=output, scores=SCORES, by=person)
            except Refused:
                handed.append("refused")
                continue
            handed.append(str(output.pk))
            if not first.fresh or again.fresh:
                handed.append("doubled")
        return handed

    return work


def promote_one_each(project: Any, adapters: dict[str, Any]) -> Callable[[Any], list[str]]:
    from django.core.exceptions import ValidationError

    from evaluation.actions import promote

    def work(person: Any) -> list[str]:
        try:
            promote(adapter=adapters[person.username], reason="Mine.", by=person, confirmed=True, seen="")
        except ValidationError:
            return ["refused"]
        return ["promoted"]

    return work


def main() -> None:
    set_up()
    from django.contrib.auth.models import User

    from annotation.models import Membership, Role
    from evaluation.models import Output
    from tests import factories
    from tests.evaluation import factories as evaluations

    ada = User.objects.create_user("ada")
    people = [User.objects.create_user(f"person-{number}") for number in range(PEOPLE)]
    project = factories.project(created_by=ada)
    Membership.objects.bulk_create(Membership(project=project, user=each, role=Role.ADMIN) for each in people)
    adapters = {each.username: evaluations.adapter(project) for each in people}
    evaluations.evaluation(project, [None, adapters["person-0"]], reviews_per_output=NEEDED)
    scored = all_at_once(score_everything(project), people)
    done = list(Output.objects.values_list("reviews_done", flat=True))
    reviews = [output.reviews.count() for output in Output.objects.all()]
    promoted = all_at_once(promote_one_each(project, adapters), people)
    json.dump({"scored": scored, "done": done, "reviews": reviews, "promoted": promoted}, sys.stdout)


if __name__ == "__main__":
    main()
