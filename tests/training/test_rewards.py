"""Rounds with rewards: what they are given, what they refuse, and what they say of themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse

from annotation.models import Project
from tests import factories
from training import actions
from training.adapters import publishing
from training.findings import rewards
from training.jobs import Status
from training.methods import METHODS
from training.models import Adapter, BaseModel, DatasetVersion, Preflight, TrainingRound
from training.params import by_rows, to_json
from training.run_dir import directory_sha256
from training.running.kinds import ROUND

PARAMS = {"kl_limit": 0.5, "max_new_tokens": 256, "format_weight": 1.0, "facts_weight": 0.0}


def step(number: int, reward: float, **more: float) -> dict[str, Any]:
    usual = {"kl": 0.1, "same_in_group": 0.0, "completions/mean_length": 100.0, "completions/clipped_ratio": 0.0}
    return {"event": "log", "step": number, "reward": reward, "rewards/format/mean": reward, **usual, **more}


def measured(number: int, **found: float) -> dict[str, Any]:
    usual = {"reward": 0.5, "format": 0.5, "rouge_l": 0.4, "length": 100.0, "cut": 0.0, "facts": 0.5}
    return {
        "event": "eval",
        "step": number,
        **{f"{rewards.PREFIX}{name}": value for name, value in {**usual, **found}.items()},
    }


def course(before: dict[str, float] | None = None, after: dict[str, float] | None = None, **last: float) -> Any:
    steps = [step(number, 0.5 + number / 50, **(last if number > 5 else {})) for number in range(1, 11)]
    return [*steps, measured(10, **(after or {})), measured(0, **(before or {}))]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (course(after={"reward": 0.8}), "rose from 0.50 to 0.80 on prompts it never learned from"),
        (course(after={"reward": 0.3}), "fell from 0.50 to 0.30"),
        (course(), "have not changed yet"),
        ([step(1, 0.2), step(2, 0.2)], "on its training prompts"),
    ],
)
def test_it_says_what_the_rewards_did(events: Any, words: str) -> None:
    assert words in rewards.sentences(events, PARAMS)[0]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (
            course(after={"reward": 0.8, "rouge_l": 0.3}),
            "shares fewer words with the experts' answers (ROUGE-L 0.40 to",
        ),
        (course(after={"reward": 0.8, "facts": 0.4}), "leaves out more of the dates and figures"),
        (course(after={"length": 160.0}), "became 60 % longer (100 to 160 tokens)"),
        (course(after={"length": 40.0}), "became 60 % shorter"),
        (course(kl=0.9), "further from the model it started from than allowed"),
        (course(same_in_group=0.7), "70 % of the answers to a prompt repeat another"),
        (course(**{"completions/clipped_ratio": 0.5}), "50 % of its answers were cut off at 256 tokens"),
    ],
)
def test_it_warns_of_a_model_that_only_learned_to_score(events: Any, words: str) -> None:
    (warning,) = rewards.warnings(events, PARAMS)
    assert words in warning


def test_it_calls_a_rise_of_everything_no_trick() -> None:
    better = {"reward": 0.8, "rouge_l": 0.45, "facts": 0.6, "length": 120.0}
    assert rewards.warnings(course(after=better), PARAMS) == []
    worse_but_rewarded = course(after={"reward": 0.8, "format": 0.2})
    assert rewards.warnings(worse_but_rewarded, PARAMS) == []


def test_it_says_nothing_of_rounds_without_rewards() -> None:
    assert rewards.sentences([{"event": "log", "step": 1, "loss": 1.0}], {}) == []


# --- With a project -------------------------------------------------------------------------------------------


def adapter_of(project: Project, base: BaseModel, version: DatasetVersion, method: str, by: Any) -> Adapter:
    number = project.rounds.count() + 1
    made = TrainingRound.objects.create(
        project=project,
        number=number,
        method=method,
        base_model=base,
        dataset_version=version,
        params={},
        status=Status.SUCCEEDED,
        result={"mark_mean": 0.25, "mark_spread": 2.0},
        created_by=by,
    )
    adapter = Adapter(project=project, round=made, base_model=base, sha256=f"{number:064d}", size_bytes=1)
    adapter.directory.mkdir(parents=True)
    (adapter.directory / "adapter_config.json").write_text(f'{{"of": "{made.pk}"}}')
    sha256 = directory_sha256(adapter.directory)
    adapter.directory.rename(adapter.directory.parent / sha256)
    adapter.sha256 = sha256
    adapter.save()
    assert publishing.intact(adapter)
    return adapter


@pytest.fixture
def writer(dataset: DatasetVersion, base_model: BaseModel, ada: Any) -> Adapter:
    return adapter_of(dataset.project, base_model, dataset, "sft", ada)


@pytest.fixture
def judge(dataset: DatasetVersion, base_model: BaseModel, ada: Any) -> Adapter:
    return adapter_of(dataset.project, base_model, dataset, "reward", ada)


@pytest.fixture
def launch(dataset: DatasetVersion, writer: Adapter, judge: Adapter, ada: Any, rung: Any) -> Any:
    def launched(**changes: Any) -> TrainingRound:
        usual = {"method": "rloo", "dataset_version": dataset, "params": {}, "parent_adapter": writer}
        arguments = {"project": dataset.project, "by": ada, "reward_adapter": judge, **usual, **changes}
        return actions.launch_round(**arguments)

    return launched


@pytest.mark.django_db
def test_its_recipe_is_given_the_judge_and_what_the_project_asks_for(launch: Any, judge: Adapter) -> None:
    round = launch()
    round.attempt = 1
    run_dir = round.run_dir()
    run_dir.path.mkdir(parents=True)
    ROUND.write_inputs(round, run_dir)
    given = run_dir.read_params()
    assert given["reward_model"] == {
        "base_model_dir": str(judge.base_model.directory),
        "adapter_dir": str(judge.directory),
        "mark_mean": 0.25,
        "mark_spread": 2.0,
    }
    assert given["asks"] == {"headings": round.project.sections, "dated": round.project.dated_section}


@pytest.mark.django_db
def test_it_refuses_what_cannot_give_marks(
    launch: Any, writer: Adapter, judge: Adapter, dataset: DatasetVersion, ada: Any
) -> None:
    nothing = {"format_weight": 0, "date_weight": 0, "facts_weight": 0, "supported_weight": 0}
    foreign = factories.project(created_by=ada, name="Another")
    theirs = adapter_of(foreign, judge.base_model, dataset, "reward", ada)
    tries = [
        ({"reward_adapter": writer}, "This adapter writes"),
        ({"reward_adapter": theirs}, "another project"),
        ({"reward_adapter": None, "params": nothing}, "something has to be rewarded"),
        ({"params": {"reward_weight": 0}}, "weight of the reward model is 0"),
        ({"method": "sft"}, "Only a round that learns from rewards"),
    ]
    for changes, words in tries:
        with pytest.raises(ValidationError) as refused:
            launch(**changes)
        assert words in refused.value.message_dict["reward_adapter"][0]
    assert launch(reward_adapter=None).reward_adapter is None


@pytest.mark.django_db
def test_it_keeps_the_judge_when_it_is_checked_repeated_or_shown(
    launch: Any, judge: Adapter, sign_in: Any, ada: Any
) -> None:
    project = judge.project
    client = sign_in(ada)
    form = {"method": "rloo", "preset": "quick", "reward_adapter": judge.pk}
    form |= {
        "dataset_version": project.dataset_versions.get().pk,
        "parent_adapter": project.adapters.writing().get().pk,
    }
    sent = client.post(reverse("round_create", args=[project.pk]), form)
    assert sent.status_code == 302, sent.context["form"].errors
    preflight = Preflight.objects.get()
    assert preflight.reward_adapter == judge
    assert preflight.params["max_steps"] == 10
    assert str(judge) in client.get(reverse("preflight", args=[project.pk, preflight.pk])).content.decode()
    Preflight.objects.filter(pk=preflight.pk).update(status=Status.SUCCEEDED)
    preflight.refresh_from_db()
    round = actions.launch_preflight(preflight=preflight, by=ada)
    assert round.reward_adapter == judge
    TrainingRound.objects.filter(pk=round.pk).update(status=Status.FAILED)
    round.refresh_from_db()
    assert actions.retry_round(round=round, by=ada).reward_adapter == judge
    again = client.get(reverse("round_create", args=[project.pk]), {"like": round.pk})
    assert f'value="{judge.pk}" selected' in again.content.decode()


@pytest.mark.django_db
def test_its_page_shows_the_rewards_while_they_change(
    launch: Any, sign_in: Any, ada: Any, django_assert_max_num_queries: Any
) -> None:
    round = launch()
    TrainingRound.objects.filter(pk=round.pk).update(status=Status.RUNNING, attempt=1)
    round.refresh_from_db()
    run_dir = round.run_dir()
    run_dir.path.mkdir(parents=True)
    for event in course(after={"reward": 0.8, "rouge_l": 0.3}):
        run_dir.append_event(**event)
    client = sign_in(ada)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("round", args=[round.project_id, round.pk])).content.decode()
    for words in ("What the rewards do", "found a way to score without writing better", "KL per token", "ROUGE-L"):
        assert words in page
    assert "Loss by step" not in page


@pytest.mark.django_db
def test_it_is_launched_by_command_and_by_the_api(
    launch: Any, judge: Adapter, writer: Adapter, client: Any, ada: Any, capsys: Any
) -> None:
    project = judge.project
    call_command(
        "launch_round",
        f"--project={project.pk}",
        "--method=rloo",
        "--preset=quick",
        f"--parent={writer.round.number}",
        f"--reward={judge.round.number}",
        "--by=ada",
    )
    assert project.rounds.get(method="rloo").reward_adapter == judge
    client.force_login(ada)
    given = {
        "method": "rloo",
        "dataset_version": str(project.dataset_versions.get().pk),
        "parent_adapter": str(writer.pk),
        "reward_adapter": str(judge.pk),
        "preset": "standard",
    }
    answer = client.post(reverse("api_rounds", args=[project.pk]), given, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert answer.json()["reward_adapter"] == str(judge.pk)


def test_its_quick_look_says_how_many_steps_it_takes() -> None:
    quick = METHODS["rloo"].presets["quick"].params
    assert by_rows.in_words(to_json(quick), 1000).startswith("10 steps, ")
