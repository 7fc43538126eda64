"""Training goes on by itself, says how it ended, and refuses what cannot go well (complaints 22 to 25)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from tests import factories
from tests.complaints.person import Person, id_in
from tests.evaluation import factories as judged
from tests.training.recipes.conftest import tiny_tokenizer  # noqa: F401 - a fixture
from training import actions
from training.running import launcher, runner
from training.running.kinds import PREFLIGHT, ROUND

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
Worker = Callable[..., None]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, settings: Any, rung: Any) -> Worker:
    """worker() does whatever waits, in processes of its own, as `manage.py run_huey` would."""
    settings.JOB_HEARTBEAT_SECONDS = 0.2
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def work(act: str = "succeed") -> None:
        def command(self: Any, recipe: str, run_dir: Any) -> list[str]:
            return [sys.executable, "-m", "tests.complaints.stand_in", act, str(run_dir)]

        with monkeypatch.context() as meanwhile:
            meanwhile.chdir(ROOT)
            meanwhile.setattr(launcher.Local, "command", command)
            do_what_waits()

    return work


def do_what_waits() -> None:
    for kind in (PREFLIGHT, ROUND):
        for job in kind.model.objects.filter(status="queued"):
            runner.run(kind, job.pk)


def own_processes() -> str:
    """What this process, in which the pages are made, has started and still has."""
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()


def checked(person: Person, dataset: Any, **settings: Any) -> str:
    """The address of a check of these settings, as the form of a new round leads to it."""
    sent = {"method": "sft", "dataset_version": str(dataset.pk), "preset": "quick", **settings}
    answer = person.send("round_create", dataset.project_id, **sent)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return id_in(answer.url)


def launched(person: Person, dataset: Any, worker: Worker) -> str:
    check = checked(person, dataset)
    worker()
    return id_in(person.send("preflight", dataset.project_id, check).url)


# --- 22: the browser's tab ------------------------------------------------------------------------------------


def test_a_round_goes_on_when_the_page_is_closed(dataset, base_model, Ada, ada, worker) -> None:
    """LlamaFactory#8485, #8817, #10111, #1008, #2162: training stops when the page is closed; one user wrote a program
    that opens it again."""
    project, before = dataset.project_id, own_processes()
    round = launched(Ada, dataset, worker)
    assert own_processes() == before, "the web process has started nothing that could end with it"
    Session.objects.all().delete()  # the computer is off, and nobody is signed in any more
    worker()
    page = Person(ada).read("round", project, round)
    assert "Succeeded" in page
    assert Person(ada).get("api_adapters", project).json()["results"]


def test_the_page_of_a_round_says_that_it_may_be_closed(dataset, base_model, Ada, worker) -> None:
    """LlamaFactory#10111: nobody needs to watch it."""
    page = Ada.read("round", dataset.project_id, launched(Ada, dataset, worker))
    assert "You can close this page. The round goes on without it." in page


# --- 23: silent failures --------------------------------------------------------------------------------------


def test_a_round_that_breaks_says_so_and_why(dataset, base_model, Ada, worker) -> None:
    """unsloth#5348, autotrain-advanced#276, #670, #698, langfuse#4935: it has ended long ago, and nothing says so."""
    round = launched(Ada, dataset, worker)
    worker("crash")
    page = Ada.read("round", dataset.project_id, round)
    assert "Failed" in page
    assert "CUDA out of memory" in page
    assert "Try again" in page
    told = Ada.get("api_round", dataset.project_id, round).json()
    assert (told["status"], bool(told["failure_message"])) == ("failed", True)


def test_a_round_that_is_killed_is_not_running_for_ever(dataset, base_model, Ada, worker) -> None:
    """unsloth#5348: without memory the process is gone and the page goes on counting."""
    round = launched(Ada, dataset, worker)
    for _attempt in range(3):
        worker("be killed")
    told = Ada.get("api_round", dataset.project_id, round).json()
    assert told["status"] == "failed"
    assert "memory" in told["failure_message"]


def test_a_failed_round_stands_in_nobodys_way(dataset, base_model, Ada, worker) -> None:
    """SimpleTuner#2306: what failed stays “running”, and the next one waits for it."""
    launched(Ada, dataset, worker)
    worker("crash")
    second = launched(Ada, dataset, worker)
    worker()
    assert Ada.get("api_round", dataset.project_id, second).json()["status"] == "succeeded"


# --- 24: nothing to learn, and the wrong template -------------------------------------------------------------


@pytest.fixture
def real_model(settings: Any, tiny_tokenizer: Any) -> Any:  # noqa: F811
    """A base model with a real tokenizer: all that a check reads of it."""
    folder = settings.BASE_MODELS_DIR / "tiny"
    tiny_tokenizer.save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "llama", "max_position_embeddings": 512}')
    return factories.base_model_folder(folder, source="made in a test", license="Apache-2.0")


def refusal(person: Person, dataset: Any, **settings: Any) -> str:
    """What the page of the check says once the worker has made it; it must not offer to launch."""
    project, check = dataset.project_id, checked(person, dataset, **settings)
    do_what_waits()
    page = person.read("preflight", project, check)
    assert "A round with these settings would go wrong, so it cannot be launched." in page
    assert "Launch the round" not in page
    assert person.send("preflight", project, check).status_code == 422
    assert person.get("api_rounds", project).json()["results"] == []
    return page


@pytest.mark.torch
def test_a_round_in_which_nothing_is_learned_cannot_be_launched(dataset, real_model, Ada, rung) -> None:
    """unsloth#11321, #1787, LlamaFactory#2509: every label was masked, the loss was zero, and it ran all night."""
    actions.register_base_model(directory=real_model)
    page = refusal(Ada, dataset, max_length=64, allow_truncation="yes")
    assert "nothing to learn within 64 tokens" in page


@pytest.mark.torch
def test_a_template_that_asks_otherwise_than_it_was_taught_is_refused(dataset, real_model, Ada, rung) -> None:
    """LlamaFactory#5145, #5593, #6736: taught in one template, asked in another, the model answers with nonsense."""
    template = real_model / "chat_template.jinja"
    ask = "{{ '<|im_start|>assistant\n' }}"
    assert ask in template.read_text()
    template.write_text(template.read_text().replace(ask, "{{ '<|im_start|>assistant\n<think>' }}"))
    actions.register_base_model(directory=factories.base_model_folder(real_model))
    page = refusal(Ada, dataset, max_length=512)
    assert "the model would learn from a prompt it never meets" in page


# --- 25: the second half --------------------------------------------------------------------------------------


def test_every_method_and_early_stopping_are_on_the_form(dataset, base_model, Ada) -> None:
    """unsloth#7948, #8777, #4974: for DPO, rewards or stopping early one is sent to the documentation."""
    for method in ("sft", "dpo", "kto", "rloo"):
        page = Ada.read("round_create", dataset.project_id, method=method)
        assert f'href="?method={method}" aria-current="page"' in page
    assert 'name="early_stopping_patience"' in Ada.read("round_create", dataset.project_id, method="sft")


def test_memory_and_time_are_told_before_a_round_starts(dataset, base_model, Ada, worker) -> None:
    """unsloth#8503 and pull request 10815, LlamaFactory#2435: that it does not fit is known when it has failed."""
    check = checked(Ada, dataset)
    worker()
    page = Ada.read("preflight", dataset.project_id, check).lower()
    assert "memory" in page
    assert "launch the round" in page


def test_models_are_compared_on_prompts_kept_for_it(project, Ada, Erin) -> None:
    """unsloth#5867, #11646, h2o-llmstudio#562: curves, but not one answer of what came out."""
    made = judged.evaluation(project, [None, judged.adapter(project)], prompts=3, reviewed_prompts=0)
    Ada.send("evaluation_open", project.pk, made.pk)
    assert "SmolLM2" in Ada.read("evaluation", project.pk, made.pk)
    assert judged.GOOD.splitlines()[0] in Ada.read("evaluation_outputs", project.pk, made.pk)


def test_experts_read_texts_and_no_json(project, erin, Erin) -> None:
    """mlflow#25598: who is asked to judge an answer is shown raw JSON."""
    said = [{"role": "user", "content": "Who leased it?"}, {"role": "assistant", "content": "Mr. Ode."}]
    prompt = factories.prompt(project, instruction="Since when?", input="", history=said)
    comparison = factories.comparison(prompt, ["Since 2019.", "Since 2020."])
    judged.evaluation(project, prompts=1, reviewed_prompts=1)
    writing, ranking = Erin.words("write", project.pk, prompt.pk), Erin.words("rank", project.pk, comparison.pk)
    assert "Mr. Ode." in writing
    assert "Mr. Ode." in ranking
    for page in (writing, ranking, Erin.words("score_next", project.pk)):
        assert not [mark for mark in ('"role"', '{"', "[{", "\\n") if mark in page]


def test_reviewers_see_who_judges_reliably(project, Rita, Ada) -> None:
    """sourcelibrary-v2#4920, open-chat-studio#3149: with single votes and no known answers nobody knows whose
    judgement holds; people compute it in a spreadsheet."""
    comparison = factories.comparison(factories.prompt(project), ["Right.", "Wrong."])
    right = comparison.candidates.get(text="Right.")
    order = [[str(right.pk)], [str(comparison.candidates.get(text="Wrong.").pk)]]
    Ada.tell("api_known_answers", project.pk, comparison=str(comparison.pk), order=order, explanation="It is dated.")
    assert "Known answer" in Rita.read("known_answer", project.pk, comparison.pk)
    erin = project.memberships.get(user__username="erin").user
    page = Rita.words("ranker", project.pk, erin.pk)
    for told in ("Known answers", "The same when asked again", "Left or right", "How often the longer answer wins"):
        assert told in page, "a figure, or why there is none yet"
