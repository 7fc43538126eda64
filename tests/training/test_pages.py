"""Every page of the training app: it works, it refuses strangers and wrong roles, it answers bad input."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Project
from tests import factories
from tests.training.test_datasets import factories_comparison
from training import actions, tasks
from training.jobs import Status
from training.models import Adapter, BaseModel, DatasetVersion, Preflight, Sampling, TrainingRound
from training.params import SFTParams, to_json
from training.run_dir import write_rows
from training.running import runner

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_(taught: Project, dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any) -> TrainingRound:
    return actions.launch_round(project=taught, method="sft", dataset_version=dataset, params={}, by=ada)


@pytest.fixture
def adapter(round_: TrainingRound, settings: Any) -> Adapter:
    result = {"eval_loss_before": 2.5, "eval_loss": 1.25, "train_loss": 1.1}
    TrainingRound.objects.filter(pk=round_.pk).update(status=Status.SUCCEEDED, result=result, attempt=1)
    made = Adapter.objects.create(
        project=round_.project, round=round_, base_model=round_.base_model, sha256="a" * 64, size_bytes=1234
    )
    made.directory.mkdir(parents=True)
    return made


@pytest.fixture
def pages(adapter: Adapter, dataset: DatasetVersion, ada: Any, rung: Any) -> dict[str, list[Any]]:
    """Every page that a GET opens, with its arguments."""
    project, round_ = adapter.project, adapter.round
    preflight = actions.start_preflight(project=project, method="sft", dataset_version=dataset, params={}, by=ada)
    prompts = list(project.prompts.all()[:2])
    params = {"num_candidates": 2}
    sampling = actions.start_sampling(project=project, sources=[adapter], prompts=prompts, params=params, by=ada)
    asked = [{"id": "playground", "prompt": [{"role": "user", "content": "Hello"}]}]
    playing = actions.start_sampling(
        project=project, sources=[None, adapter], prompts=asked, params={}, purpose="playground", by=ada
    )
    return {
        "datasets": [project.pk],
        "dataset": [project.pk, dataset.pk],
        "rounds": [project.pk],
        "round_create": [project.pk],
        "preflight": [project.pk, preflight.pk],
        "round": [project.pk, round_.pk],
        "round_progress": [project.pk, round_.pk],
        "adapters": [project.pk],
        "adapter": [project.pk, adapter.pk],
        "sampling_create": [project.pk],
        "sampling": [project.pk, sampling.pk],
        "playground": [project.pk],
        "playground_result": [project.pk, playing.pk],
    }


def test_it_opens_every_page_with_few_questions(
    pages: dict[str, list[Any]], sign_in: Any, ada: Any, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(ada)
    for name, arguments in pages.items():
        with django_assert_max_num_queries(12, info=name):
            response = client.get(reverse(name, args=arguments))
        assert response.status_code == 200, name
        assert b"style=" not in response.content, name


@pytest.mark.parametrize(("who", "status"), [("erin", 403), ("rita", 403), ("oscar", 404)])
def test_it_refuses_whoever_may_not_manage(
    pages: dict[str, list[Any]], sign_in: Any, request: pytest.FixtureRequest, who: str, status: int
) -> None:
    client = sign_in(request.getfixturevalue(who))
    for name, arguments in pages.items():
        assert client.get(reverse(name, args=arguments)).status_code == status, name
    for name in ("round_cancel", "round_retry"):
        assert client.post(reverse(name, args=pages["round"])).status_code == status, name
    assert client.post(reverse("sampling_cancel", args=pages["sampling"])).status_code == status


def test_it_sends_strangers_to_sign_in(pages: dict[str, list[Any]], client: Client) -> None:
    for name, arguments in pages.items():
        response = client.get(reverse(name, args=arguments))
        assert response.status_code == 302, name
        assert "sign-in" in response.url


def test_it_finds_nothing_of_another_project(pages: dict[str, list[Any]], sign_in: Any, oscar: Any) -> None:
    """The ids are real, the project in the address is the stranger's own."""
    own = Project.objects.get(name="Another project")
    client = sign_in(oscar)
    for name, arguments in pages.items():
        if len(arguments) == 2:
            assert client.get(reverse(name, args=[own.pk, arguments[1]])).status_code == 404, name


def test_it_refuses_get_where_something_would_change(pages: dict[str, list[Any]], sign_in: Any, ada: Any) -> None:
    client = sign_in(ada)
    for name, of in [("round_cancel", "round"), ("round_retry", "round"), ("sampling_cancel", "sampling")]:
        assert client.get(reverse(name, args=pages[of])).status_code == 405


# --- Datasets -------------------------------------------------------------------------------------------------------


def test_it_freezes_and_says_when_nothing_changed(taught: Project, sign_in: Any, ada: Any) -> None:
    client = sign_in(ada)
    sent = {"kind": "demonstrations", "description": "<script>alert(1)</script>"}
    response = client.post(reverse("datasets", args=[taught.pk]), sent, follow=True)
    assert "Demonstrations v1 is frozen." in response.text
    assert "<script>alert(1)" not in response.text
    response = client.post(reverse("datasets", args=[taught.pk]), sent, follow=True)
    assert "Nothing has changed since Demonstrations v1" in response.text
    assert taught.dataset_versions.count() == 1


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"kind": "preferences"}, "There is no preference pair yet."),
        ({"kind": "everything"}, "everything is not one of the available choices"),
        ({"kind": "demonstrations", "description": "x" * 301}, "at most 300 characters"),
        ({}, "This field is required."),
    ],
)
def test_it_refuses_to_freeze_beside_the_field(
    taught: Project, sign_in: Any, ada: Any, sent: dict[str, str], sentence: str
) -> None:
    response = sign_in(ada).post(reverse("datasets", args=[taught.pk]), sent)
    assert response.status_code == 422
    assert sentence in response.text
    assert not taught.dataset_versions.exists()


def test_it_shows_the_rows_of_both_sides_and_hands_out_the_manifest(
    dataset: DatasetVersion, sign_in: Any, ada: Any
) -> None:
    client = sign_in(ada)
    page = reverse("dataset", args=[dataset.project_id, dataset.pk])
    for query in ("", "?part=validation", "?page=2", "?page=none", "?page=999", "?part=elsewhere"):
        assert client.get(page + query).status_code == 200, query
    response = client.get(reverse("dataset_manifest", args=[dataset.project_id, dataset.pk]))
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]


def test_it_says_when_the_files_are_gone(dataset: DatasetVersion, sign_in: Any, ada: Any) -> None:
    (dataset.directory / "train.jsonl").unlink()
    response = sign_in(ada).get(reverse("dataset", args=[dataset.project_id, dataset.pk]))
    assert "missing or changed" in response.text


# --- Rounds ---------------------------------------------------------------------------------------------------------


def sent(dataset: DatasetVersion, **changes: Any) -> dict[str, Any]:
    return {"method": "sft", "dataset_version": dataset.pk, "preset": "quick", "note": "Look", **changes}


def test_it_checks_then_launches_with_preset_and_changes(
    dataset: DatasetVersion, base_model: BaseModel, sign_in: Any, ada: Any, rung: Any
) -> None:
    client = sign_in(ada)
    project = dataset.project
    changes = {"lora_r": 8, "lr_scheduler_type": "linear", "allow_truncation": "yes", "load_in_4bit": "on"}
    response = client.post(reverse("round_create", args=[project.pk]), sent(dataset, **changes))
    preflight = Preflight.objects.get()
    page = reverse("preflight", args=[project.pk, preflight.pk])
    assert response.url == page
    expected = {"num_train_epochs": 1.0, "lora_r": 8, "lr_scheduler_type": "linear"}
    assert preflight.params == {
        **to_json(SFTParams()),
        **expected,
        "allow_truncation": True,
        "load_in_4bit": True,
    }
    assert "hx-trigger" in client.get(page).text
    assert client.post(page).status_code == 422
    assert not TrainingRound.objects.exists()
    Preflight.objects.update(status=Status.SUCCEEDED, report={"reasons": ["Row 3 is too long."]})
    refused = client.get(page)
    assert "Row 3 is too long." in refused.text
    assert "Launch the round" not in refused.text
    assert client.post(page).status_code == 422
    Preflight.objects.update(report={"reasons": [], "train": {"rows": 9, "trained_tokens": 1234}})
    assert "Launch the round" in client.get(page).text
    first = client.post(page)
    second = client.post(page)
    round = TrainingRound.objects.get()
    assert first.url == second.url == reverse("round", args=[project.pk, round.pk])
    assert (round.params, round.preflight) == (preflight.params, preflight)
    assert "Launched." in client.get(page).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"learning_rate": "0.5"}, "Learning rate must be above 0 and at most 0.01"),
        ({"learning_rate": "fast"}, "Enter a number."),
        ({"lora_r": "2.5"}, "Enter a whole number."),
        ({"preset": "magic"}, "Select a valid choice"),
        ({"dataset_version": "1"}, "not a valid"),
        ({"dataset_version": str(uuid.uuid4())}, "Select a valid choice"),
        ({"parent_adapter": str(uuid.uuid4())}, "Select a valid choice"),
        ({"max_steps": "0"}, "Step limit must be -1 (no limit) or at least 1."),
        ({"note": "x" * 301}, "at most 300 characters"),
    ],
)
def test_it_refuses_settings_beside_their_fields(
    dataset: DatasetVersion,
    base_model: BaseModel,
    sign_in: Any,
    ada: Any,
    rung: Any,
    changes: dict[str, str],
    sentence: str,
) -> None:
    response = sign_in(ada).post(reverse("round_create", args=[dataset.project_id]), sent(dataset, **changes))
    assert response.status_code == 422
    assert sentence in response.text
    assert not Preflight.objects.exists()


def test_it_offers_a_dpo_round_only_rows_it_can_learn_from(
    adapter: Adapter, dataset: DatasetVersion, sign_in: Any, ada: Any, erin: Any
) -> None:
    client = sign_in(ada)
    page = reverse("round_create", args=[dataset.project_id])
    assert "No preferences to learn from yet" in client.get(page, {"method": "dpo"}).text
    factories_comparison(factories.prompt(dataset.project), erin)
    preferences = actions.freeze(kind="preferences", project=dataset.project, by=ada)
    response = client.post(page, {**sent(dataset), "method": "dpo"})
    assert "Select a valid choice" in response.text
    response = client.post(page, {**sent(preferences), "method": "dpo"})
    assert "choose the adapter of an SFT round" in response.text
    response = client.post(page, {**sent(preferences), "method": "dpo", "parent_adapter": adapter.pk})
    assert response.status_code == 302
    both = {"parent_adapter": adapter.pk, "start_from_base": "on"}
    assert client.post(page, {**sent(preferences), "method": "dpo", **both}).status_code == 302
    assert list(Preflight.objects.values_list("parent_adapter", flat=True)) == [None, adapter.pk]
    assert client.get(page, {"method": "nonsense"}).status_code == 200


def test_it_begins_with_the_settings_of_another_round(round_: TrainingRound, sign_in: Any, ada: Any) -> None:
    TrainingRound.objects.update(params={**round_.params, "lora_r": 5}, note="Earlier")
    page = reverse("round_create", args=[round_.project_id])
    response = sign_in(ada).get(page, {"like": str(round_.pk)})
    assert 'value="5"' in response.text
    assert "Earlier" in response.text
    for like in ("", "nonsense", str(uuid.uuid4())):
        assert sign_in(ada).get(page, {"like": like, "dataset": like}).status_code == 200


def test_its_progress_stops_asking_when_the_round_is_over(round_: TrainingRound, sign_in: Any, ada: Any) -> None:
    client = sign_in(ada)
    address = reverse("round_progress", args=[round_.project_id, round_.pk])
    assert 'hx-trigger="every 3s"' in client.get(address).text
    for status in (Status.FAILED, Status.CANCELLED, Status.SUCCEEDED):
        TrainingRound.objects.update(status=status, failure_message="<b>It broke.</b>")
        response = client.get(address)
        assert "hx-trigger" not in response.text
        assert "<html" not in response.text
        assert "<b>It broke" not in response.text


def test_it_draws_what_the_recipe_reports(round_: TrainingRound, sign_in: Any, ada: Any) -> None:
    TrainingRound.objects.update(status=Status.RUNNING, attempt=1)
    round_.refresh_from_db()
    run_dir = round_.run_dir()
    run_dir.path.mkdir(parents=True)
    run_dir.append_event("phase", message="Training")
    run_dir.append_event("eval", step=0, eval_loss=2.5)
    for step in (1, 2, 3):
        run_dir.append_event(
            "log", step=step, max_steps=9, loss=2.0 / step, tokens_per_second=321.0, seconds_left=100 - step
        )
    run_dir.log.write_text("<script>alert('log')</script>\n")
    text = sign_in(ada).get(reverse("round", args=[round_.project_id, round_.pk])).text
    for shown in ("3 of 9 steps", "Training.", "0.667", "321", "<path", "&lt;script&gt;alert(&#x27;log"):
        assert shown in text
    assert "<script>alert" not in text


def test_it_says_which_checkpoints_were_not_used(round_: TrainingRound, sign_in: Any, ada: Any) -> None:
    TrainingRound.objects.update(status=Status.RUNNING, attempt=2)
    round_.refresh_from_db()
    broken = round_.run_dir(1).checkpoints / "checkpoint-20"
    broken.mkdir(parents=True)
    round_.run_dir().path.mkdir()
    assert runner.resume_from(round_, round_.run_dir()) is None
    text = sign_in(ada).get(reverse("round", args=[round_.project_id, round_.pk])).text
    assert '<p class="sub">checkpoint-20 of attempt-1 was not completed, so it is not used.</p>' in text


def test_it_cancels_and_repeats(round_: TrainingRound, sign_in: Any, ada: Any) -> None:
    client = sign_in(ada)
    arguments = [round_.project_id, round_.pk]
    response = client.post(reverse("round_retry", args=arguments), follow=True)
    assert "Only a failed or cancelled round" in response.text
    client.post(reverse("round_cancel", args=arguments))
    round_.refresh_from_db()
    assert round_.status == Status.CANCELLED
    response = client.post(reverse("round_retry", args=arguments), follow=True)
    assert "Round 2 repeats round 1" in response.text


def test_it_says_when_no_worker_runs(round_: TrainingRound, sign_in: Any, ada: Any) -> None:
    client = sign_in(ada)
    page = reverse("round", args=[round_.project_id, round_.pk])
    assert "No worker is running" in client.get(page).text
    tasks.heartbeat_file().touch()
    assert "Waiting for its turn" in client.get(page).text


# --- Sampling and playground ----------------------------------------------------------------------------------------


def test_it_samples_for_ranking(adapter: Adapter, sign_in: Any, ada: Any) -> None:
    form = {
        "sources": ["base", str(adapter.pk)],
        "prompts": 3,
        "num_candidates": 2,
        "temperature": 0.7,
        "max_new_tokens": 64,
    }
    client = sign_in(ada)
    page = reverse("sampling_create", args=[adapter.project_id])
    response = client.post(page, form)
    sampling = Sampling.objects.get()
    assert response.url == reverse("sampling", args=[adapter.project_id, sampling.pk])
    assert {source["adapter_id"] for source in sampling.sources} == {None, str(adapter.pk)}
    assert (len(sampling.prompts), sampling.params["temperature"]) == (3, 0.7)
    for changes, sentence in [
        ({"num_candidates": 4}, "this would make 8"),
        ({"sources": []}, "Choose at least one."),
        ({"sources": [str(uuid.uuid4())]}, "Select a valid choice"),
        ({"prompts": 0}, "greater than or equal to 1"),
        ({"temperature": "hot"}, "Enter a number."),
    ]:
        response = client.post(page, {**form, **changes})
        assert response.status_code == 422
        assert sentence in response.text
    client.post(reverse("sampling_cancel", args=[adapter.project_id, sampling.pk]))
    sampling.refresh_from_db()
    assert sampling.status == Status.CANCELLED


def test_it_asks_base_model_and_adapter_the_same(adapter: Adapter, sign_in: Any, ada: Any) -> None:
    client = sign_in(ada)
    page = reverse("playground", args=[adapter.project_id])
    form = {"instruction": "Summarise.", "input": "<i>roof</i>", "adapter": adapter.pk, "temperature": 0}
    response = client.post(page, form)
    sampling = Sampling.objects.get()
    assert sampling.prompts[0]["prompt"][0]["content"] == "Summarise.\n\n<i>roof</i>"
    assert [source["adapter_id"] for source in sampling.sources] == [None, str(adapter.pk)]
    Sampling.objects.update(status=Status.SUCCEEDED, attempt=1)
    sampling.refresh_from_db()
    sampling.run_dir().path.mkdir(parents=True)
    answers = [
        {"source": source["label"], "id": "playground", "text": f"<b>{n}</b>", "tokens": n, "finish": "stop"}
        for n, source in enumerate(sampling.sources)
    ]
    write_rows(sampling.run_dir().outputs, answers)
    text = client.get(response.url).text
    assert "&lt;b&gt;1&lt;/b&gt;" in text
    assert "<i>roof" not in text
    assert "&lt;i&gt;roof" in client.get(page, {"like": str(sampling.pk)}).text
    assert client.get(page, {"like": "nonsense"}).status_code == 200
    assert client.post(page, {"instruction": ""}).status_code == 422


# --- Base models ------------------------------------------------------------------------------------------------------


def test_only_system_administrators_manage_base_models(
    base_model: BaseModel, sign_in: Any, ada: Any, oscar: Any
) -> None:
    page = reverse("base_models")
    assert sign_in(oscar).get(page).status_code == 403
    assert "Toy" in sign_in(ada).get(page).text


def test_it_registers_only_folders_it_offers(base_model: BaseModel, sign_in: Any, ada: Any, settings: Any) -> None:
    client = sign_in(ada)
    for name in ("../../etc", "toy", ""):
        response = client.post(reverse("base_models"), {"folder": name}, follow=True)
        assert "not there, or is registered already" in response.text
    factories.base_model_folder(settings.BASE_MODELS_DIR / "second")
    assert "second" in client.get(reverse("base_models")).text
    client.post(reverse("base_models"), {"folder": "second"})
    assert BaseModel.objects.filter(name="Second").exists()


def test_empty_pages_say_what_to_do_next(project: Project, sign_in: Any, ada: Any) -> None:
    client = sign_in(ada)
    for name, words in {
        "datasets": "Nothing is frozen yet",
        "rounds": "No round yet",
        "round_create": "Nothing to learn from yet",
        "adapters": "No adapter yet",
        "playground": "No adapter to try yet",
    }.items():
        assert words in client.get(reverse(name, args=[project.pk])).text
    assert "No base model yet" in client.get(reverse("base_models")).text


def test_it_shows_each_look_of_a_round_that_finds_its_settings(round_: TrainingRound, sign_in: Any, ada: Any) -> None:
    TrainingRound.objects.update(status=Status.RUNNING, attempt=1)
    round_.refresh_from_db()
    run_dir = round_.run_dir()
    run_dir.path.mkdir(parents=True)
    guard = {"key": "rouge", "label": "closeness to chosen answers (ROUGE-L)", "unit": "", "before": 41.2}
    run_dir.append_event(
        "wanted",
        says="What the rankings prefer: Next step with a date (chosen 96 %, rejected 12 %).",
        label="Next step with a date",
        unit="%",
        prompts=24,
        before=12.5,
        goal=91.8,
        guards=[guard],
    )
    look = {"step": 6, "learning_rate": 5e-4, "sft_weight": 2.0, "half_way": False}
    run_dir.append_event("look", **look, wanted=54.2, guards={"rouge": 36.0}, lost=["rouge"], kept=False, does="go on")
    later = {**look, "step": 12, "half_way": True}
    run_dir.append_event("look", **later, wanted=95.8, guards={"rouge": 42.0}, lost=[], kept=True, does="stop")
    text = sign_in(ada).get(reverse("round", args=[round_.project_id, round_.pk])).text
    for shown in (
        "How it found its settings",
        "What the rankings prefer: Next step with a date (chosen 96 %, rejected 12 %).",
        "24 prompts are set aside",
        "Lost: closeness to chosen answers (ROUGE-L) (41 to 36)",
        "12, half way back",
        "<strong>Best so far.</strong> Ends",
    ):
        assert shown in text


def test_it_says_what_a_round_found(round_: TrainingRound, sign_in: Any, ada: Any) -> None:
    found = {"wanted": "Next step with a date", "unit": "%", "prompts": 24, "before": 12.5, "after": 95.8}
    TrainingRound.objects.update(status=Status.SUCCEEDED, attempt=0, result={"found": found})
    text = sign_in(ada).get(reverse("round", args=[round_.project_id, round_.pk])).text
    assert "“Next step with a date” went from 12 % to 96 %; nothing that is guarded was lost." in text
