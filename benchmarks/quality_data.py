"""The database that benchmarks/quality.py asks. `python quality_data.py RANKINGS` fills that of DATA_DIR.

Prints the projects, somebody who ranks in them, and the session key of who administers them, a line each.
"""

from __future__ import annotations

import random
import sys
from typing import Any

from annotation_data import ANSWER, prepare, session_of, settle

SMALL = 1_000
PEOPLE = 20
EACH = 3  # people who rank the same comparison
PART = 1_000  # comparisons stored at a time
KNOWN, DECIDED = 40, 4  # one comparison in so many has a known answer, or was decided


def fill(size: int) -> None:
    prepare()
    from django.contrib.auth.models import User

    ada = User.objects.create_user("ada")
    people = [User.objects.create_user(f"person-{number}") for number in range(PEOPLE)]
    for name, count in (("large", size), ("small", SMALL)):
        project = _project(name, ada, people)
        for first in range(0, count // EACH, PART):
            _comparisons(project, range(first, min(first + PART, count // EACH)), people, ada)
        _rankers(project)
        print(f"{name} {project.pk}")
    print(f"ranker {people[0].pk}")
    print(f"ada {session_of(ada)}")
    settle()


def _project(name: str, ada: Any, people: list[Any]) -> Any:
    from annotation.models import Guidelines, Membership, Project

    made = Project.objects.create(
        name=name, objective="Speed", created_by=ada, criteria_compared=["accuracy"], rankings_per_comparison=EACH
    )
    Guidelines.objects.create(project=made, version=1, text="Write **one** heading.\n" * 40, created_by=ada)
    Membership.objects.bulk_create(
        Membership(project=made, user=user, role="admin" if user is ada else "expert") for user in [ada, *people]
    )
    return made


def _comparisons(project: Any, numbers: range, people: list[Any], ada: Any) -> None:
    """Two of three are pairs, the others lists of four. People mostly prefer what came first, each as steadily as
    they are."""
    from annotation.models import Adjudication, Candidate, Comparison, Gold, Prompt, Ranking
    from annotation.quality import disputes

    drawn = random.Random(numbers.start)  # noqa: S311
    prompts = [Prompt(project=project, position=n, instruction="Summarise.", input=f"{n} {ANSWER}") for n in numbers]
    made = [Comparison(prompt=each, seed=each.position, rankings_needed=EACH, rankings_done=EACH) for each in prompts]
    sets = [
        [Candidate(comparison=one, text=f"{place} {ANSWER}"[: 500 + 80 * place], source="x") for place in range(many)]
        for one, many in zip(made, (2 if n % 3 else 4 for n in numbers), strict=True)
    ]
    rankings = [
        _ranking(Ranking, one, candidates, who, people.index(who) / 40 + 0.5, drawn)
        for one, candidates in zip(made, sets, strict=True)
        for who in drawn.sample(people, EACH)
    ]
    known = {one: [[str(each.pk)] for each in candidates] for one, candidates in zip(made, sets, strict=True)}
    Prompt.objects.bulk_create(prompts, batch_size=500)
    Comparison.objects.bulk_create(made)
    Candidate.objects.bulk_create(each for candidates in sets for each in candidates)
    Ranking.objects.bulk_create(rankings)
    Gold.objects.bulk_create(Gold(comparison=one, order=known[one], created_by=ada) for one in made[::KNOWN])
    Adjudication.objects.bulk_create(
        Adjudication(comparison=one, order=known[one], reason="It has the date.", decided_by=ada)
        for one in made[1::DECIDED]
    )
    disputes.settle([each.pk for each in made])


def _ranking(ranking: Any, one: Any, candidates: list[Any], who: Any, steady: float, drawn: random.Random) -> Any:
    names = [str(each.pk) for each in candidates]
    order = names if drawn.random() < steady else drawn.sample(names, len(names))
    shown = drawn.sample(names, len(names))
    strength = drawn.choice((1, 2)) if len(names) == 2 else None
    said = {"order": [[each] for each in order], "strength": strength}
    return ranking(
        comparison=one,
        ranker=who,
        **said,
        criteria={"accuracy": said},
        chips=["More accurate"],
        reason="It has the date.",
        shown=shown,
        active_seconds=drawn.uniform(20, 90),
    )


def _rankers(project: Any) -> None:
    from django.db.models import Count, Max

    from annotation.models import Ranker, Ranking

    mine = Ranking.objects.filter(project=project).order_by()
    Ranker.objects.bulk_create(
        Ranker(project=project, user_id=row["ranker"], judged=row["n"], handed=row["n"], admitted_at=row["last"])
        for row in mine.values("ranker").annotate(n=Count("pk"), last=Max("created_at"))
    )


if __name__ == "__main__":
    fill(int(sys.argv[1]))
