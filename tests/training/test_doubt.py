"""How unsure the model was of its candidates, from what sampling leaves to the order in which people are asked."""

from __future__ import annotations

import math
from typing import Any

import pytest

from annotation import informative
from annotation.actions import assigning
from annotation.actions.ranking import create_comparison
from annotation.models import Comparison, Project
from tests import factories
from training import doubt
from training.jobs import Status
from training.models import BaseModel, Sampling
from training.run_dir import append_row
from training.running.kinds import SAMPLING

pytestmark = pytest.mark.django_db


def sampled(project: Project, base_model: BaseModel, ada: Any, found: dict[Any, list[float | None]]) -> Sampling:
    """A sampling that is over, with two candidates for each prompt, as probable as given."""
    sampling = Sampling.objects.create(
        project=project,
        purpose=Sampling.Purpose.RANKING,
        base_model=base_model,
        sources=[{"label": "base", "adapter_id": None}],
        prompts=[{"id": str(prompt.pk), "prompt": []} for prompt in found],
        params={"num_candidates": 2},
        created_by=ada,
        attempt=1,
        status=Status.SUCCEEDED,
    )
    run_dir = sampling.run_dir()
    run_dir.path.mkdir(parents=True)
    for prompt, logprobs in found.items():
        for index, logprob in enumerate(logprobs):
            line = {"source": "base", "id": str(prompt.pk), "index": index, "text": f"Answer {index}"}
            append_row(run_dir.outputs, {**line, "logprob": logprob})
    SAMPLING.publish(sampling, run_dir, {})
    return sampling


def test_it_is_what_a_usual_tokens_probability_lacks_to_one() -> None:
    rows = [{"id": "sure", "logprob": 0.0}, {"id": "half", "logprob": math.log(0.5)}, {"id": "half", "logprob": 0.0}]
    assert doubt.of_outputs([*rows, {"id": "old"}, {"id": "odd", "logprob": None}]) == {"sure": 0.0, "half": 0.25}


def test_it_knows_prompts_that_were_sampled_and_takes_the_newest_sampling(
    project: Project, base_model: BaseModel, ada: Any
) -> None:
    sure, unsure, never, elsewhere, old = (factories.prompt(project) for _ in range(5))
    sampled(project, base_model, ada, {sure: [-0.1, -0.2], unsure: [-0.1, -0.1], old: [None, None]})
    sampled(project, base_model, ada, {unsure: [-2.0, -3.0]})
    create_comparison(prompt=elsewhere, candidates=[("One", "a"), ("Two", "b")], by=ada, source="a file")
    found = doubt.of_prompts(project, [each.pk for each in (sure, unsure, never, elsewhere, old)])
    assert set(found) == {sure.pk, unsure.pk}
    assert found[sure.pk] == pytest.approx(1 - (math.exp(-0.1) + math.exp(-0.2)) / 2)
    assert found[unsure.pk] == pytest.approx(1 - (math.exp(-2) + math.exp(-3)) / 2)


def test_what_the_model_doubts_comes_first(project: Project, base_model: BaseModel, ada: Any) -> None:
    sure, unsure = factories.prompt(project), factories.prompt(project)
    sampled(project, base_model, ada, {sure: [-0.05, -0.05], unsure: [-1.5, -1.5]})
    assert doubt.of_prompts in informative.doubts
    assert "least sure" in informative.IN_ONE_LINE
    assigning.estimate(project=project, by=ada, wait=True)
    values = dict(project.prompts.values_list("pk", "expected_value"))
    assert values[unsure.pk] > values[sure.pk]


def test_it_says_nothing_of_a_sampling_whose_files_are_gone(project: Project, base_model: BaseModel, ada: Any) -> None:
    prompt = factories.prompt(project)
    sampling = sampled(project, base_model, ada, {prompt: [-0.5, -0.5]})
    sampling.run_dir().outputs.unlink()
    assert Comparison.objects.filter(source=str(sampling.pk)).exists()
    assert doubt.of_prompts(project, [prompt.pk]) == {}
