"""What people chose of several things on offer, with what it was about: errors marked in answers, reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

from annotation.agreement import Figure, Judgement, of_each, overlap
from annotation.models import Mark, Project, Ranking

NO_MARKS = "Nobody has marked an error in what two people have judged."
NO_CHIPS = "Nobody has chosen a reason for what two people have judged."
SAME_WORDS = "The same words marked, whatever the error"
F1 = "F1 of the characters marked; chance is not taken off"

Found = tuple[list[Judgement], tuple[Figure, ...]]


def errors(project: Project, rankings: list[Ranking]) -> Found:
    """The kinds of error that each person marked in each answer; figures of every kind, and of the places.

    Nothing where nobody marked anything."""
    wanted = {each.pk for each in rankings}
    rows = Mark.objects.filter(ranking__project=project, ranking__in_training=False).order_by()
    places: dict[tuple[Hashable, str], list[tuple[str, int, int]]] = defaultdict(list)
    for ranking, candidate, kind, start, end in rows.values_list(
        "ranking", "candidate", "kind", "start", "end"
    ).iterator():
        if ranking in wanted:
            places[ranking, str(candidate)].append((kind, start, end))
    if not places:
        return [], ()
    given = []
    spans: dict[Hashable, dict[Hashable, list[tuple[int, int]]]] = defaultdict(dict)
    for each in rankings:
        for candidate in (one for group in each.order for one in group):
            item, mine = f"{each.comparison_id}:{candidate}", places.get((each.pk, candidate), [])
            given.append(Judgement(item, each.ranker_id, frozenset(kind for kind, _, _ in mine)))
            spans[item][each.ranker_id] = [(start, end) for _, start, end in mine]
    kinds: dict[Hashable, str] = {kind.value: str(kind.label) for kind in Mark.Kind}
    return given, (*of_each(given, kinds), Figure(SAME_WORDS, F1, overlap(spans)))


def reasons(project: Project, rankings: list[Ranking]) -> Found:
    """The reasons that each person chose among the project's; those that it offers no more only where chosen."""
    if not any(each.chips for each in rankings):
        return [], ()
    given = [Judgement(str(each.comparison_id), each.ranker_id, frozenset(each.chips)) for each in rankings]
    chosen = sorted({chip for each in rankings for chip in each.chips})
    names: dict[Hashable, str] = {chip: chip for chip in [*project.ranking_reasons, *chosen]}
    return given, of_each(given, names)
