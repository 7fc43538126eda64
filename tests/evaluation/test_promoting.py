from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotation.models import Event, Project
from evaluation.actions import promote, rollback
from evaluation.actions.promoting import NeedsConfirmation, current_adapter
from evaluation.evidence import evidence
from evaluation.models import Promotion
from tests.evaluation import factories


@pytest.fixture
def sft(project):
    return factories.adapter(project)


@pytest.fixture
def dpo(project, sft):
    return factories.adapter(project, "dpo", parent=sft)


@pytest.fixture
def judged(project, sft, dpo, rita):
    evaluation = factories.evaluation(project, [None, sft, dpo])
    factories.review_all(evaluation, rita, levels=(1, 3, 5))
    return evaluation


def put(adapter, ada, **fields):
    return promote(adapter=adapter, by=ada, **{"reason": "Better summaries.", "confirmed": True, **fields})


def test_it_promotes_an_adapter_that_the_evaluation_speaks_for(project, sft, judged, ada):
    made = put(sft, ada, evaluation=judged, confirmed=False)
    assert current_adapter(project) == sft
    assert (made.reason, made.evaluation, made.promoted_by) == ("Better summaries.", judged, ada)
    assert Event.objects.filter(verb="promoted", actor=ada, data__in_spite_of=[]).exists()


def test_it_has_the_base_model_in_use_until_something_is_promoted(project):
    assert current_adapter(project) is None


def test_it_ends_the_promotion_before(project, sft, dpo, judged, ada):
    first = put(sft, ada)
    second = put(dpo, ada)
    first.refresh_from_db()
    assert (first.ended_by, first.ended_at) == (ada, second.promoted_at)
    assert current_adapter(project) == dpo


def test_it_needs_a_reason_an_intact_adapter_and_an_evaluation_of_its_own(project, sft, ada):
    with pytest.raises(ValidationError) as refused:
        put(sft, ada, reason="  ")
    assert set(refused.value.message_dict) == {"reason"}
    other = factories.evaluation(Project.objects.get(name="Another project"))
    (sft.directory / "adapter_config.json").write_text('{"changed": true}')
    with pytest.raises(ValidationError) as refused:
        put(sft, ada, evaluation=other)
    assert set(refused.value.message_dict) == {"adapter", "evaluation"}
    assert not Promotion.objects.exists()


def test_it_does_not_promote_what_is_in_use(sft, ada):
    put(sft, ada)
    with pytest.raises(ValidationError, match="in use already"):
        put(sft, ada)
    assert Promotion.objects.count() == 1


def test_it_asks_before_it_promotes_without_evidence(sft, ada):
    with pytest.raises(NeedsConfirmation, match="No evaluation is named"):
        put(sft, ada, confirmed=False)
    put(sft, ada)


def test_it_asks_when_reviews_are_missing(project, sft, ada):
    evaluation = factories.evaluation(project, [None, sft])
    with pytest.raises(NeedsConfirmation, match="Only 0 of 24 reviews are in"):
        put(sft, ada, evaluation=evaluation, confirmed=False)


def test_it_asks_when_a_measure_got_worse_than_what_is_in_use(project, sft, dpo, rita, ada):
    evaluation = factories.evaluation(project, [None, sft, dpo])
    factories.review_all(evaluation, rita, levels=(1, 5, 2))
    put(sft, ada)
    with pytest.raises(NeedsConfirmation, match="It got worse: The DPO adapter of round 2 is clearly worse"):
        put(dpo, ada, evaluation=evaluation, confirmed=False)
    promoted = put(dpo, ada, evaluation=evaluation)
    event = Event.objects.get(verb="promoted", object_id=str(promoted.pk))
    assert event.data["in_spite_of"]


def test_it_holds_the_adapter_against_what_is_in_use(project, sft, dpo, judged):
    against_base = evidence(sft, judged, None).verdicts[0]
    assert against_base.second.startswith("Base model")
    assert evidence(dpo, judged, sft).verdicts[0].second == "SFT adapter of round 1"
    stranger = factories.adapter(project)
    assert "has no answers" in evidence(stranger, judged, None).doubts[0]
    assert any("does not take part" in doubt for doubt in evidence(sft, judged, stranger).doubts)
    alone = factories.evaluation(project, [sft], reviewed_prompts=0)
    doubts = " ".join(evidence(sft, alone, None).doubts)
    assert "against nothing" in doubts
    assert "No person has reviewed" in doubts


def test_it_refuses_when_somebody_else_was_faster(sft, dpo, ada):
    put(sft, ada, seen="")
    with pytest.raises(ValidationError, match="Somebody else"):
        put(dpo, ada, seen="")
    with pytest.raises(ValidationError, match="Somebody else"):
        rollback(project=sft.project, by=ada, reason="No good.", seen="")


def test_it_rolls_back_to_the_one_before_and_says_what_it_restores(project, sft, dpo, ada):
    first = put(sft, ada)
    put(dpo, ada)
    restored = rollback(project=project, by=ada, reason="Invented dates.")
    assert (restored.adapter, restored.restores, restored.reason) == (sft, first, "Invented dates.")
    assert current_adapter(project) == sft
    assert Event.objects.filter(verb="rolled back", data__restored=str(restored.pk)).exists()


def test_it_does_not_swing_between_two_when_rolled_back_twice(project, sft, dpo, ada):
    third = factories.adapter(project)
    for adapter in (sft, dpo, third):
        put(adapter, ada)
    assert rollback(project=project, by=ada, reason="Back.").adapter == dpo
    assert rollback(project=project, by=ada, reason="Further back.").adapter == sft
    assert rollback(project=project, by=ada, reason="All the way.") is None
    assert current_adapter(project) is None
    assert not project.promotions.current().exists()


def test_it_goes_back_to_the_base_model_where_that_was_in_use_before(project, sft, dpo, ada):
    put(sft, ada)
    rollback(project=project, by=ada, reason="Not yet.")
    put(dpo, ada)
    assert rollback(project=project, by=ada, reason="Not this one either.") is None


def test_it_needs_a_reason_and_something_to_roll_back(project, sft, ada):
    with pytest.raises(ValidationError, match="nothing to roll back"):
        rollback(project=project, by=ada, reason="?")
    put(sft, ada)
    with pytest.raises(ValidationError, match="Say why"):
        rollback(project=project, by=ada, reason=" ")


def test_it_cannot_have_two_current_promotions(project, sft, dpo, ada):
    put(sft, ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.create(project=project, adapter=dpo, reason="x", promoted_by=ada)
