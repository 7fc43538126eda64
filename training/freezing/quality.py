"""What there is to know of a version's rows before anybody learns from them: figures for people, kept with it."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from annotation.models import Demonstration, Finding, Project
from training.freezing.row import Row
from training.tokens import of_default_model

MOST_NAMED = 10
AT_ONCE = 1_000


def report(project: Project, rows: list[Row]) -> dict[str, Any]:
    """Repeats, balance and agreement; tokens where the base model's own count is there."""
    answers = Counter(row.content_sha256 for row in rows)
    asked = Counter(_asked(row) for row in rows)
    groups = Counter(row.group for row in rows)
    people = Counter(person for row in rows for person in row.people)
    agreements = [row.content["agreement"] for row in rows if row.content.get("agreement") is not None]
    return {
        "findings_open": project.findings.filter(status=Finding.Status.OPEN).count(),
        "repeated": sum(answers.values()) - len(answers),
        "asked_again": sum(asked.values()) - len(asked),
        "by_group": [{"group": name, "rows": number} for name, number in groups.most_common(MOST_NAMED)],
        "by_person": [{"person": pk, "rows": number} for pk, number in people.most_common(MOST_NAMED)],
        "agreement": round(statistics.fmean(agreements), 4) if agreements else None,
        "judged": len(agreements),
        "swapped_copies": _swapped(project, rows),
        "scores": _scores(rows),
        "tokens": _tokens(project, rows),
    }


def _swapped(project: Project, rows: list[Row]) -> int:
    copies = Demonstration.objects.filter(project=project, origin=Demonstration.Origin.SWAPPED)
    ids = {str(pk) for pk in copies.values_list("pk", flat=True)}
    return sum(row.id in ids for row in rows)


def _scores(rows: list[Row]) -> dict[str, int] | None:
    """Of the responses, as they were when the version was frozen."""
    known = [row.score for row in rows if row.score is not None]
    if not known:
        return None
    return {"lowest": min(known), "median": round(statistics.median(known)), "highest": max(known)}


def _asked(row: Row) -> str:
    return row.content.get("text") or "\n".join(message["content"] for message in row.content["prompt"])


def _answered(row: Row) -> Iterator[str]:
    """The longer of two answers decides what a pair takes."""
    given = [row.content[name] for name in ("completion", "chosen", "rejected") if name in row.content]
    yield from sorted(("\n".join(message["content"] for message in each) for each in given), key=len)[-1:]


def _tokens(project: Project, rows: list[Row]) -> dict[str, Any] | None:
    """Of prompt and answer together, as the default base model counts, and how many rows it would cut off."""
    lent = of_default_model()
    if lent is None or not rows:
        return None
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(lent.tokenizer))
    texts = ("\n".join([_asked(row), *_answered(row)]) for row in rows)
    counts = sorted(number + lent.around for number in _counted(tokenizer, texts))
    return {
        "all": sum(counts),
        "shortest": counts[0],
        "median": round(statistics.median(counts)),
        "longest": counts[-1],
        "limit": project.token_limit,
        "too_long": sum(number > project.token_limit for number in counts),
    }


def _counted(tokenizer: Any, texts: Iterable[str]) -> Iterator[int]:
    waiting = iter(texts)
    while some := list(islice(waiting, AT_ONCE)):
        yield from (len(each.ids) for each in tokenizer.encode_batch(some, add_special_tokens=False))
