"""What an expert can reach before the judgement is locked, crawled: nothing in it tells which model wrote what."""

from __future__ import annotations

import html
import re
from itertools import product
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from knox.models import AuthToken

from annotation.actions.ranking import create_comparison, for_history
from annotation.models import Candidate, Comparison, Event, Lease, Project, Prompt, Ranking
from tests import factories
from tests.test_access import EVERY, IN_A_PROJECT

MODELS = ["marker-of-the-base-model", "marker-of-the-sft-adapter", "marker-of-the-dpo-adapter"]
RUN = "marker-of-the-sampling"
SEED = 998_877_665_544
LINKS = re.compile(r'(?:href|action|src|hx-[a-z]+|data-[a-z-]+)="(/[^"]*)"')
PAGES_ENOUGH = 400


@pytest.fixture
def comparisons(project: Project, ada: User) -> list[Comparison]:
    """A pair, three and one that somebody else has judged, with what is told of their making in the history."""
    made = []
    for count, text in ((2, "Pair"), (3, "Three"), (2, "Half done")):
        candidates = [(f"{text}, answer {number}.", MODELS[number]) for number in range(count)]
        prompt = factories.prompt(project)
        made.append(create_comparison(prompt=prompt, candidates=candidates, by=ada, source=RUN, seed=SEED))
    Comparison.objects.update(rankings_needed=2)
    ids = [str(each.pk) for each in made[2].candidates.all()]
    rita = project.memberships.get(role="reviewer").user
    given = Ranking.objects.create(
        comparison=made[2], ranker=rita, order=[ids], reason="marker-of-another-judge", shown=ids
    )
    Event.record("ranked candidates", given, by=rita, project=project, **for_history(given))
    Comparison.objects.filter(pk=made[2].pk).update(rankings_done=1)
    return made


@pytest.fixture
def telling(comparisons: list[Comparison]) -> list[str]:
    """Every string that would tell something, in each way it might be written."""
    ids = [form for pk in Candidate.objects.values_list("pk", flat=True) for form in (str(pk), pk.hex)]
    return [*MODELS, RUN, "marker-of-another-judge", str(SEED), "marker", *ids]


def told(response: HttpResponse, telling: list[str]) -> list[str]:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = "".join(f"{name}: {value}\n" for name, value in response.headers.items())
    sent = html.unescape(body.decode(errors="replace")) + headers + str(response.cookies)
    return [secret for secret in telling if secret in sent]


def everywhere(project: Project, user: User) -> set[str]:
    """Each address of a project with each id that an expert might know or guess."""
    models = [Comparison, Candidate, Prompt, Lease]  # candidates: were the id of one to leak elsewhere
    known = [pk for model in models for pk in model.objects.values_list("pk", flat=True)[:1]]
    guesses = {"uuid": known, "int": [1, user.pk], "str": ["A", "B", "rankings"], "slug": ["train"]}
    found = set()
    for name in IN_A_PROJECT:
        parameters = re.findall(r"<(?:(\w+):)?(\w+)>", EVERY[name].route)
        choices = [[project.pk] if parameter == "pk" else guesses[kind or "str"] for kind, parameter in parameters]
        for values in product(*choices):
            found.add(reverse(name, kwargs=dict(zip([each for _, each in parameters], values, strict=True))))
    return found


def crawl(client: Client, starts: set[str], telling: list[str]) -> tuple[dict[str, list[str]], int]:
    """What any page tells that it should not, by address; and how many answered."""
    waiting, seen, leaks, answered = sorted(starts), set(starts), {}, 0
    while waiting:
        path = waiting.pop()
        response = client.get(path)
        answered += response.status_code == 200
        if found := [secret for secret in told(response, telling) if secret not in path]:
            leaks[path] = found  # besides what was asked with
        links = [response["Location"]] if response.status_code == 302 else []
        if response.get("Content-Type", "").startswith("text/html"):
            links += LINKS.findall(response.content.decode())
        for link in map(html.unescape, links):
            where = link.split("#")[0]
            if where not in seen and not where.startswith(("/static/", "/sign-out")):
                seen.add(where)
                waiting.append(where)
        assert len(seen) < 10 * PAGES_ENOUGH
    return leaks, answered


def test_it_tells_an_expert_nothing_on_any_page(client, project, erin, comparisons, telling):
    client.force_login(erin)
    client.get(reverse("rank_next", args=[project.pk]))
    for each in comparisons:
        client.get(reverse("rank", args=[project.pk, each.pk]))
    leaks, answered = crawl(client, {"/", *everywhere(project, erin)}, telling)
    assert leaks == {}
    assert answered > 15


def test_it_tells_a_script_of_an_experts_nothing(project, erin, comparisons, telling):
    _, token = AuthToken.objects.create(user=erin)
    client = Client(headers={"Authorization": f"Bearer {token}"})
    leaks, answered = crawl(client, everywhere(project, erin), telling)
    assert leaks == {}
    assert answered >= len(comparisons)


def test_it_tells_nothing_in_what_it_answers_to_a_form(client, project, erin, comparisons, telling):
    client.force_login(erin)
    pair = comparisons[0]
    where = reverse("rank", args=[project.pk, pair.pk])
    client.get(where)
    lease = Lease.objects.get(item_id=pair.pk)
    asked = [
        (where, {"action": "submit"}, 422),
        (where, {"action": "submit", "choice": "0", "version": 0}, 422),
        (reverse("draft_save", args=[project.pk, lease.pk]), {"choice": "1", "version": 0}, 200),
        (reverse("draft_save", args=[project.pk, lease.pk]), {"choice": "2", "version": 0}, 409),
        (reverse("correct_one", args=[project.pk, pair.pk, "A"]), {"text": ""}, 422),
        (reverse("correct_one_save", args=[project.pk, pair.pk, "A"]), {"text": "Better", "version": 0}, 200),
        (reverse("correct_one_save", args=[project.pk, pair.pk, "A"]), {"text": "Other", "version": 0}, 409),
        (reverse("correct_one", args=[project.pk, pair.pk, "A"]), {"text": "Best", "version": 0}, 409),
        (reverse("correct_one", args=[project.pk, pair.pk, "A"]), {"text": "Best", "version": 1}, 302),
        (reverse("api_rankings", args=[project.pk]), {"comparison": str(pair.pk), "order": [["A"]]}, 400),
        (where, {"action": "submit", "choice": "1", "version": 1}, 302),
        (reverse("api_rankings", args=[project.pk]), {"comparison": str(pair.pk), "order": [["A"], ["B"]]}, 200),
        (reverse("rank_take_back", args=[project.pk, pair.pk]), {}, 302),
    ]
    for path, data, status in asked:
        api = {"content_type": "application/json"} if path.startswith("/api") else {}
        response = client.post(path, data, **api)
        assert (path, response.status_code) == (path, status)
        assert told(response, telling) == []
    demonstration = pair.prompt.demonstrations.get()
    shown = client.get(reverse("write", args=[project.pk, demonstration.prompt_id]))
    assert told(shown, telling) == [], "an answer edited from a candidate does not say whose it was"


def test_it_sends_the_same_bytes_whichever_model_wrote_what(client, project, erin, comparisons):
    """Names swapped behind the screen change nothing on it."""
    client.force_login(erin)
    paths = [
        *(reverse("rank", args=[project.pk, each.pk]) for each in comparisons),
        *(reverse("rank_differences", args=[project.pk, each.pk]) for each in comparisons),
        *(reverse("api_comparison", args=[project.pk, each.pk]) for each in comparisons),
        *(reverse("correct", args=[project.pk, each.pk]) for each in comparisons),
    ]

    def seen() -> list[str]:
        bodies = [client.get(path).content.decode() for path in paths]
        return [re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", body) for body in bodies]

    seen()
    before = seen()
    for candidate in Candidate.objects.all():
        candidate.source = MODELS[2 - MODELS.index(candidate.source)]
        candidate.save()
    assert seen() == before


def test_it_gives_no_time_away_in_ids_and_no_order_in_places(project, erin):
    """Ids are random, not counted nor timed, and what was written first stands at A as often as not."""
    first_at_a = 0
    for number in range(60):
        pair = [(f"First {number}", MODELS[0]), (f"Second {number}", MODELS[1])]
        comparison = create_comparison(prompt=factories.prompt(project), candidates=pair, by=None, seed=number * 7919)
        ids = [comparison.pk, *comparison.candidates.values_list("pk", flat=True)]
        assert {UUID(str(pk)).version for pk in ids} == {4}
        client = Client()
        client.force_login(erin)
        found = client.get(reverse("api_comparison", args=[project.pk, comparison.pk])).json()
        assert set(found) == {"id", "prompt", "instruction", "input", "history", "candidates"}, "no time of making"
        assert not [value for value in map(str, found.values()) if len(value) < 40 and parse_datetime(value)]
        first_at_a += found["candidates"][0]["text"].startswith("First")
    assert 15 <= first_at_a <= 45
