"""Pre-training on the tiny base model: blocks, the loss on every token, the perplexity, and SFT on top of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation.actions.corpus import import_documents
from annotation.corpus import Text
from annotation.models import Project
from tests import factories
from tests.training.recipes.conftest import FACTS, MakeRun, read_json
from tests.training.recipes.test_training import kill_after_checkpoint, named
from training import actions
from training.methods import METHODS
from training.models import TrainingRound
from training.params import PretrainParams
from training.recipes import blocks, preflight
from training.run_dir import RunDir, directory_sha256
from training.running import kinds, runner

Rows = list[dict[str, Any]]
SMALL = {"max_length": 64, "lora_r": 4, "lora_alpha": 8, "seed": 3}


@pytest.fixture
def texts() -> Rows:
    said = [f"{note}. {good}, says the firm. {note} again." for note, good, _bad in FACTS]
    return [{"id": f"t{number}", "text": text} for number, text in enumerate(said)]


def pretrain(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import pretrain

    pretrain.main([str(run_dir.path)])
    return read_json(run_dir.result_file)


# --- Blocks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 63, 64, 65, 127, 128, 129, 1000])
def test_it_cuts_without_losing_or_padding_a_token(count: int) -> None:
    ids = list(range(count))
    cut = blocks.cut(ids, 64)
    assert [token for block in cut for token in block] == ids
    assert len(cut) == math.ceil(count / 64)
    assert max(map(len, cut)) - min(map(len, cut)) <= 1
    assert max(map(len, cut)) <= 64


@pytest.mark.parametrize("count", [0, 1])
def test_it_makes_no_block_in_which_nothing_is_predicted(count: int) -> None:
    assert blocks.cut(list(range(count)), 64) == []


def test_it_ends_every_text_with_the_end_token(tiny_tokenizer: Any) -> None:
    ids = blocks.joined(tiny_tokenizer, ["The roof leaks", "Dogs bite"])
    assert tiny_tokenizer.decode(ids) == "The roof leaks<|im_end|>Dogs bite<|im_end|>"


# --- Before training ----------------------------------------------------------------------------------------


def test_it_shows_blocks_and_counts_before_training(tiny_tokenizer: Any, texts: Rows) -> None:
    report = preflight.check("pretrain", texts[:6], texts[6:], tiny_tokenizer, PretrainParams(max_length=64), 512)
    train = report["train"]
    ids = blocks.joined(tiny_tokenizer, [row["text"] for row in texts[:6]])
    assert report["reasons"] == []
    assert (train["texts"], train["total_tokens"], train["rows"]) == (6, len(ids), math.ceil(len(ids) / 64))
    assert train["trained_tokens"] == len(ids) - train["rows"]
    assert report["validation"]["texts"] == 2
    shown = report["examples"][0]["tokens"]
    assert "".join(token["text"] for token in shown) == tiny_tokenizer.decode(blocks.cut(ids, 64)[0])
    assert [token["trained"] for token in shown] == [False] + [True] * (len(shown) - 1)


@pytest.mark.parametrize(
    ("rows", "params", "reason"),
    [
        ([], {}, "There are no rows to train on"),
        ([{"id": "a", "text": " \n"}], {}, "Row a has no text."),
        ([{"id": "a"}], {}, "Row a has no text."),
        ([{"id": "a", "text": "<|im_end|>"}], {}, "There is too little text to learn from"),
        ([{"id": "a", "text": "Enough."}], {"max_length": 1024}, "reads at most 512"),
        ([{"id": "a", "text": "Enough."}], {"early_stopping_patience": 2}, "Early stopping needs held-out rows"),
    ],
)
def test_it_refuses_what_cannot_be_read(tiny_tokenizer: Any, rows: Rows, params: Any, reason: str) -> None:
    report = preflight.check("pretrain", rows, [], tiny_tokenizer, PretrainParams(**params), 512)
    assert reason in report["reasons"][0]


# --- Training -----------------------------------------------------------------------------------------------


@pytest.mark.torch
def test_it_learns_texts_and_measures_its_surprise(make_run: MakeRun, texts: Rows) -> None:
    params = {**SMALL, "learning_rate": 0.01, "num_train_epochs": 8.0}
    run_dir = make_run("pretrain", params, texts[:6], texts[6:])
    result = pretrain(run_dir)
    assert result["status"] == "succeeded", result
    assert result["perplexity_before"] == pytest.approx(math.exp(result["eval_loss_before"]), abs=0.01)
    assert result["perplexity"] < 0.8 * result["perplexity_before"]
    report = read_json(run_dir.preflight)
    assert named(run_dir, "start")[0]["rows"] == report["train"]["rows"]
    assert result["trained_tokens"] == 8 * report["train"]["trained_tokens"]
    assert result["adapter_sha256"] == directory_sha256(run_dir.adapter)


@pytest.mark.torch
def test_it_learns_every_token_and_weighs_them_alike(make_run: MakeRun, texts: Rows, tiny_base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from training.recipes import pretrain, training_run

    built = []

    def spy(given: Any) -> Any:
        built.append(pretrain.build_trainer(given))
        return built[-1]

    run_dir = make_run("pretrain", {**SMALL, "max_steps": 1, "warmup_ratio": 0.0}, texts[:6], texts[4:])
    result = training_run.train(run_dir, "pretrain", spy)
    tokenizer = built[0].processing_class
    expected = blocks.of_rows(tokenizer, texts[:6], 64)
    assert [row["input_ids"] for row in built[0].train_dataset] == expected
    assert all(row["labels"] == row["input_ids"] for row in built[0].train_dataset)

    model = AutoModelForCausalLM.from_pretrained(tiny_base)  # in bfloat16, as it is trained
    held_out = blocks.of_rows(tokenizer, texts[4:], 64)
    assert len(held_out) > 1
    losses, tokens = 0.0, 0
    for block in held_out:
        ids = torch.tensor([block])
        with torch.no_grad():
            log_probs = model(input_ids=ids).logits[0, :-1].float().log_softmax(-1)
        losses -= float(log_probs.gather(1, ids[0, 1:, None]).sum())
        tokens += len(block) - 1
    assert result["eval_loss_before"] == pytest.approx(losses / tokens, rel=2e-3)


@pytest.mark.torch
def test_it_resumes_after_a_kill_to_the_same_bytes(make_run: MakeRun, texts: Rows) -> None:
    params = {**SMALL, "num_train_epochs": 16.0, "save_steps": 3, "eval_steps": 50}
    unbroken = make_run("pretrain", params, texts[:6], texts[6:], name="unbroken")
    assert pretrain(unbroken)["status"] == "succeeded"
    killed = make_run("pretrain", params, texts[:6], texts[6:], name="attempt-1")
    checkpoint = kill_after_checkpoint("pretrain", killed)
    resumed = make_run("pretrain", params, texts[:6], texts[6:], name="attempt-2", resume_from=str(checkpoint))
    result = pretrain(resumed)
    assert result["status"] == "succeeded", result
    assert directory_sha256(resumed.adapter) == directory_sha256(unbroken.adapter)


@pytest.mark.torch
def test_it_is_what_sft_builds_on(make_run: MakeRun, texts: Rows, demonstrations: Rows) -> None:
    from training.recipes import sft

    read = make_run("pretrain", {**SMALL, "learning_rate": 0.01, "max_steps": 6}, texts, name="read")
    assert pretrain(read)["status"] == "succeeded"
    taught = {}
    for name, parent in (("on texts", str(read.adapter)), ("on base", None)):
        params = {**SMALL, "max_length": 256, "max_steps": 2}
        run_dir = make_run("sft", params, demonstrations, demonstrations[:2], name=name, parent_adapter_dir=parent)
        sft.main([str(run_dir.path)])
        taught[name] = read_json(run_dir.result_file)
        assert taught[name]["status"] == "succeeded"
    assert taught["on texts"]["eval_loss_before"] != pytest.approx(taught["on base"]["eval_loss_before"], abs=0.01)


@pytest.mark.torch
@pytest.mark.django_db
def test_its_adapter_is_published_and_taught_from_demonstrations(
    project: Project, ada: User, erin: User, tiny_base: Path, texts: Rows, rung: list[tuple[str, str]]
) -> None:
    actions.register_base_model(directory=factories.base_model_folder(tiny_base, name="tiny"))
    items = [Text(row["id"], row["text"], "", "notes.zip") for row in texts]
    import_documents(project=project, texts=items, by=ada)
    for note, good, _bad in FACTS:
        factories.demonstration(factories.prompt(project, instruction="Sum up.", input=note), erin, text=good)
    read = taught(project, ada, "pretrain", {**SMALL, "learning_rate": 0.01, "max_steps": 4})
    assert read.result["perplexity"] < read.result["perplexity_before"]
    assert str(read.adapter) == "Pre-training adapter of round 1"
    after = taught(project, ada, "sft", {**SMALL, "max_length": 256, "max_steps": 2}, parent_adapter=read.adapter)
    assert after.run_dir().read_params()["parent_adapter_dir"] == str(read.adapter.directory)
    assert after.adapter.sha256 != read.adapter.sha256


def taught(project: Project, by: User, method: str, params: dict[str, Any], **options: Any) -> TrainingRound:
    """A round from freezing to its published adapter, by the method's own process."""
    version = actions.freeze(kind=METHODS[method].learns_from, project=project, by=by)
    launched = actions.launch_round(
        project=project, method=method, dataset_version=version, params=params, by=by, **options
    )
    assert runner.run(kinds.ROUND, launched.pk)
    done = TrainingRound.objects.select_related("adapter").get(pk=launched.pk)
    assert done.status == "succeeded", done.failure_message
    return done
