"""Prompts like another one: found by rare words, on either database, on the page, by the command and the API."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation import alike
from annotation.models import Project, Prompt
from tests import factories

pytestmark = pytest.mark.django_db
TOWED = "The landlord had the car towed from the complex at night, and the bumper was damaged."


@pytest.fixture
def towed(project: Project, ada: Any) -> Prompt:
    for number in range(5):
        factories.prompt(project, external_id=f"roof-{number}", input=f"The roof leaks in flat {number} since spring.")
    factories.prompt(project, external_id="near", input=f"{TOWED} She wants the fee back.")
    factories.prompt(project, external_id="far", input="A bumper sticker on the car of the landlord.")
    other = factories.project(created_by=ada, name="Another")
    factories.prompt(other, external_id="elsewhere", input=TOWED)
    return factories.prompt(project, external_id="towed", input=TOWED)


def test_it_finds_the_most_alike_first_and_nothing_of_other_projects(towed: Prompt) -> None:
    found = alike.to(towed)
    assert [each.prompt.external_id for each in found[:2]] == ["near", "far"]
    assert found[0].shared > 0.5 > found[1].shared
    assert "elsewhere" not in {each.prompt.external_id for each in found}
    for odd in ("???", "a b c", "日本語 ' \" \\ | & ! (:*)"):
        Prompt.objects.filter(pk=towed.pk).update(instruction="", input=odd)
        towed.refresh_from_db()
        assert alike.to(towed) == []


def test_page_command_and_api_say_the_same(towed: Prompt, sign_in: Any, ada: Any) -> None:
    client, where = sign_in(ada), [towed.project_id, towed.pk]
    page = client.get(reverse("prompt_similar", args=where)).content.decode()
    assert page.index(">near</a>") < page.index(">far</a>")
    told = client.get(reverse("api_prompt_similar", args=where)).json()
    assert told["similar"][0]["prompt"]["external_id"] == "near"
    named = ["--project", str(towed.project_id), "--by", "ada"]
    call_command("similar_prompts", *named, "--prompt", str(towed.pk), "--json", stdout=(out := StringIO()))
    assert json.loads(out.getvalue())["similar"][0]["shared"] == told["similar"][0]["shared"]
    with pytest.raises(CommandError, match="no such prompt"):
        call_command("similar_prompts", *named, "--prompt", "00000000-0000-0000-0000-000000000000")
