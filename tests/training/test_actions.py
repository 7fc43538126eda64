"""Launching, repeating, cancelling and sampling: what is refused, with which words beside which field."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from annotation.models import Comparison, Event, Membership, Project, Role, Split
from tests import factories
from tests.training.test_datasets import factories_comparison
from training import actions, choosing
from training.jobs import Status
from training.models import Adapter, BaseModel, DatasetVersion, Preflight, Sampling, TrainingRound
from training.run_dir import directory_sha256, write_rows
from training.running.kinds import ROUND, SAMPLING
from training.running.runner import JobFailed

pytestmark = pytest.mark.django_db


@pytest.fixture
def launch(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any, django_capture_on_commit_callbacks: Any
):
    def launched(**changes: Any) -> TrainingRound:
        arguments = {
            "project": dataset.project,
            "method": "sft",
            "dataset_version": dataset,
            "params": {},
            "by": ada,
            **changes,
        }
        with django_capture_on_commit_callbacks(execute=True):
            return actions.launch_round(**arguments)

    return launched


@pytest.fixture
def refusal(launch: Any):
    """What launching with these changes is refused with, by field."""

    def refused(**changes: Any) -> dict[str, list[str]]:
        with pytest.raises(ValidationError) as error:
            launch(**changes)
        assert not TrainingRound.objects.exists()
        return error.value.message_dict

    return refused


def adapter_of(round: TrainingRound, **changes: Any) -> Adapter:
    TrainingRound.objects.filter(pk=round.pk).update(status=Status.SUCCEEDED)
    values = {"project": round.project, "base_model": round.base_model, "sha256": "a" * 64, "size_bytes": 1, **changes}
    made = Adapter.objects.create(round=round, **values)
    made.directory.mkdir(parents=True, exist_ok=True)
    return made


def test_it_queues_a_round_with_all_its_settings_and_rings_after_the_commit(
    launch: Any, rung: list[tuple[str, str]], ada: Any, base_model: BaseModel
) -> None:
    round = launch(params={"lora_r": 4}, note=" Quick ")
    assert (round.number, round.status, round.note, round.base_model) == (1, Status.QUEUED, "Quick", base_model)
    assert (round.params["lora_r"], round.params["learning_rate"]) == (4, 1e-3)
    assert rung == [("run_round", str(round.pk))]
    assert Event.objects.filter(verb="launched", actor=ada, object_id=str(round.pk)).exists()
    assert launch().number == 2


def test_it_refuses_settings_that_cannot_work_beside_their_fields(refusal: Any) -> None:
    refused = refusal(params={"learning_rate": 5, "lora_rank": 3, "lora_r": 0})
    assert set(refused) == {"learning_rate", "lora_rank", "lora_r"} or set(refused) == {"lora_rank"}
    assert refusal(params={"learning_rate": 5})["learning_rate"][0].startswith("Learning rate must be")
    assert "method" in refusal(method="ppo")


def test_it_refuses_rows_of_the_wrong_kind_or_project(refusal: Any, dataset: DatasetVersion, oscar: Any) -> None:
    assert "preference pairs" in refusal(method="dpo", start_from_base=True)["dataset_version"][0]
    other = Project.objects.get(name="Another project")
    assert "another project" in refusal(project=other)["dataset_version"][0]


def test_it_refuses_a_version_whose_files_changed(refusal: Any, dataset: DatasetVersion) -> None:
    (dataset.directory / "train.jsonl").write_text("{}\n")
    assert "Freeze again" in refusal()["dataset_version"][0]


def test_it_refuses_without_a_base_model(refusal: Any, base_model: BaseModel) -> None:
    (base_model.directory / "config.json").unlink()
    assert "missing on this machine" in refusal()["base_model"][0]
    base_model.delete()
    assert "no base model" in refusal()["base_model"][0]


def test_it_refuses_rows_that_the_evaluation_also_asks(refusal: Any, launch: Any, dataset: DatasetVersion) -> None:
    ours = dataset.project.prompts.first()
    assert launch().pk
    TrainingRound.objects.all().delete()
    held_out = factories.prompt(dataset.project, input=f"{ours.input} ", split=Split.EVALUATION, external_id="held-1")
    (sentence,) = refusal()["dataset_version"]
    assert str(ours) in sentence
    assert str(held_out) in sentence
    assert "Freeze again without these rows" in sentence


def test_it_wants_a_parent_for_dpo_unless_told_otherwise(
    launch: Any, dataset: DatasetVersion, project: Project, ada: Any, erin: Any
) -> None:
    preferences = frozen_preferences(project, ada, erin)
    with pytest.raises(ValidationError) as error:
        launch(method="dpo", dataset_version=preferences)
    assert "choose the adapter of an SFT round" in error.value.message_dict["parent_adapter"][0]
    assert launch(method="dpo", dataset_version=preferences, start_from_base=True).parent_adapter is None
    parent = adapter_of(launch())
    round = launch(method="dpo", dataset_version=preferences, parent_adapter=parent)
    assert (round.parent_adapter, round.base_model) == (parent, parent.base_model)
    with pytest.raises(ValidationError, match="not from both"):
        launch(method="dpo", dataset_version=preferences, parent_adapter=parent, start_from_base=True)


def test_it_proposes_the_adapter_whose_candidates_were_sampled(
    launch: Any, taught: Project, base_model: BaseModel, ada: Any, rung: Any
) -> None:
    assert choosing.likely_parent(taught) is None
    first, second = adapter_of(launch()), adapter_of(launch())
    assert choosing.likely_parent(taught) == str(second.pk)
    sampling = sample(taught, ada, sources=[None, first])
    assert choosing.likely_parent(taught) == str(second.pk)
    Sampling.objects.filter(pk=sampling.pk).update(status=Status.SUCCEEDED)
    assert choosing.likely_parent(taught) == str(first.pk)


def frozen_preferences(project: Project, ada: Any, erin: Any) -> DatasetVersion:
    factories_comparison(factories.prompt(project), erin)
    return actions.freeze(kind="preferences", project=project, by=ada)


def test_it_refuses_a_parent_on_another_base_model_or_without_files(launch: Any, base_model: BaseModel) -> None:
    parent = adapter_of(launch())
    other = BaseModel.objects.create(
        name="Other",
        path=base_model.path,
        weights_sha256="3" * 64,
        chat_template_sha256="4" * 64,
        parameters=1,
    )
    with pytest.raises(ValidationError) as error:
        launch(parent_adapter=parent, base_model=other)
    assert "sits on Toy, not on Other" in error.value.message_dict["parent_adapter"][0]
    parent.directory.rmdir()
    with pytest.raises(ValidationError) as error:
        launch(parent_adapter=parent)
    assert "missing on this machine" in error.value.message_dict["parent_adapter"][0]


def test_it_repeats_a_failed_round_as_a_new_one(launch: Any, ada: Any) -> None:
    first = launch(params={"lora_r": 4}, note="Try")
    with pytest.raises(ValidationError, match="Only a failed or cancelled round"):
        actions.retry_round(round=first, by=ada)
    TrainingRound.objects.filter(pk=first.pk).update(status=Status.FAILED, failure_code="diverged")
    first.refresh_from_db()
    again = actions.retry_round(round=first, by=ada)
    assert (again.number, again.status, again.params) == (2, Status.QUEUED, first.params)
    assert again.note == "Round 1 again. Try"
    first.refresh_from_db()
    assert first.status == Status.FAILED


def test_it_cancels_once(launch: Any, ada: Any) -> None:
    round = launch()
    actions.cancel_round(round=round, by=ada)
    actions.cancel_round(round=round, by=ada)
    round.refresh_from_db()
    assert round.status == Status.CANCELLED
    assert Event.objects.filter(verb="cancelled").count() == 1


def test_one_round_trains_at_a_time(launch: Any) -> None:
    first, second = launch(), launch()
    owner = uuid.uuid4()
    assert first.claim(owner)
    assert not second.claim(uuid.uuid4())
    assert second.blocked_by() == first
    assert first.succeed(owner, {})
    assert second.claim(uuid.uuid4())


def test_a_dead_round_holds_nobody_up(launch: Any) -> None:
    first, second = launch(), launch()
    assert first.claim(uuid.uuid4())
    TrainingRound.objects.filter(pk=first.pk).update(lease_expires_at=timezone.now() - timezone.timedelta(minutes=1))
    assert second.claim(uuid.uuid4())


def passed(dataset: DatasetVersion, ada: Any, **report: Any) -> Preflight:
    preflight = actions.start_preflight(
        project=dataset.project, method="sft", dataset_version=dataset, params={"lora_r": 2}, by=ada, note="N"
    )
    Preflight.objects.filter(pk=preflight.pk).update(status=Status.SUCCEEDED, report=report)
    preflight.refresh_from_db()
    return preflight


def test_it_launches_what_was_checked_once(dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any) -> None:
    preflight = passed(dataset, ada, reasons=[])
    round = actions.launch_preflight(preflight=preflight, by=ada)
    assert (round.params, round.note, round.preflight) == (preflight.params, "N", preflight)
    assert actions.launch_preflight(preflight=preflight, by=ada).pk == round.pk
    assert TrainingRound.objects.count() == 1


def test_it_does_not_launch_what_the_check_refused(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any
) -> None:
    with pytest.raises(ValidationError, match="has not passed"):
        actions.launch_preflight(preflight=passed(dataset, ada, reasons=["Row 3 is too long."]), by=ada)


# --- Sampling -----------------------------------------------------------------------------------------------------


def sample(project: Project, by: Any, **changes: Any) -> Sampling:
    arguments = {
        "sources": [None],
        "prompts": list(project.prompts.for_teaching()[:3]),
        "params": {"num_candidates": 2},
        **changes,
    }
    return actions.start_sampling(project=project, by=by, **arguments)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sources": []}, "sources"),
        ({"prompts": []}, "prompts"),
        ({"params": {"num_candidates": 1}}, "num_candidates"),
        ({"params": {"num_candidates": 6}}, "num_candidates"),
        ({"params": {"num_candidates": 2, "temperature": 0}}, "num_candidates"),
        ({"params": {"temprature": 1}}, "temprature"),
    ],
)
def test_it_refuses_samplings_that_give_nothing_to_rank(
    taught: Project, base_model: BaseModel, ada: Any, rung: Any, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as error:
        sample(taught, ada, **changes)
    assert field in error.value.message_dict
    assert not Sampling.objects.exists()


def test_it_refuses_adapters_of_other_projects(
    launch: Any, taught: Project, base_model: BaseModel, ada: Any, rung: Any
) -> None:
    other = Project.objects.get(name="Another project")
    Membership.objects.create(project=other, user=ada, role=Role.ADMIN)
    with pytest.raises(ValidationError) as error:
        sample(taught, ada, sources=[adapter_of(launch(), project=other)])
    assert "another project" in error.value.message_dict["sources"][0]


def test_it_takes_untaught_prompts_first_and_none_twice(
    taught: Project, base_model: BaseModel, ada: Any, rung: Any
) -> None:
    fresh = factories.prompt(taught)
    factories.prompt(taught, split=Split.EVALUATION)
    ranked = factories.prompt(taught)
    factories.comparison(ranked)
    first = choosing.prompts_to_sample(taught, 3)
    assert first[0] == fresh
    assert ranked not in choosing.prompts_to_sample(taught, 100)
    sample(taught, ada, prompts=first)
    assert not set(first) & set(choosing.prompts_to_sample(taught, 100))
    assert all(prompt.split != Split.EVALUATION for prompt in choosing.prompts_to_sample(taught, 100))


def test_its_answers_become_comparisons_that_name_no_model(
    taught: Project, base_model: BaseModel, ada: Any, rung: Any
) -> None:
    sampling = sample(taught, ada)
    Sampling.objects.filter(pk=sampling.pk).update(attempt=1)
    sampling.refresh_from_db()
    run_dir = sampling.run_dir()
    run_dir.path.mkdir(parents=True)
    first, second, third = [item["id"] for item in sampling.prompts]
    texts = [(first, "One"), (first, "Two"), (second, "Same"), (second, "Same "), (third, "One"), (third, "")]
    write_rows(run_dir.outputs, [{"source": "base", "id": key, "index": 0, "text": text} for key, text in texts])
    SAMPLING.publish(sampling, run_dir, {"status": "succeeded"})
    (comparison,) = Comparison.objects.all()
    assert str(comparison.prompt_id) == first
    assert {candidate.text for candidate in comparison.candidates.all()} == {"One", "Two"}
    sampling.refresh_from_db()
    assert (sampling.result["comparisons"], sampling.result["left_out"]) == (1, 2)


def test_its_playground_makes_no_comparisons(taught: Project, base_model: BaseModel, ada: Any, rung: Any) -> None:
    asked = [{"id": "playground", "prompt": [{"role": "user", "content": "Hello"}]}]
    sampling = sample(taught, ada, prompts=asked, params={}, purpose="playground")
    SAMPLING.publish(sampling, sampling.run_dir(1), {"status": "succeeded"})
    assert not Comparison.objects.exists()


def test_it_reads_no_adapter_whose_files_were_changed(launch: Any, taught: Project, ada: Any) -> None:
    parent = adapter_of(launch())
    (parent.directory / "weights").write_bytes(b"published")
    Adapter.objects.update(sha256=directory_sha256(parent.directory))
    made, parent = parent.directory, Adapter.objects.get()
    made.rename(parent.directory)
    round, sampling = launch(parent_adapter=parent), sample(taught, ada, sources=[parent])
    for kind, job in ((ROUND, round), (SAMPLING, sampling)):
        run_dir = job.run_dir(1)
        run_dir.path.mkdir(parents=True)
        (parent.directory / "weights").write_bytes(b"published")
        kind.write_inputs(job, run_dir)
        assert str(parent.directory) in run_dir.params.read_text()
        (parent.directory / "weights").write_bytes(b"swapped")
        with pytest.raises(JobFailed, match="have changed"):
            kind.write_inputs(job, run_dir)


# --- Base models --------------------------------------------------------------------------------------------------


def test_it_registers_a_base_model_once_and_keeps_one_default(base_model: BaseModel, settings: Any) -> None:
    assert base_model.is_default
    assert base_model.path == "base-models/toy"
    assert actions.register_base_model(directory=base_model.directory).pk == base_model.pk
    second = factories.base_model_folder(settings.BASE_MODELS_DIR / "second")
    assert not actions.register_base_model(directory=second).is_default
    actions.register_base_model(directory=second, make_default=True)
    actions.register_base_model(directory=second, make_default=True)
    assert list(BaseModel.objects.filter(is_default=True).values_list("name", flat=True)) == ["Second"]
    happened = Event.objects.filter(verb="made the default").values_list("object_id", flat=True)
    assert list(happened) == [str(BaseModel.objects.get(name=name).pk) for name in ("Second", "Toy")]


def test_it_refuses_another_base_model_of_the_same_name(base_model: BaseModel, settings: Any) -> None:
    impostor = factories.base_model_folder(settings.BASE_MODELS_DIR / "impostor", name="Toy")
    with pytest.raises(ValidationError, match="with other weights"):
        actions.register_base_model(directory=impostor)
