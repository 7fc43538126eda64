"""A project's data row by row in a shape: the same rows in the same order as long as nothing changes.

Read some hundred prompts at a time: never a whole project, and never one cursor held open while others write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q

from annotation import corrected, shapes
from annotation.exports.cleaning import Cleaning
from annotation.exports.kinds import DETAILS, shapes_of
from annotation.imports.records import Record
from annotation.models import Comparison, ComparisonQuerySet, Demonstration, Project, Prompt, PromptQuerySet, Ranking
from annotation.quality.agreed import Consensus, agreed, of_correction, usual
from annotation.shapes import SHAPES, Candidate, Item, Judgement, Ranked
from annotation.shapes.ranked import pair
from annotation.templating import render

AT_ONCE = 200
Row = dict[str, Any]
Found = tuple[Item, Row] | shapes.Refused  # and the columns of our own, for shapes that have room for them


def rows(project: Project, kind: str, shape: str = "", as_written: bool = False) -> Iterator[Row | shapes.Refused]:
    """What a shape has no place for, and what cleaning leaves out, comes as the reason why."""
    shape = shape or next(iter(shapes_of(kind)))
    cleaning = Cleaning(project, as_written)
    if shape == DETAILS:
        yield from _details(project, cleaning)
        return
    for found in SOURCES[kind](project, cleaning):
        if isinstance(found, shapes.Refused):
            yield found
            continue
        item, more = found
        try:
            row = shapes.write(shape, _asked(project, item) if SHAPES[shape].templated else item)
        except shapes.Refused as refused:
            yield refused
        else:
            yield {**row, **more} if SHAPES[shape].extra else row


def _asked(project: Project, item: Item) -> Item:
    """Instruction and input as the one text that the model is asked."""
    text = render(project.instruction_template, item.instruction, item.input)
    return replace(item, instruction=text, input="")


def _pages(prompts: PromptQuerySet) -> Iterator[list[UUID]]:
    after = -1
    size = AT_ONCE
    while size == AT_ONCE:
        page = list(prompts.filter(position__gt=after).order_by("position").values_list("pk", "position")[:AT_ONCE])
        size = len(page)
        if page:
            yield [pk for pk, _position in page]
            after = page[-1][1]


def _fields(prompt: Prompt) -> dict[str, Any]:
    return {
        "line": 0,
        "instruction": prompt.instruction,
        "input": prompt.input,
        "external_id": prompt.external_id or str(prompt.pk),
        "group": prompt.group,
        "task_type": prompt.task_type,
        "split": prompt.split,
        "history": tuple((each["role"], each["content"]) for each in prompt.history),
    }


def _demonstrations(project: Project, cleaning: Cleaning) -> Iterator[Found]:
    for page in _pages(project.prompts.with_response(Demonstration.Status.APPROVED)):
        cleaning.read(page)
        approved = Demonstration.objects.approved().filter(prompt__in=page).select_related("prompt")
        for each in approved.order_by("prompt__position", "pk"):
            if why := cleaning.left_out(each.prompt, each):
                yield why
                continue
            yield Record(**_fields(each.prompt), response=each.text), {}


def _prompts(project: Project, cleaning: Cleaning) -> Iterator[Found]:
    """What the importer takes: a project can be moved with it."""
    approved = Prefetch("demonstrations", Demonstration.objects.approved().order_by("reviewed_at", "pk"))
    for page in _pages(project.prompts.all()):
        cleaning.read(page)
        for prompt in Prompt.objects.filter(pk__in=page).order_by("position").prefetch_related(approved):
            if why := cleaning.left_out(prompt):
                yield why
                continue
            answers = [each.text for each in prompt.demonstrations.all() if not cleaning.left_out(each)]
            response = answers[0] if answers else prompt.reference
            needed = prompt.answers_needed or None
            yield Record(**_fields(prompt), response=response, priority=prompt.priority, answers_needed=needed), {}


def swapped_copies(project: Project, kind: str, as_written: bool) -> int:
    """How many of the rows are copies of others that people approved."""
    if kind not in ("prompts", "demonstrations"):
        return 0
    copies = Demonstration.objects.approved().filter(project=project, origin=Demonstration.Origin.SWAPPED)
    cleaning, number = Cleaning(project, as_written), 0
    for page in _pages(project.prompts.filter(pk__in=copies.values("prompt"))):
        cleaning.read(page)
        for each in copies.filter(prompt__in=page).select_related("prompt"):
            row = (each.prompt,) if kind == "prompts" else (each.prompt, each)
            number += cleaning.left_out(*row) is None
    return number


def judged(project: Project, again: bool = False) -> ComparisonQuerySet:
    """Those that somebody ranked, or whose answer is known or decided; `again`: also those asked once more."""
    found = Comparison.objects.filter(project=project)
    ranked = Q(Exists(Ranking.objects.filter(comparison_id=OuterRef("pk"))))
    return (found if again else found.originals()).filter(ranked | Q(pk__in=found.decided().values("pk")))


def consensus_of(project: Project) -> Consensus:
    """Which one is taken, without reading the rankings."""
    twice = Ranking.objects.filter(comparison__in=judged(project).order_by().values("pk"), in_training=False)
    counted = twice.order_by().values("comparison").annotate(people=Count("pk")).filter(people__gt=1)
    return usual(counted.count())


def _preferences(project: Project, cleaning: Cleaning) -> Iterator[Found]:
    """The pairs that people agree on. What a majority says of a prompt can be told from that prompt; how reliable each
    person is only from all of them, so there the whole project's judgements are held at once."""
    consensus = consensus_of(project)
    together = None if consensus == Consensus.MAJORITY else agreed(project, judged(project), consensus)
    made = corrected.corrections(project).values("comparison__prompt")
    comparisons = judged(project).filter(prompt_id=OuterRef("pk"))
    for page in _pages(project.prompts.filter(Q(Exists(comparisons)) | Q(pk__in=made))):
        cleaning.read(page)
        some = judged(project).filter(prompt__in=page)
        said = together or agreed(project, some, consensus, prompts=page)
        for comparison in _compared(some):
            texts = {str(each.pk): each for each in comparison.candidates.all()}
            for each in said.pairs.get(str(comparison.pk), []):
                chosen, rejected = texts[each.chosen], texts[each.rejected]
                if why := cleaning.left_out(comparison.prompt, chosen, rejected):
                    yield why
                    continue
                sources = (chosen.source, rejected.source)
                yield from _pair(comparison.prompt, chosen.text, rejected.text, sources, said.figures(each))
        here = set(page)
        for better, each in said.corrections:
            prompt, answer = better.correction.comparison.prompt, better.correction.demonstration
            if prompt.pk not in here:
                continue
            if why := cleaning.left_out(prompt, answer, better.rejected):
                yield why
                continue
            figures = of_correction(better, each, said.rankers[each.comparison])
            yield from _pair(prompt, better.chosen, better.rejected.text, ("", better.rejected.source), figures)


def _pair(prompt: Prompt, chosen: str, rejected: str, sources: tuple[str, str], figures: Row) -> Iterator[Found]:
    try:
        candidates, judgements = pair(chosen, rejected)
    except shapes.Refused:
        return
    named = tuple(replace(each, source=source) for each, source in zip(candidates, sources, strict=True))
    yield Ranked(**_fields(prompt), candidates=named, judgements=judgements), figures


def _rankings(project: Project, cleaning: Cleaning) -> Iterator[Found]:
    """Candidates with everybody's judgements; those given to learn how to rank are no part of them."""
    for comparison in _each(project, judged(project), cleaning):
        candidates = list(comparison.candidates.all())
        if why := cleaning.left_out(comparison.prompt, *candidates):
            yield why
            continue
        said = tuple(
            Judgement(each.ranker.username, ranks=_ranks(each.order, [str(one.pk) for one in candidates]))
            for each in comparison.rankings.all()
            if not each.in_training
        )
        texts = tuple(Candidate(each.text, each.source) for each in candidates)
        fields = {**_fields(comparison.prompt), "external_id": str(comparison.pk)}
        yield Ranked(**fields, candidates=texts, judgements=said), {}


def _ranks(order: list[list[str]], names: list[str]) -> tuple[int, ...]:
    """Places as in sport: two who share the first are followed by the third."""
    places: dict[str, int] = {}
    for group in order:
        places.update(dict.fromkeys(group, len(places) + 1))
    return tuple(places[name] for name in names)


def _details(project: Project, cleaning: Cleaning) -> Iterator[Row | shapes.Refused]:
    """Every judgement as it was given, with what it was given for: work, training, or to be asked again. Marks are
    places in the text as written, so of candidates that cleaning changes they are not told."""
    for comparison in _each(project, judged(project, again=True), cleaning):
        written = {each.pk: each.text for each in comparison.candidates.all()}
        if why := cleaning.left_out(comparison.prompt, *comparison.candidates.all()):
            yield from (why for _ranking in comparison.rankings.all())
            continue
        changed = {each.pk for each in comparison.candidates.all() if each.text != written[each.pk]}
        candidates = [
            {"id": str(candidate.pk), "source": candidate.source, "text": candidate.text}
            for candidate in comparison.candidates.all()
        ]
        for ranking in comparison.rankings.all():
            yield _detail(comparison, ranking, candidates, changed)


def _detail(comparison: Comparison, ranking: Ranking, candidates: list[Row], changed: Collection[UUID]) -> Row:
    return {
        "id": str(ranking.pk),
        "comparison": str(comparison.pk),
        "prompt": comparison.prompt.external_id or str(comparison.prompt_id),
        "candidates": candidates,
        "order": ranking.order,
        "strength": ranking.strength,
        "acceptable": ranking.acceptable,
        "all_bad": ranking.all_bad,
        "criteria": ranking.criteria,
        "chips": ranking.chips,
        "reason": ranking.reason,
        "marks": [
            {"candidate": str(mark.candidate_id), "kind": mark.kind, "start": mark.start, "end": mark.end}
            for mark in ranking.marks.all()
            if mark.candidate_id not in changed
        ],
        "shown": ranking.shown,
        "active_seconds": ranking.active_seconds,
        "repeat_of": str(comparison.repeat_of_id or ""),
        "known_answer": hasattr(comparison, "gold"),
        "in_training": ranking.in_training,
        "ranker": ranking.ranker.username,
        "created_at": ranking.created_at.isoformat(),
    }


def _each(project: Project, comparisons: ComparisonQuerySet, cleaning: Cleaning) -> Iterator[Comparison]:
    with_some = project.prompts.filter(Exists(comparisons.filter(prompt_id=OuterRef("pk"))))
    for page in _pages(with_some):
        cleaning.read(page)
        yield from _compared(comparisons.filter(prompt__in=page))


def _compared(comparisons: ComparisonQuerySet) -> Iterator[Comparison]:
    given = Ranking.objects.select_related("ranker").prefetch_related("marks")
    rankings = Prefetch("rankings", given.order_by("created_at", "pk"))
    found = comparisons.select_related("prompt", "gold").prefetch_related("candidates", rankings)
    yield from found.order_by("prompt__position", "created_at", "pk")


SOURCES: dict[str, Callable[[Project, Cleaning], Iterator[Found]]] = {
    "demonstrations": _demonstrations,
    "preferences": _preferences,
    "rankings": _rankings,
    "prompts": _prompts,
}
