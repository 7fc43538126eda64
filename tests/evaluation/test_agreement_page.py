"""The page on agreement: a figure for each kind of label, with n and interval, or the reason why there is none."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from annotation.models import Project
from tests.annotation.quality_house import comparisons, judge


def page(sign_in: Any, who: Any, project: Project) -> Any:
    return sign_in(who).get(reverse("agreement", args=[project.pk]))


def test_it_says_why_there_is_no_figure(sign_in: Any, rita: Any, project: Project) -> None:
    html = page(sign_in, rita, project).content.decode()
    assert "Nothing has been judged twice yet" in html
    assert "Nobody has judged anything yet." in html
    assert "Scores: accuracy" in html
    assert "nan" not in html.lower()


def test_it_gives_figures_with_intervals_pairs_of_people_and_the_worst_items(
    sign_in: Any, rita: Any, erin: Any, eve: Any, project: Project
) -> None:
    made = comparisons(project, 12)
    for at, one in enumerate(made):
        judge(one, erin, "Good", strength=2)
        judge(one, eve, "Bad" if at == 3 else "Good", strength=1 if at % 2 else 2)
    html = page(sign_in, rita, project).content.decode()
    assert "Krippendorff&#x27;s alpha, ordinal" in html
    assert "24 judgements by 2 people" in html
    assert "(95 %)" in html
    assert "Erin Expert and Eve Engineer" in html or "Eve Engineer and Erin Expert" in html
    worst = html.index("Where people differ most")
    assert str(made[3].pk) in html[worst : worst + 900]


def test_it_is_for_reviewers_and_admins(sign_in: Any, erin: Any, project: Project) -> None:
    assert page(sign_in, erin, project).status_code == 403
