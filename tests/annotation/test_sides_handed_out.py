"""The order in which candidates are shown, through the real queue: stored when handed out, and balanced."""

from __future__ import annotations

import random
from collections import Counter

from annotation import queues
from annotation.actions.ranking import rank
from annotation.models import Candidate, Comparison, Lease, Ranker, Ranking
from annotation.sides import MOST
from tests import factories
from tests.addresses import shown_at

MODELS = ["model-p", "model-q", "model-r"]


def work(project, user, items: int, draw: random.Random | None = None) -> None:
    """Somebody who takes what the queue gives and always prefers what is shown first."""
    for _ in range(items):
        lease = queues.next_to_rank(project, user)
        assert lease is not None
        comparison = Comparison.objects.select_related("prompt__project").get(pk=lease.item_id)
        if draw and draw.random() < 0.2:
            queues.release(lease)
            continue
        rank(comparison=comparison, by=user, order=[[each] for each in lease.shown])


def prepare(project, items: int, candidates: int = 2, needed: int = 2) -> None:
    draw = random.Random(7)
    one = factories.prompt(project)
    for number in range(items):
        made = Comparison.objects.create(prompt=one, seed=draw.getrandbits(60), rankings_needed=needed)
        for source in draw.sample(MODELS, candidates):
            Candidate.objects.create(comparison=made, text=f"{source} says {number}", source=source)


def test_it_stays_balanced_for_each_person_and_each_two_sources(project, erin, eve) -> None:
    prepare(project, 45)
    for user in (erin, eve):
        work(project, user, 45)
        sources = {str(pk): source for pk, source in Candidate.objects.values_list("pk", "source")}
        first = Counter(
            tuple(sources[each] for each in shown)
            for shown in Ranking.objects.filter(ranker=user).values_list("shown", flat=True)
        )
        assert sum(first.values()) == 45
        for one, other in [("model-p", "model-q"), ("model-p", "model-r"), ("model-q", "model-r")]:
            assert abs(first[one, other] - first[other, one]) <= MOST
        ahead = Ranker.objects.get(user=user).ahead
        assert {(one, other): n for one, others in ahead.items() for other, n in others.items()} == first


def test_it_counts_what_was_skipped_and_keeps_its_order_when_it_comes_back(project, erin) -> None:
    prepare(project, 6)
    lease = queues.next_to_rank(project, erin)
    before = lease.shown
    queues.release(lease)
    work(project, erin, 5)
    back = queues.next_to_rank(project, erin)
    assert (back.item_id, back.shown) == (lease.item_id, before)
    ahead = Ranker.objects.get(user=erin).ahead
    assert sum(n for others in ahead.values() for n in others.values()) == 6


def test_it_stores_one_order_however_often_the_page_is_loaded(client, project, erin) -> None:
    prepare(project, 1, candidates=3)
    client.force_login(erin)
    address = shown_at(client.get(f"/projects/{project.pk}/rank/"))
    texts = list(Candidate.objects.values_list("text", flat=True))
    orders = set()
    for _ in range(3):
        page = client.get(address).content.decode()
        orders.add(tuple(sorted(texts, key=page.index)))
    shown = Lease.objects.get().shown
    assert orders == {tuple(Candidate.objects.get(pk=pk).text for pk in shown)}


def test_it_keeps_the_letters_of_a_draft_that_was_begun_before_orders_were_stored(project, erin) -> None:
    prepare(project, 1)
    lease = queues.next_to_rank(project, erin)
    comparison = Comparison.objects.get()
    Lease.objects.update(shown=[], draft={"choice": "a"})
    by_seed = queues.order_for(comparison, erin)
    assert queues.hold_comparison(comparison, erin).shown == by_seed
    assert lease.pk == Lease.objects.get().pk
