"""Who made the data an adapter learned from, and how far they agree: counts for its card, no names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from itertools import combinations
from typing import Any
from uuid import UUID

from annotation.models import Demonstration, Project, Ranking, Role
from training.adapters.model_card import Agreement, Base, Data, Facts, People
from training.freezing import datasets
from training.methods import METHODS
from training.models import DatasetVersion, TrainingRound
from training.params import is_full, told
from training.run_dir import MODEL_WEIGHTS, file_sha256

GONE = "former member"
AT_ONCE = 500  # ids in one question, which databases limit
ROLES = {Role.EXPERT.value: "expert", Role.REVIEWER.value: "reviewer", Role.ADMIN.value: "admin"}


def facts(round: TrainingRound, result: dict[str, Any]) -> Facts:
    version, parent = round.dataset_version, round.parent_adapter
    people, agreement = _people(version)
    return Facts(
        title=f"{round.project.name}: {METHODS[round.method].name} {'model' if is_full(round.params) else 'adapter'}",
        objective=round.project.objective,
        method=round.method,
        method_name=METHODS[round.method].name,
        base=_base(round),
        data=Data(
            name=str(version),
            sha256=version.sha256,
            train_rows=version.train_rows,
            validation_rows=version.validation_rows,
            guidelines=tuple(version.statistics.get("guidelines", {})),
        ),
        people=people,
        params=told(round.params),
        result=result,
        parent=f"the {parent.round.method_name} {parent.kind} `{parent.sha256}`" if parent else "",
        agreement=agreement,
        full=is_full(round.params),
    )


def _base(round: TrainingRound) -> Base:
    base, parent = round.base_model, round.parent_adapter
    whole = parent.whole() if parent and not is_full(round.params) else None
    stands_on = file_sha256(whole.directory / MODEL_WEIGHTS) if whole else ""
    return Base(base.public_id, base.revision, base.source, base.weights_sha256, base.license, stands_on)


def _people(version: DatasetVersion) -> tuple[tuple[People, ...], Agreement | None]:
    """A row's id begins with that of the demonstration or the comparison that it was made from."""
    rows = [*datasets.training_rows(version), *datasets.validation_rows(version)]
    ids = _uuids(str(row["id"]).split(":")[0] for row in rows)
    by_comparison = _rankings(ids)
    wrote, approved = _writers(ids)
    ranked = {ranking.ranker_id for rankings in by_comparison.values() for ranking in rankings}
    people = tuple(
        People(did, _by_role(version.project, who))
        for did, who in (("written", wrote), ("approved", approved), ("ranked", ranked))
        if who
    )
    return people, agreement(by_comparison.values()) if by_comparison else None


def _uuids(texts: Iterable[str]) -> list[UUID]:
    """In a fixed order; what is no id of ours names nothing."""
    found = set()
    for text in texts:
        with suppress(ValueError):
            found.add(UUID(text))
    return sorted(found)


def _writers(ids: list[UUID]) -> tuple[set[int], set[int]]:
    wrote: set[int] = set()
    approved: set[int] = set()
    for some in _in_parts(ids):
        for author, by in Demonstration.objects.filter(pk__in=some).values_list("author_id", "reviewed_by_id"):
            wrote.add(author)
            if by is not None:
                approved.add(by)
    return wrote, approved


def _rankings(ids: list[UUID]) -> dict[UUID, list[Ranking]]:
    by_comparison: dict[UUID, list[Ranking]] = {}
    for some in _in_parts(ids):
        for ranking in Ranking.objects.filter(comparison__in=some, in_training=False).order_by("created_at", "pk"):
            by_comparison.setdefault(ranking.comparison_id, []).append(ranking)
    return by_comparison


def agreement(comparisons: Iterable[list[Ranking]]) -> Agreement:
    """Over every two people and every two candidates that both ranked: did they say the same (a tie counts too)?"""
    same = judged = 0
    for rankings in comparisons:
        for one, other in combinations(rankings, 2):
            first, second = _places(one), _places(other)
            for a, b in combinations(sorted(first.keys() & second.keys()), 2):
                judged += 1
                same += _sign(first[a] - first[b]) == _sign(second[a] - second[b])
    return Agreement(same, judged)


def _places(ranking: Ranking) -> dict[str, int]:
    """All bad is a tie of all."""
    return {
        candidate: 0 if ranking.all_bad else place for place, group in enumerate(ranking.order) for candidate in group
    }


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _by_role(project: Project, people: set[int]) -> dict[str, int]:
    """By the role each has in the project now, the most experienced last."""
    roles = dict(project.memberships.filter(user_id__in=people).values_list("user_id", "role"))
    counts = Counter(ROLES.get(roles.get(person, ""), GONE) for person in people)
    return {role: counts[role] for role in (*ROLES.values(), GONE) if counts[role]}


def _in_parts(ids: list[UUID]) -> Iterable[list[UUID]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
