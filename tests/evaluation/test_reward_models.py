"""A reward model gives marks: it is offered nowhere as a writer, refused everywhere as one, and its round says how well
it judges."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from annotation.models import Project
from evaluation.actions import promote, start_evaluation
from evaluation.actions.freezing import freeze_evaluation_set
from evaluation.forms import EvaluationForm, PromoteForm
from tests.evaluation import factories
from training import actions
from training.findings import judging
from training.forms import PlaygroundForm, RoundForm, SamplingForm
from training.management.waiting import find_adapter
from training.models import Adapter, Package, TrainingRound

pytestmark = pytest.mark.django_db
RESULT = {
    "eval_loss_before": 0.7,
    "eval_loss": 0.5,
    "train_loss": 0.4,
    "eval_reward_accuracy": 0.75,
    "held_out_pairs": 40,
    "held_out_prompts": 20,
    "mark_mean": 0.1,
    "mark_spread": 1.2,
}


@pytest.fixture
def judge(project: Project) -> Adapter:
    made = factories.adapter(project, method="reward")
    TrainingRound.objects.filter(pk=made.round_id).update(result=RESULT)
    made.round.refresh_from_db()
    return made


@pytest.fixture
def writer(project: Project, judge: Adapter) -> Adapter:
    made = factories.adapter(project)
    Adapter.objects.filter(pk=judge.pk).update(created_at=made.created_at)
    return made


def test_it_is_offered_nowhere_as_a_writer(project: Project, judge: Adapter, writer: Adapter) -> None:
    starts: Any = RoundForm(project=project, method="sft").fields["parent_adapter"]
    plays: Any = PlaygroundForm(project=project).fields["adapter"]
    promotes: Any = PromoteForm(project=project).fields["adapter"]
    for field in (starts, plays, promotes):
        assert list(field.queryset) == [writer]
    samples: Any = SamplingForm(project=project).fields["sources"]
    judged: Any = EvaluationForm(project=project).fields["contestants"]
    for field in (samples, judged):
        assert {key for key, _label in field.choices} == {"base", str(writer.pk)}
    assert find_adapter(project, "latest") == writer
    assert list(project.adapters.judging()) == [judge]


def test_it_is_refused_as_a_writer(project: Project, judge: Adapter, ada: Any) -> None:
    version, base = judge.round.dataset_version, judge.base_model
    ask = [{"id": "playground", "prompt": [{"role": "user", "content": "Hello"}]}]
    factories.held_out(project)
    frozen = freeze_evaluation_set(project=project, by=ada)
    tries = {
        "parent_adapter": lambda: actions.launch_round(
            project=project, method="dpo", dataset_version=version, params={}, parent_adapter=judge, by=ada
        ),
        "sources": lambda: actions.start_sampling(
            project=project, sources=[judge], prompts=ask, params={}, purpose="playground", by=ada
        ),
        "contestants": lambda: start_evaluation(
            project=project, evaluation_set=frozen, contestants=[judge], base_model=base, by=ada
        ),
        "adapter": lambda: promote(adapter=judge, by=ada, reason="Because.", confirmed=True),
    }
    for field, attempt in tries.items():
        with pytest.raises(ValidationError) as refused:
            attempt()
        assert refused.value.message_dict[field] == [judging.WRITES_NOTHING]


def test_it_is_packed_as_an_adapter_only(judge: Adapter, ada: Any) -> None:
    assert actions.start_package(adapter=judge, format=Package.Format.ADAPTER, by=ada)
    for format in (Package.Format.MERGED, Package.Format.GGUF):
        with pytest.raises(ValidationError, match="not merged"):
            actions.start_package(adapter=judge, format=format, by=ada)


def test_its_round_says_how_well_it_judges(project: Project, judge: Adapter, sign_in: Any, ada: Any) -> None:
    page = sign_in(ada).get(reverse("round", args=[project.pk, judge.round_id]))
    said = page.content.decode()
    assert "75 % of 40 pairs of 20 prompts" in said
    assert "Likely 53 % to 89 %" in said
    assert "Sample candidates" not in said
    assert "Evaluate" not in said
    assert reverse("playground", args=[project.pk]) + "?adapter" not in said
    assert (
        "gives marks to answers" in sign_in(ada).get(reverse("adapter", args=[project.pk, judge.pk])).content.decode()
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "enough to train with"),
        ({"eval_reward_accuracy": 0.55}, "too weak to train with"),
        ({"eval_reward_accuracy": 0.7, "held_out_prompts": 5}, "may still be chance"),
        ({"eval_reward_accuracy": None, "held_out_prompts": 0}, "nobody knows how well"),
    ],
)
def test_it_says_whether_it_is_good_enough(changes: dict[str, Any], words: str) -> None:
    assert words in judging.verdict({**RESULT, **changes})


def test_it_says_nothing_of_other_rounds() -> None:
    assert judging.verdict({"eval_loss": 1.0, "eval_reward_accuracy": 0.4}) == ""


@pytest.mark.parametrize(("share", "count", "low", "high"), [(0.5, 10, 0.237, 0.763), (1.0, 8, 0.676, 1.0)])
def test_its_interval_is_that_of_so_many_prompts(share: float, count: int, low: float, high: float) -> None:
    found = judging.likely({"eval_reward_accuracy": share, "held_out_prompts": count})
    assert found == pytest.approx((low, high), abs=1e-3)
