"""Rows that people's rankings give: pairs of a better and a worse answer, and answers that are good or bad."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import F, Prefetch, Q

from annotation.models import Comparison, ComparisonQuerySet, Project, Ranking, Revision, Split
from annotation.quality.acceptable import acceptable
from annotation.quality.agreed import Agreed, agreed, of_correction
from training.freezing.datasets import demonstration_rows, group_of, local, question, said
from training.freezing.in_order import in_order
from training.freezing.row import Row

AT_ONCE = 500  # ids in one question, which databases limit


def comparisons_to_freeze(project: Project) -> ComparisonQuerySet:
    """Every comparison of a prompt that may be taught and that has all its rankings, or was decided."""
    finished = Q(rankings_done__gte=F("rankings_needed")) | Q(adjudication__isnull=False)
    originals = Comparison.objects.originals().filter(finished, project=project)
    return originals.exclude(prompt__split=Split.EVALUATION)


def preference_rows(project: Project, consensus: str = "") -> Iterator[Row]:
    """The pairs that are known, were decided or agreed on, and those of approved corrections."""
    template = project.instruction_template
    together = agreed(project, comparisons_to_freeze(project), consensus)
    for comparison in _ranked(project):
        yield from _pairs(comparison, together, template)
    yield from _corrected_rows(together, template)


def _ranked(project: Project) -> Iterator[Comparison]:
    with_prompts = comparisons_to_freeze(project).select_related("prompt", "gold", "adjudication")
    given = Ranking.objects.filter(in_training=False).select_related("guidelines")
    return in_order(with_prompts.prefetch_related("candidates", Prefetch("rankings", given)), "prompt__position", "pk")


def _pairs(comparison: Comparison, together: Agreed, template: str) -> Iterator[Row]:
    texts = {str(candidate.pk): candidate.text.strip() for candidate in comparison.candidates.all()}
    for pair in together.pairs.get(str(comparison.pk), []):
        chosen, rejected = texts[pair.chosen], texts[pair.rejected]
        if chosen == rejected:
            continue
        content = {
            "prompt": question(comparison.prompt, template),
            "chosen": said("assistant", chosen),
            "rejected": said("assistant", rejected),
            **together.figures(pair),
        }
        yield _ranked_row(comparison, f"{pair.chosen}:{pair.rejected}", content)


def _corrected_rows(together: Agreed, template: str) -> Iterator[Row]:
    approved_as = _approved_as({made.correction.demonstration_id for made, _pair in together.corrections})
    for made, pair in together.corrections:
        prompt, answer = made.correction.comparison.prompt, made.correction.demonstration
        yield Row(
            id=f"{pair.comparison}:{answer.pk}:{made.rejected.pk}",
            prompt_id=str(prompt.pk),
            group=group_of(prompt),
            split=prompt.split,
            task_type=prompt.task_type,
            guidelines=answer.guidelines.version if answer.guidelines else None,
            people=frozenset({answer.author_id}),
            content={
                "prompt": question(prompt, template),
                "chosen": said("assistant", made.chosen.strip()),
                "rejected": said("assistant", made.rejected.text.strip()),
                **of_correction(made, pair, together.rankers[pair.comparison]),
            },
            revisions=approved_as.get(answer.pk, ()),
            at=local(answer.reviewed_at or answer.submitted_at),
        )


def _approved_as(answers: set[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The newest revision of each."""
    found: dict[UUID, tuple[str, ...]] = {}
    keys = sorted(answers)
    for start in range(0, len(keys), AT_ONCE):
        rows = Revision.objects.filter(demonstration__in=keys[start : start + AT_ONCE]).order_by("pk")
        found.update((answer, (str(pk),)) for answer, pk in rows.values_list("demonstration_id", "pk"))
    return found


def _ranked_row(comparison: Comparison, name: str, content: dict[str, Any]) -> Row:
    rankings = list(comparison.rankings.all())
    versions = [item.guidelines.version for item in rankings if item.guidelines]
    known, decided = getattr(comparison, "gold", None), getattr(comparison, "adjudication", None)
    by = {known.created_by_id} if known else {decided.decided_by_id} if decided else set()
    return Row(
        id=f"{comparison.pk}:{name}",
        prompt_id=str(comparison.prompt_id),
        group=group_of(comparison.prompt),
        split=comparison.prompt.split,
        task_type=comparison.prompt.task_type,
        guidelines=max(versions, default=None),
        people=frozenset({item.ranker_id for item in rankings} | by),
        content=content,
        revisions=tuple(sorted(str(item.pk) for item in rankings)),
        at=local(max((item.created_at for item in rankings), default=comparison.created_at)),
    )


def judgement_rows(project: Project, consensus: str = "") -> list[Row]:
    """Good answers are approved demonstrations and the candidates that rankers place above the line of what is good
    enough; bad ones are those below it, and all of those that are all bad. Rows of candidates carry how sure that is.

    A text that is called both counts as neither, unless it is an approved demonstration. Nothing when one of the two
    is missing: they are only learned from together.
    """
    approved = [replace(row, content={**row.content, "label": True}) for row in demonstration_rows(project)]
    rows = [*approved, *_unlike(_judged_answers(project, consensus), {_answer(row) for row in approved})]
    return rows if len({row.content["label"] for row in rows}) == 2 else []


def _answer(row: Row) -> tuple[str, str]:
    return row.prompt_id, row.content["completion"][0]["content"]


def _unlike(rows: Iterable[Row], known: set[tuple[str, str]]) -> list[Row]:
    """Each text of a prompt once, without those that are known and those called good here and bad there."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault(_answer(row), []).append(row)
    agreeing = {answer: each for answer, each in found.items() if len({row.content["label"] for row in each}) == 1}
    return [each[0] for answer, each in agreeing.items() if answer not in known]


def _judged_answers(project: Project, consensus: str) -> Iterator[Row]:
    together = acceptable(comparisons_to_freeze(project), consensus)
    for comparison in _ranked(project):
        sides = together.sides.get(str(comparison.pk), {})
        for candidate in sorted(comparison.candidates.all(), key=lambda each: each.pk):
            side = sides.get(str(candidate.pk))
            if side is None or not candidate.text.strip():
                continue
            content = {
                "prompt": question(comparison.prompt, project.instruction_template),
                "completion": said("assistant", candidate.text.strip()),
                "label": side.good,
                **together.figures(str(comparison.pk), side),
            }
            yield _ranked_row(comparison, str(candidate.pk), content)
