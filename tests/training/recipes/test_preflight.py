from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, assistant, read_json, user
from training.params import SFTParams
from training.recipes import preflight

Rows = list[dict[str, Any]]


def report(tokenizer: Any, rows: Rows, method: str = "sft", held_out: Rows | None = None, **params: Any) -> Any:
    params = {"max_length": 512, **params}
    return preflight.check(method, rows, held_out or [], tokenizer, SFTParams(**params), 512)


def test_it_shows_the_first_rows_token_by_token(tiny_tokenizer: Any, demonstrations: Rows) -> None:
    found = report(tiny_tokenizer, demonstrations)
    assert found["reasons"] == []
    assert [example["id"] for example in found["examples"]] == ["row-0", "row-1", "row-2"]
    tokens = found["examples"][2]["tokens"]
    trained = "".join(token["text"] for token in tokens if token["trained"])
    before = "".join(token["text"] for token in tokens if not token["trained"])
    assert trained == "Claim against the owner § 51-2-7<|im_end|>\n"
    assert before.startswith("<|im_start|>system\n")
    assert before.endswith("<|im_start|>assistant\n")


def test_it_learns_only_the_last_answer_of_a_conversation(tiny_tokenizer: Any) -> None:
    before = [*user("Who leased it?"), *assistant("The owner."), *user("Since when?")]
    found = report(tiny_tokenizer, [{"id": "talk", "prompt": before, "completion": assistant("Claim")}])
    pieces = found["examples"][0]["tokens"]
    assert "".join(piece["text"] for piece in pieces if piece["trained"]) == "Claim<|im_end|>\n"
    assert "The owner." in "".join(piece["text"] for piece in pieces if not piece["trained"])


def test_it_counts_what_will_be_learned(tiny_tokenizer: Any, demonstrations: Rows) -> None:
    found = report(tiny_tokenizer, demonstrations, held_out=demonstrations[:2])
    train = found["train"]
    assert train["rows"] == 8
    assert train["tokens"]["min"] <= train["tokens"]["median"] <= train["tokens"]["p95"] <= train["tokens"]["max"]
    assert train["trained_share"] == pytest.approx(train["trained_tokens"] / train["total_tokens"])
    assert train["truncated"] == {"count": 0, "ids": []}
    assert found["validation"]["rows"] == 2
    two = found["validation"]["tokens"]
    assert two["min"] < two["median"] == (two["min"] + two["max"]) / 2
    assert len(found["chat_template_sha256"]) == 64


def test_it_shows_both_answers_of_a_preference(tiny_tokenizer: Any, preferences: Rows) -> None:
    example = report(tiny_tokenizer, preferences, "dpo")["examples"][0]
    for name in ("chosen", "rejected"):
        text = "".join(token["text"] for token in example[name] if token["trained"])
        assert text == preferences[0][name][0]["content"] + "<|im_end|>\n"


def test_it_refuses_to_train_on_nothing(tiny_tokenizer: Any) -> None:
    (reason,) = report(tiny_tokenizer, [])["reasons"]
    assert "no rows to train on" in reason


def test_it_refuses_rows_that_would_be_cut_unless_allowed(tiny_tokenizer: Any, demonstrations: Rows) -> None:
    long = {"id": "long", "prompt": user("Short"), "completion": assistant("claim " * 200)}
    rows = [*demonstrations, long]
    found = report(tiny_tokenizer, rows, max_length=200)
    assert found["train"]["truncated"] == {"count": 1, "ids": ["long"]}
    assert any(
        "1 training row is longer than 200 tokens and would lose its end" in reason for reason in found["reasons"]
    )
    assert report(tiny_tokenizer, rows, max_length=200, allow_truncation=True)["reasons"] == []


def test_it_refuses_rows_whose_answer_falls_off_entirely(tiny_tokenizer: Any, demonstrations: Rows) -> None:
    found = report(tiny_tokenizer, demonstrations, max_length=40, allow_truncation=True)
    assert found["train"]["nothing_trained"]["count"] == 8
    assert any("nothing to learn within 40 tokens" in reason for reason in found["reasons"])


def test_it_refuses_answers_that_are_lost_in_their_prompts(tiny_tokenizer: Any) -> None:
    rows = [{"id": "a", "prompt": user("word " * 120), "completion": assistant("Yes")}]
    (reason,) = report(tiny_tokenizer, rows)["reasons"]
    assert "of the tokens are answers" in reason


def test_it_refuses_a_tokenizer_without_a_chat_template(tiny_tokenizer: Any, demonstrations: Rows) -> None:
    plain = copy.deepcopy(tiny_tokenizer)
    plain.chat_template = None
    (reason,) = report(plain, demonstrations)["reasons"]
    assert "no chat template" in reason


def test_it_refuses_a_template_that_asks_otherwise_than_it_shows(tiny_tokenizer: Any, demonstrations: Rows) -> None:
    thinking = copy.deepcopy(tiny_tokenizer)
    ask = "{{ '<|im_start|>assistant\n' }}"
    thinking.chat_template = thinking.chat_template.replace(ask, "{{ '<|im_start|>assistant\n<think>' }}")
    (reason,) = report(thinking, demonstrations)["reasons"]
    assert "8 training rows differently" in reason


def test_it_names_rows_of_the_wrong_shape(tiny_tokenizer: Any, demonstrations: Rows, preferences: Rows) -> None:
    broken = [
        {"id": "no prompt", "completion": assistant("x")},
        {"id": "ends wrong", "prompt": assistant("x"), "completion": assistant("x")},
        {"id": "empty", "prompt": user("x"), "completion": assistant("  ")},
        {"id": "odd", "prompt": [{"role": "robot", "content": "x"}], "completion": assistant("x")},
    ]
    reasons = report(tiny_tokenizer, [*demonstrations, *broken])["reasons"]
    assert [reason.split(" has ")[0] for reason in reasons] == [f"Row {row['id']}" for row in broken]
    same = {**preferences[0], "rejected": preferences[0]["chosen"]}
    (reason,) = report(tiny_tokenizer, [same], "dpo")["reasons"]
    assert "prefers an answer over itself" in reason


def test_it_refuses_settings_that_cannot_work(tiny_tokenizer: Any, demonstrations: Rows) -> None:
    reasons = report(tiny_tokenizer, demonstrations, max_length=1024, early_stopping_patience=2)["reasons"]
    assert any("reads at most 512" in reason for reason in reasons)
    assert any("Early stopping needs held-out rows" in reason for reason in reasons)


def test_it_runs_as_a_recipe_and_leaves_its_report(make_run: MakeRun, demonstrations: Rows) -> None:
    run_dir = make_run("sft", {"max_length": 256}, demonstrations)
    assert preflight.main([str(run_dir.path)]) == 0
    assert read_json(run_dir.preflight)["train"]["rows"] == 8
    assert read_json(run_dir.result_file)["status"] == "succeeded"
    assert not run_dir.adapter.exists()


def test_it_leaves_a_refusal_with_reasons(make_run: MakeRun) -> None:
    run_dir = make_run("sft", {"max_length": 256}, [])
    assert preflight.main([str(run_dir.path)]) == 1
    result = read_json(run_dir.result_file)
    assert (result["status"], result["failure_code"]) == ("refused", "preflight")
    assert result["reasons"] == read_json(run_dir.preflight)["reasons"]


@pytest.mark.parametrize("damage", [{"params": {"beta": 1}}, {"train": "not json\n"}])
def test_it_refuses_inputs_it_cannot_read(make_run: MakeRun, demonstrations: Rows, damage: Any) -> None:
    run_dir = make_run("sft", damage.get("params", {}), demonstrations)
    if "train" in damage:
        run_dir.train.write_text(damage["train"])
    assert preflight.main([str(run_dir.path)]) == 1
    assert read_json(run_dir.result_file)["status"] == "refused"


def test_it_shows_multi_turn_prompts_as_context_only(tiny_tokenizer: Any) -> None:
    prompt = [
        {"role": "system", "content": "Be brief."},
        *user("First"),
        *assistant("An earlier answer"),
        *user("Second"),
    ]
    rows = [{"id": "turns", "prompt": prompt, "completion": assistant("The answer that is learned, at last")}]
    tokens = report(tiny_tokenizer, rows)["examples"][0]["tokens"]
    trained = "".join(token["text"] for token in tokens if token["trained"])
    assert trained == "The answer that is learned, at last<|im_end|>\n"
