"""What the furnished project has judged and put to use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from annotation.models import Project
from evaluation import scoring
from evaluation.models import Contestant, Evaluation, Promotion
from tests.evaluation import factories as judged
from tests.furnished_training import LONG_AFTER
from tests.furnished_work import Page
from training.jobs import Status
from training.models import (
    Adapter,
    BaseModel,
)


def evaluation(
    project: Project, ada: User, adapters: list[Adapter | None], text: str | None = None, **fields: Any
) -> Evaluation:
    """As judged.evaluation makes one, but the base model is the one that is there."""
    made = judged.evaluation(project, [], **fields)
    texts = [judged.POOR, judged.FAIR, judged.GOOD]
    for position, adapter in enumerate(adapters):
        one = contestant(made, ada, position, adapter)
        judged.answer(one, text or texts[position % 3])
    return made


def contestant(made: Evaluation, ada: User, position: int, adapter: Adapter | None, **fields: Any) -> Contestant:
    return Contestant.objects.create(
        evaluation=made,
        position=position,
        adapter=adapter,
        base_model=BaseModel.objects.default(),
        params={"max_new_tokens": 256},
        created_by=ada,
        **{"status": Status.SUCCEEDED, **fields},
    )


def judging(project: Project, pk: str, erin: User, rita: User, ada: User, adapters: list[Adapter]) -> list[Page]:
    done = evaluation(project, ada, [None, *adapters], name="Before the promotion", reviewed_prompts=6)
    judged.review_all(done, rita)
    blind = evaluation(project, ada, [None, adapters[0]], name="Under review", reviewed_prompts=4)
    at_work = evaluation(project, ada, [None], name="At work", reviewed_prompts=4)
    live = {"lease_owner": uuid4(), "lease_expires_at": timezone.now() + LONG_AFTER}
    contestant(at_work, ada, 1, adapters[0], status="running", progress={"done": 3, "total": 12}, **live)
    contestant(at_work, ada, 2, adapters[1], status="failed", failure_message="The machine ran out of memory.")
    lease = scoring.next_to_score(project, erin)
    assert lease
    return [
        Page("evaluation", [pk, str(done.pk)], state="complete"),
        Page("evaluation", [pk, str(done.pk)], "rita", "complete, reviewer"),
        Page("evaluation", [pk, str(blind.pk)], state="under review"),
        Page("evaluation", [pk, str(at_work.pk)], state="at work"),
        Page("evaluation_outputs", [pk, str(done.pk)]),
        Page("evaluation_outputs", [pk, str(blind.pk)], state="closed"),
        Page("score", [pk, str(lease.pk)], "erin"),
    ]


def promotion(project: Project, pk: str, ada: User, adapters: list[Adapter]) -> list[Page]:
    now = timezone.now()
    common = {"project": project, "promoted_by": ada, "reason": "It keeps the dates and invents nothing."}
    ended = {"ended_by": ada, "ended_at": now, "promoted_at": now - timedelta(days=3)}
    Promotion.objects.create(adapter=adapters[0], **common, **ended)
    Promotion.objects.create(adapter=adapters[1], promoted_at=now, **common)
    return [Page("promotions", [pk], state="something in use")]
