"""Files that are taken out hold what experts confirmed under Cleaning, unless somebody wants the texts as written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from annotation import parts
from annotation.actions import cleaning, exporting
from annotation.exports import job
from annotation.exports.kinds import KINDS
from annotation.models import Export, Finding, Project, Ranking
from tests import factories
from tests.annotation.cleaning_house import furnished, run

pytestmark = pytest.mark.django_db
WRITTEN = "denise.okafor@gmail.com"


def taken(project: Project, by: User, kind: str, as_written: bool = False) -> tuple[Export, list[dict[str, Any]]]:
    work = exporting.start(project=project, kind=kind, by=by, as_written=as_written, ring=False)
    parts.run(work, job.do)
    assert (work.status, work.problem) == ("done", "")
    assert work.path is not None
    return work, [json.loads(line) for line in work.path.read_text(encoding="utf-8").splitlines()]


def test_texts_are_cleaned_and_ids_stay(project: Project, ada: User, erin: User, sign_in: Any) -> None:
    made = furnished(project, erin)
    best, worst = made["comparison"].candidates.order_by("-text")
    ranking = Ranking.objects.create(
        comparison=made["comparison"], ranker=erin, order=[[str(best.pk)], [str(worst.pk)]]
    )
    ranking.marks.create(candidate=worst, kind="good", start=0, end=4)
    text = "The tenant has thirty days from the fifth of March to bring the claim before the court."
    for number in range(2):
        prompt = factories.prompt(project, instruction="Sum up.", input=text)
        factories.demonstration(prompt, erin, text=f"Answer {number}.")
    before = {kind: taken(project, ada, kind)[1] for kind in KINDS}
    run(project, ada, ["email", "duplicate"])
    assert {kind: taken(project, ada, kind)[1] for kind in KINDS} == before, "only what is confirmed counts"
    cleaning.decide_all(project=project, kind="email", act="confirm", by=ada)
    cleaning.decide(finding=Finding.objects.get(kind="duplicate"), act="confirm", by=ada)
    for kind in KINDS:
        work, rows = taken(project, ada, kind)
        assert WRITTEN in json.dumps(before[kind])
        assert WRITTEN not in json.dumps(rows)
        assert "rosa.diaz@gmail.com" not in json.dumps(rows)
        left = 1 if kind in ("demonstrations", "prompts") else 0
        assert work.left_out == ({"Confirmed under Cleaning: same text.": 1} if left else {})
        for name in ("id", "external_id", "prompt"):
            ids = [row[name] for row in before[kind] if isinstance(row.get(name), str)]
            assert len(ids) - left * bool(ids) == len([row for row in rows if row.get(name) in ids])
        assert taken(project, ada, kind, as_written=True)[1] == before[kind]
    assert before["rankings"][0]["marks"]
    assert not taken(project, ada, "rankings")[1][0]["marks"]
    made["taught"].refresh_from_db()
    assert WRITTEN in made["taught"].input
    page = sign_in(ada).get(reverse("export", args=[project.pk])).content.decode()
    assert "1 row left out: Confirmed under Cleaning: same text." in page
    assert "Texts as they were written" in page
