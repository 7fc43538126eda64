from __future__ import annotations

import re
from collections import Counter
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from annotation import queues
from annotation.demo import loader
from annotation.models import Comparison, Demonstration, Project, Prompt, Role, SignInLink

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Project:
    return loader.load()[0]


def test_it_loads_people_of_each_role_without_passwords(demo: Project) -> None:
    people = {each.user.username: (each.role, each.user.get_full_name()) for each in demo.memberships.all()}
    assert people == {
        "erin": (Role.EXPERT, "Erin Okafor"),
        "rita": (Role.REVIEWER, "Rita Lindqvist"),
        "ada": (Role.ADMIN, "Ada Moreau"),
    }
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert User.objects.get(username="ada").is_staff


def test_it_leaves_work_for_everybody(demo: Project) -> None:
    assert demo.prompts.count() == 216
    assert 45 <= demo.prompts.held_out().count() <= 58
    assert demo.prompts.awaiting_response().count() == 12
    statuses = Counter(Demonstration.objects.values_list("status", flat=True))
    assert (statuses["submitted"], statuses["returned"]) == (8, 1)
    assert statuses["approved"] > 120
    erin, rita = (User.objects.get(username=name) for name in ("erin", "rita"))
    assert queues.next_to_write(demo, erin)
    assert queues.next_to_rank(demo, erin)
    assert queues.next_to_approve(demo, rita)


def test_it_holds_out_references_and_no_demonstrations(demo: Project) -> None:
    held_out = demo.prompts.held_out()
    assert not Demonstration.objects.filter(prompt__in=held_out).exists()
    assert not held_out.filter(reference="").exists()
    teaching = demo.prompts.for_teaching()
    assert 0.05 < teaching.filter(split="validation").count() / teaching.count() < 0.15


def test_it_never_parts_a_group(demo: Project) -> None:
    sides: dict[str, set[str]] = {}
    for group, split in demo.prompts.values_list("group", "split"):
        sides.setdefault(group, set()).add(split)
    assert all(len(side) == 1 for side in sides.values())


def test_it_has_well_formed_responses(demo: Project) -> None:
    headings = [f"{heading}:" for heading in demo.sections]
    texts = [*Demonstration.objects.values_list("text", flat=True), *demo.prompts.values_list("reference", flat=True)]
    for text in filter(None, texts):
        assert [heading for heading in re.findall(r"^[A-Z][a-z ]+:", text, re.M) if heading in headings] == headings


def test_it_offers_comparisons_of_training_prompts(demo: Project) -> None:
    comparisons = list(Comparison.objects.select_related("prompt"))
    assert len(comparisons) == 6
    assert all(each.prompt.split == "train" for each in comparisons)
    assert {each.candidates.count() for each in comparisons} == {2, 3}


def test_it_changes_nothing_when_loaded_again(demo: Project) -> None:
    before = (Prompt.objects.count(), Comparison.objects.count(), User.objects.count())
    again, made = loader.load()
    assert (again, made) == (demo, False)
    assert (Prompt.objects.count(), Comparison.objects.count(), User.objects.count()) == before


def test_it_is_the_same_on_every_machine(demo: Project) -> None:
    """Which notes are held out is part of what results are compared by."""
    held_out = list(demo.prompts.held_out().order_by("external_id").values_list("external_id", flat=True))
    assert held_out[:5] == ["empcon-001", "empcon-002", "empcon-009", "empcon-019", "empcon-020"]


def test_it_lets_an_expert_begin_by_link(demo: Project) -> None:
    out = StringIO()
    call_command("sign_in_link", "erin", stdout=out)
    path = out.getvalue().strip().removeprefix("http://localhost:8000")
    client = Client()
    client.post(path)
    page = client.get(f"/projects/{demo.pk}/").content.decode()
    assert "returned to you" in page
    assert SignInLink.objects.get().used_at


def test_it_is_loaded_by_a_command(demo: Project) -> None:
    out = StringIO()
    call_command("load_demo", stdout=out)
    assert "was here already" in out.getvalue()
