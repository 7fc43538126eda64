"""Where people differ: who may decide, what they see of it, and what becomes of the pairs."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotation import queues
from annotation.actions import Refused, deciding
from annotation.actions.ranking import rank
from annotation.models import Adjudication, Comparison, Event, Mark, Membership
from annotation.quality import agreements
from annotation.quality.agreed import agreed
from tests import factories
from tests.annotation.quality_house import comparisons, ids, judge


@pytest.fixture
def disputed(project, erin, eve) -> Comparison:
    made = comparisons(project, 3)
    for one in made:
        judge(one, erin, "Good", reason="It has the date.", strength=2)
    judge(made[0], eve, "Bad", strength=2)
    judge(made[1], eve, "Good", strength=1)
    judge(made[2], eve, "Good", strength=2)
    return made[0]


def page(project, comparison) -> str:
    return reverse("disagreement", args=[project.pk, comparison.pk])


def test_it_lists_what_people_differ_on_first_what_would_settle_most(sign_in, rita, project, disputed) -> None:
    html = sign_in(rita).get(reverse("disagreements", args=[project.pk])).content.decode()
    rows = [str(pk) for pk in Comparison.objects.values_list("pk", flat=True) if str(pk) in html]
    assert len(rows) == 2, "the third is judged the same"
    first = html.index(str(disputed.pk))
    assert all(first <= html.index(row) for row in rows)


def test_it_keeps_names_hidden_until_they_are_opened_and_records_that(sign_in, rita, project, disputed) -> None:
    client = sign_in(rita)
    closed = client.get(page(project, disputed)).content.decode()
    assert "It has the date." in closed
    assert "Person 1" in closed
    assert "Erin" not in closed
    assert "source-0" not in closed
    client.post(page(project, disputed), {"action": "names"})
    assert "Erin" in client.get(page(project, disputed)).content.decode()
    letter = _letter(disputed, "Good")
    client.post(page(project, disputed), {"action": "decide", "choice": letter, "reason": "The date decides."})
    decision = Adjudication.objects.get()
    assert (decision.names_opened, decision.decided_by, decision.reason) == (True, rita, "The date decides.")
    assert decision.order[0] == [ids(disputed)["Good"]]
    assert Event.objects.filter(verb="opened the names of rankers", actor=rita).count() == 1


def test_what_was_entered_stays_when_the_names_are_opened(sign_in, rita, project, disputed) -> None:
    entered = {"action": "names", "choice": "4", "reason": "Half of a sentence"}
    html = sign_in(rita).post(page(project, disputed), entered).content.decode()
    assert "Erin" in html
    assert "Half of a sentence" in html
    assert 'value="4" data-key="4" checked' in html
    assert not Adjudication.objects.exists()


def _letter(comparison: Comparison, which: str) -> str:
    """The value that says this one is much better, on the decision page."""
    return "1" if sorted(ids(comparison).values())[0] == ids(comparison)[which] else "5"


def test_agreement_is_not_flattered_by_what_was_chosen_because_it_is_clear(project, ada, disputed) -> None:
    before = {each.key: each.report.overall for each in agreements.sections(project)}["pairs"]
    clear = Comparison.objects.exclude(pk=disputed.pk).last()
    deciding.mark_known(comparison=clear, by=ada, order=[[each] for each in ids(clear).values()])
    after = {each.key: each.report.overall for each in agreements.sections(project)}["pairs"]
    assert (before.units, after.units) == (3, 2)


@pytest.mark.parametrize(("needed", "judges", "after"), [(3, 1, 3), (1, 1, 1), (2, 2, 2)])
def test_what_is_a_usual_comparison_again_needs_what_it_needed_before(project, ada, eve, erin, needed, judges, after):
    (one,) = comparisons(project, 1, rankings_needed=needed)
    for user in (erin, eve)[:judges]:
        judge(one, user)
    for _ in range(2):  # changing what is known forgets nothing
        deciding.mark_known(comparison=one, by=ada, order=[[each] for each in ids(one).values()])
    project.rankings_per_comparison = 5
    project.save()
    one = Comparison.objects.select_related("prompt__project").get()
    assert (one.rankings_done, one.rankings_needed) == (judges, judges)
    deciding.unmark_known(comparison=one, by=ada)
    one.refresh_from_db()
    assert (one.rankings_done, one.rankings_needed) == (judges, after)


@pytest.mark.parametrize("unannounced", [True, False])
def test_it_tells_a_reviewer_nothing_of_what_they_have_to_rank(sign_in, project, rita, ada, unannounced) -> None:
    first, second = comparisons(project, 2)
    if unannounced:
        deciding.mark_known(comparison=first, by=ada, order=[[each] for each in ids(first).values()])
        project.gold_percent = 100
        project.save()
    lease = queues.next_to_rank(project, rita)
    assert lease.item_id in ([first.pk] if unannounced else [first.pk, second.pk])
    client = sign_in(rita)
    for name in ("disagreement", "known_answer"):
        answer = client.get(reverse(name, args=[project.pk, lease.item_id]))
        assert answer.url == reverse("rank", args=[project.pk, lease.item_id])
    own = client.get(reverse("ranker", args=[project.pk, rita.pk]))
    assert own.url == reverse("my_ranking", args=[project.pk])


def test_it_asks_for_a_reason(sign_in, rita, project, disputed) -> None:
    answer = sign_in(rita).post(page(project, disputed), {"action": "decide", "choice": "1"})
    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()
    assert not Adjudication.objects.exists()


def test_it_shows_nothing_of_what_is_not_judged_by_all(sign_in, rita, project, erin) -> None:
    (one,) = comparisons(project, 1)
    judge(one, erin, reason="A secret so far.")
    html = sign_in(rita).get(page(project, one)).content.decode()
    assert "A secret so far." not in html
    assert deciding.NOT_YET in html.replace("&#x27;", "'")
    sign_in(rita).post(page(project, one), {"action": "names"})
    assert not Event.objects.filter(verb="opened the names of rankers").exists()


def test_nobody_decides_what_they_ranked_unless_nobody_else_could(project, rita, ada, erin) -> None:
    (one,) = comparisons(project, 1)
    judge(one, erin, "Good")
    judge(one, rita, "Bad")
    one.refresh_from_db()
    values = {"order": [[each] for each in ids(one).values()], "reason": "Mine."}
    with pytest.raises(Refused, match="ranked this one yourself"):
        deciding.decide(comparison=one, by=rita, **values)
    Membership.objects.filter(user=ada).delete()
    assert deciding.may_decide(one, rita) == ("", True)
    assert deciding.decide(comparison=one, by=rita, **values).decided_by == rita


def test_a_decision_stands_in_place_of_the_rankings(project, rita, disputed) -> None:
    every = Comparison.objects.filter(prompt__project=project)
    assert str(disputed.pk) not in agreed(project, every, "majority").pairs
    good, bad = ids(disputed)["Good"], ids(disputed)["Bad"]
    deciding.decide(comparison=disputed, by=rita, order=[[bad], [good]], strength=2, reason="Shorter.")
    found = agreed(project, every, "majority")
    (pair,) = found.pairs[str(disputed.pk)]
    assert (pair.chosen, pair.rejected, pair.strength) == (bad, good, 2.0)
    figures = found.figures(pair)
    assert (figures["origin"], figures["rankers"], figures["judged"]) == ("decided", 2, 1)
    again = deciding.decide(comparison=disputed, by=rita, order=[[good], [bad]], reason="No, the date.")
    assert again.order == [[good], [bad]]
    assert Adjudication.objects.count() == 1
    assert Event.objects.filter(verb="decided a disagreement").first().data["before"] == [[bad], [good]]


def test_nobody_decides_what_is_marked_as_known_while_they_do(project, rita, ada, disputed) -> None:
    order = [[each] for each in ids(disputed).values()]
    read_before = Comparison.objects.select_related("prompt__project", "gold").get(pk=disputed.pk)
    deciding.mark_known(comparison=disputed, by=ada, order=order)
    with pytest.raises(Refused, match="answer of this one is known"):
        deciding.decide(comparison=read_before, by=rita, order=order, reason="Clear.")
    assert not Adjudication.objects.exists()


def test_it_leads_on_to_the_next_one(sign_in, rita, project, disputed) -> None:
    answer = sign_in(rita).post(page(project, disputed), {"action": "decide", "choice": "1", "reason": "Clear."})
    other = [str(pk) for pk in Comparison.objects.exclude(pk=disputed.pk).values_list("pk", flat=True)]
    assert any(answer.url == page(project, one) for one in Comparison.objects.filter(pk__in=other))


def test_what_people_marked_stands_in_the_answers_with_their_numbers(sign_in, rita, project, erin, eve) -> None:
    text = "Owed & <b>paid</b>\r\nis $10 in all."
    made = factories.comparison(factories.prompt(project), [text, "Nothing marked."], rankings_needed=2)
    candidates = {each.text: each for each in made.candidates.all()}
    order = [[str(each.pk)] for each in candidates.values()]
    for user in (erin, eve):
        deciding_on = Comparison.objects.select_related("prompt__project").get(pk=made.pk)
        ranking = rank(comparison=deciding_on, by=user, order=order).ranking
        start = text.index("$10")
        Mark.objects.create(ranking=ranking, candidate=candidates[text], kind="number", start=start, end=start + 3)
    wide = Mark.objects.filter(ranking__ranker=eve)
    wide.update(kind="missing", start=text.index("<b>"))
    numbers = {each.ranker: at for at, each in enumerate(made.rankings.order_by("pk"), start=1)}
    html = sign_in(rita).get(page(project, made)).content.decode()
    both = f"{numbers[eve]} Missing fact, {numbers[erin]} Wrong number"
    assert (
        f'<mark class="error">&lt;b&gt;paid&lt;/b&gt;\nis </mark><mark class="error" data-kinds="{both}">$10</mark>'
        in html
    )
    assert html.count('<mark class="error"') == 2
    assert "Owed &amp; <mark" in html
    assert "Erin" not in html
