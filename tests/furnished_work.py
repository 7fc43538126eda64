"""What people do in the furnished project: write, rank, differ, talk. With the pages that show it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth.models import User

from annotation import precedent, queues
from annotation.actions.approving import send_back
from annotation.actions.deciding import decide, mark_known
from annotation.actions.discussing import raise_flag, remark
from annotation.actions.guidelines import write_guidelines
from annotation.actions.ranking import rank
from annotation.actions.rechecking import ask_again
from annotation.models import Comparison, Demonstration, Project, Ranking, Recheck
from tests import factories


@dataclass(frozen=True)
class Page:
    """A page to open: its URL name and arguments, as whom, and what state it shows."""

    name: str
    arguments: list[str] = field(default_factory=list)
    who: str = "ada"
    state: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.state})" if self.state else self.name


def writing(project: Project, pk: str, erin: User, rita: User, ada: User) -> list[Page]:
    waiting = queues.approvable(project, rita)
    returned, submitted, fixed = waiting[0], waiting[1], waiting[2]
    send_back(demonstration=returned, by=rita, version=returned.version, note="Name the deadline in the next step.")
    approved = Demonstration.objects.approved().filter(prompt__project=project, author=erin).first()
    assert approved
    to_write = project.prompts.awaiting_response()[0]
    first = project.current_guidelines()
    assert first
    write_guidelines(project=project, text=f"{first.text}\n\nOne more rule.", by=ada)
    return [
        Page("write", [pk, str(to_write.pk)], "erin"),
        Page("write", [pk, str(returned.prompt_id)], "erin", "returned"),
        Page("write", [pk, str(approved.prompt_id)], "erin", "approved"),
        Page("approve", [pk, str(submitted.pk)], "rita"),
        Page("approve", [pk, f"{fixed.pk}"], "rita", "another"),
        Page("prompt", [pk, str(approved.prompt_id)]),
        Page("prompt_similar", [pk, str(approved.prompt_id)]),
        Page("guidelines_version", [pk, "1"], state="older"),
    ]


def ranking(project: Project, pk: str, people: list[User]) -> list[Page]:
    erin = people[0]
    comparisons = list(Comparison.objects.filter(prompt__project=project, rankings_done=0)[:4])
    for comparison in comparisons[:3]:
        better, *others = [str(candidate.pk) for candidate in comparison.candidates.all()]
        rank(comparison=comparison, by=erin, order=[[better], *([other] for other in others)])
    three = factories.comparison(
        project.prompts.for_teaching().last(), ["One answer.", "Another answer.", "A third answer."]
    )
    for one in (comparisons[3], three):
        type(one).objects.filter(pk=one.pk).update(rankings_needed=len(people))
        one.refresh_from_db()
        for person in people:
            queues.hold_comparison(one, person)  # as the queue hands it out, before the page is shown
    return [
        Page("rank", [pk, str(comparisons[3].pk)], "erin"),
        Page("rank", [pk, str(three.pk)], "erin", "three candidates"),
        Page("rank", [pk, str(comparisons[0].pk)], "erin", "done"),
        Page("correct", [pk, str(three.pk)], "erin"),
        Page("correct_one", [pk, str(three.pk), "B"], "erin"),
    ]


def quality(project: Project, pk: str, erin: User, rita: User, ada: User) -> list[Page]:
    """Two people differ, one comparison is decided, one known, and a reviewer has begun the training."""
    prompt = project.prompts.for_teaching().last()
    assert prompt
    made = [
        factories.comparison(prompt, [f"The first answer to {at}.", f"The second answer to {at}."], rankings_needed=2)
        for at in range(5)
    ]
    orders = [[[str(each.pk)] for each in one.candidates.all()] for one in made]
    for one, order in zip(made[:3], orders, strict=False):
        rank(comparison=one, by=erin, order=order, reason="It names the deadline.")
        rank(comparison=one, by=ada, order=order[::-1], reason="It is shorter.")
        one.refresh_from_db()
    decide(comparison=made[1], by=rita, order=orders[1], reason="The deadline is what counts.")
    mark_known(comparison=made[2], by=ada, order=orders[2])
    for one, order in zip(made[3:], orders[3:], strict=True):
        mark_known(comparison=one, by=ada, order=order, explanation="It names the deadline.", for_training=True)
    lease = queues.next_to_rank(project, rita)
    assert lease
    rank(
        comparison=Comparison.objects.select_related("prompt__project").get(pk=lease.item_id), by=rita, order=orders[3]
    )
    return [
        Page("agreement", [pk], "rita"),
        Page("disagreements", [pk], "rita"),
        Page("disagreement", [pk, str(made[0].pk)], "rita"),
        Page("disagreement", [pk, str(made[1].pk)], "rita", "decided"),
        Page("known_answer", [pk, str(made[0].pk)], "ada", "new"),
        Page("known_answer", [pk, str(made[2].pk)], "ada", "known"),
        Page("ranker", [pk, str(erin.pk)], "rita"),
        Page("my_ranking", [pk], "erin"),
        Page("rank_training", [pk], "rita", "begun"),
        Page("rank_explained", [pk, str(lease.item_id)], "rita"),
    ]


def talk(project: Project, pk: str, erin: User, rita: User, ada: User) -> list[Page]:
    """Remarks and a flag on one prompt; a response and a ranking asked for again under newer guidelines."""
    prompt = project.prompts.awaiting_response()[0]
    queues.hold_prompt(prompt, erin)  # she reads its remarks as who writes for it
    remark(prompt=prompt, by=erin, text="Which of the two dates counts?")
    remark(prompt=prompt, by=rita, text="The later one: the first notice was withdrawn.")
    raise_flag(prompt=prompt, by=erin, reason="The note names two landlords.")
    similar = precedent.precedents(prompt)[0]
    first = project.guidelines.get(version=1)
    Ranking.objects.filter(pk=Ranking.objects.filter(project=project, ranker=erin)[0].pk).update(guidelines=first)
    ask_again(project=project, by=ada, versions=[0, 1])
    asked = Recheck.objects.open().filter(project=project, person=erin)
    of_response, of_ranking = asked.exclude(demonstration=None)[0], asked.exclude(ranking=None)[0]
    return [
        Page("discussion", [pk, str(prompt.pk)], "erin"),
        Page("precedents", [pk, str(prompt.pk)], "erin"),
        Page("precedent", [pk, str(prompt.pk), str(similar.demonstration.pk)], "erin"),
        Page("recheck_next", [pk], "erin"),
        Page("recheck_next", [pk], "rita", "nothing asked"),
        Page("recheck", [pk, str(of_response.pk)], "erin", "a response"),
        Page("recheck", [pk, str(of_ranking.pk)], "erin", "a ranking"),
    ]
