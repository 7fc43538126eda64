from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from annotation.models import Event, Prompt, Split
from evaluation.actions import freeze_evaluation_set
from evaluation.actions.freezing import unchanged
from tests import factories


@pytest.fixture
def held_out(project) -> list[Prompt]:
    return [factories.prompt(project, split=Split.EVALUATION, reference=f"Answer {n}") for n in range(3)]


def test_it_freezes_the_held_out_prompts_that_have_a_reference(project, ada, held_out):
    factories.prompt(project, reference="taught, so not held out")
    factories.prompt(project, split=Split.EVALUATION)
    frozen = freeze_evaluation_set(project=project, by=ada, name=" Spring ")
    assert set(frozen.prompts.all()) == set(held_out)
    assert frozen.name == "Spring"
    assert Event.objects.filter(verb="froze an evaluation set", actor=ada, data__prompts=3).count() == 1


def test_it_returns_the_same_set_for_the_same_content(project, ada, rita, held_out):
    first = freeze_evaluation_set(project=project, by=ada)
    assert freeze_evaluation_set(project=project, by=rita, name="Again") == first
    factories.prompt(project, split=Split.EVALUATION, reference="One more")
    second = freeze_evaluation_set(project=project, by=ada)
    assert second != first
    assert second.prompts.count() == 4
    assert first.prompts.count() == 3


def test_it_notices_that_a_text_has_changed(project, ada, held_out):
    frozen = freeze_evaluation_set(project=project, by=ada)
    assert unchanged(frozen)
    held_out[0].reference = "answer 0"
    held_out[0].save()
    assert not unchanged(frozen)
    assert freeze_evaluation_set(project=project, by=ada) != frozen


def test_it_refuses_where_nothing_is_held_out(project, ada):
    with pytest.raises(ValidationError, match="No held-out prompt"):
        freeze_evaluation_set(project=project, by=ada)
