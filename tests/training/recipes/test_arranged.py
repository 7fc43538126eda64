"""Rounds whose rows come in a given order, and held-out losses by task type, on the tiny base model."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json
from training.arrangement import arranging
from training.methods import from_json
from training.params import to_json
from training.run_dir import RunDir, newest_verified_checkpoint
from training.suspects import losses

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
SMALL = {"max_length": 256, "lora_r": 4, "lora_alpha": 8, "seed": 3, "per_device_train_batch_size": 2}


@pytest.fixture
def typed(demonstrations: Rows) -> Rows:
    """Six letters and two summaries."""
    return [{**row, "task_type": "summary" if n in (2, 5) else "letter"} for n, row in enumerate(demonstrations)]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, ...]]]:
    """The rows of every batch that was learned from, by place."""
    from training.recipes.arranged import ArrangedTrainer

    batches: list[tuple[int, ...]] = []
    learn = ArrangedTrainer.training_step

    def spy(self: Any, model: Any, inputs: Any, *rest: Any) -> Any:
        places = {tuple(ids): place for place, ids in enumerate(self.train_dataset["input_ids"])}
        lengths = inputs["attention_mask"].sum(dim=1).tolist()
        rows = zip(inputs["input_ids"].tolist(), lengths, strict=True)
        batches.append(tuple(places[tuple(ids[:length])] for ids, length in rows))
        return learn(self, model, inputs, *rest)

    monkeypatch.setattr(ArrangedTrainer, "training_step", spy)
    return batches


def train(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import sft

    sft.main([str(run_dir.path)])
    return read_json(run_dir.result_file)


def order_of(run_dir: RunDir) -> list[int]:
    return json.loads((run_dir.path / arranging.ORDER).read_text())["order"]


def answer_length(rows: Rows, place: int) -> int:
    return len(rows[place]["completion"][0]["content"])


def test_it_keeps_what_each_row_lost_each_time_it_was_read(make_run: MakeRun, demonstrations: Rows) -> None:
    run_dir = make_run("sft", {**SMALL, "num_train_epochs": 2.0}, demonstrations)
    losses.append(losses.file_of(run_dir.path, 0), 99, [(0, 1.0)])  # of an attempt that came further than this begins
    train(run_dir)
    seen = list(losses.readings(run_dir.path))
    assert Counter(each.row for each in seen) == dict.fromkeys(range(len(demonstrations)), 2)
    assert [each.step for each in seen] == sorted(each.step for each in seen)
    assert all(0 < each.loss < 20 for each in seen)


def test_it_reads_short_answers_first_in_as_many_steps(
    make_run: MakeRun, demonstrations: Rows, seen: list[tuple[int, ...]]
) -> None:
    shuffled = make_run("sft", {**SMALL, "num_train_epochs": 2.0}, demonstrations, name="shuffled")
    steps = train(shuffled)["max_steps"]
    at_random = list(seen)
    seen.clear()
    params = {**SMALL, "num_train_epochs": 2.0, "curriculum": "length", "curriculum_stages": 2, "replay_share": 0.25}
    run_dir = make_run("sft", params, demonstrations, name="staged")
    result = train(run_dir)
    assert result["status"] == "succeeded", result
    assert result["global_step"] == steps == len(seen) == 8
    order = [place for batch in seen for place in batch]
    assert order == order_of(run_dir)
    assert Counter(order) == Counter(place for batch in at_random for place in batch)
    assert [len(batch) for batch in seen] == [len(batch) for batch in at_random]
    (told,) = [event for event in run_dir.events() if event["event"] == "stages"]
    assert told["by"] == "length"
    first, second = told["stages"]
    assert first["hardest"] <= second["easiest"]
    assert second["replayed"] == round(0.25 * second["drawn"])
    assert answer_length(demonstrations, order[0]) < max(len(row["completion"][0]["content"]) for row in demonstrations)
    assert set(order[: first["drawn"]]) < set(order)


def test_it_orders_by_what_surprises_the_model_and_measures_that_once(
    make_run: MakeRun, demonstrations: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.recipes.arranged import ArrangedTrainer

    calls = []
    measure = ArrangedTrainer.surprises
    monkeypatch.setattr(ArrangedTrainer, "surprises", lambda self: calls.append(1) or measure(self))
    params = {**SMALL, "num_train_epochs": 1.0, "curriculum": "perplexity", "replay_share": 0.0}
    run_dir = make_run("sft", params, demonstrations)
    assert train(run_dir)["status"] == "succeeded"
    known = read_json(run_dir.path / arranging.ORDER)
    assert len(calls) == 1
    assert len(known["difficulty"]) == 8
    assert all(math.isfinite(value) and value > 1 for value in known["difficulty"])
    staged = [known["difficulty"][place] for place in known["order"]]
    ends = [0, *[sum(stage["drawn"] for stage in known["stages"][: n + 1]) for n in range(3)]]
    assert all(max(staged[a:b]) <= min(staged[b:c]) for a, b, c in zip(ends, ends[1:], ends[2:], strict=False))
    phases = [event["message"] for event in run_dir.events() if event["event"] == "phase"]
    assert phases.index("Ordering the rows") < phases.index("Training")

    again = make_run("sft", params, demonstrations, name="attempt-2")
    (again.path / arranging.ORDER).write_bytes((run_dir.path / arranging.ORDER).read_bytes())
    assert train(again)["adapter_sha256"] == read_json(run_dir.result_file)["adapter_sha256"]
    assert len(calls) == 1


def test_its_surprise_is_the_loss_of_the_row(make_run: MakeRun, demonstrations: Rows) -> None:
    """What the order goes by is what TRL says of each row."""
    from training.recipes import sft, training_run

    built = []

    def spy(given: Any) -> Any:
        built.append(sft.build_trainer(given))
        return built[-1]

    params = {**SMALL, "max_steps": 1, "warmup_ratio": 0.0, "curriculum": "perplexity"}
    run_dir = make_run("sft", params, demonstrations, demonstrations)
    training_run.train(run_dir, "sft", spy)
    losses = [math.log(value) for value in read_json(run_dir.path / arranging.ORDER)["difficulty"]]
    tokens = [sum(label != -100 for label in labels[1:]) for labels in built[0].train_dataset["labels"]]
    (before,) = [event["eval_loss"] for event in run_dir.events() if event["event"] == "eval" and event["step"] == 0]
    batches = [range(begin, begin + 2) for begin in range(0, 8, 2)]
    of_batches = [sum(losses[n] * tokens[n] for n in some) / sum(tokens[n] for n in some) for some in batches]
    assert before == pytest.approx(sum(of_batches) / 4, rel=1e-3)


def test_it_resumes_in_its_order_to_the_same_bytes(
    make_run: MakeRun, demonstrations: Rows, seen: list[tuple[int, ...]]
) -> None:
    params = {**SMALL, "num_train_epochs": 2.5, "curriculum": "length", "save_steps": 3, "lora_dropout": 0.1}
    whole = train(make_run("sft", params, demonstrations, name="whole"))
    unbroken = list(seen)
    for limit in (3, 6):  # in the first pass and in the second
        seen.clear()
        begun = make_run("sft", params, demonstrations, name=f"begun-{limit}")
        _stop_at(begun, limit)
        checkpoint = newest_verified_checkpoint(begun.path)
        assert checkpoint is not None
        resumed = make_run("sft", params, demonstrations, name=f"resumed-{limit}", resume_from=str(checkpoint))
        (resumed.path / arranging.ORDER).write_bytes((begun.path / arranging.ORDER).read_bytes())
        seen.clear()
        result = train(resumed)
        assert result["adapter_sha256"] == whole["adapter_sha256"]
        assert seen == unbroken[limit:]


def _stop_at(run_dir: RunDir, limit: int) -> None:
    """As if it had been killed after that step's checkpoint."""
    from transformers import TrainerCallback

    from training.recipes import sft, training_run

    class Killed(Exception):
        pass

    class Kill(TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
            if state.global_step == limit:
                raise Killed

    def build(given: Any) -> Any:
        trainer = sft.build_trainer(given)
        add = trainer.add_callback

        def last(callback: Any) -> None:
            add(callback)
            trainer.callback_handler.callbacks = [
                each for each in trainer.callback_handler.callbacks if not isinstance(each, Kill)
            ] + [kill]

        kill = Kill()
        trainer.add_callback = last
        return trainer

    with pytest.raises(Killed):
        training_run.train(run_dir, "sft", build)


@pytest.mark.parametrize("mixing", ["equal", "temperature"])
def test_it_draws_the_mixture_it_was_told(
    make_run: MakeRun, typed: Rows, seen: list[tuple[int, ...]], mixing: str
) -> None:
    params = {**SMALL, "num_train_epochs": 2.0, "task_mixing": mixing, "mixing_temperature": 2.0}
    result = train(make_run("sft", params, typed))
    assert result["status"] == "succeeded", result
    drawn = Counter(typed[place]["task_type"] for batch in seen for place in batch)
    assert drawn == ({"letter": 8, "summary": 8} if mixing == "equal" else {"letter": 10, "summary": 6})


def test_it_leaves_shuffling_to_the_trainer_otherwise(make_run: MakeRun, typed: Rows, demonstrations: Rows) -> None:
    params = {**SMALL, "max_steps": 3}
    run_dir = make_run("sft", params, typed, name="typed")
    assert train(run_dir)["status"] == "succeeded"
    assert not (run_dir.path / arranging.ORDER).exists()
    plain = make_run("sft", params, demonstrations, name="plain")
    assert train(plain)["adapter_sha256"] == read_json(run_dir.result_file)["adapter_sha256"]


def test_a_baseline_draws_the_rows_of_the_round_it_stands_beside(
    make_run: MakeRun, typed: Rows, seen: list[tuple[int, ...]]
) -> None:
    params = {**SMALL, "num_train_epochs": 1.5, "task_mixing": "equal"}
    train(make_run("sft", {**params, "curriculum": "length"}, typed, name="staged"))
    staged = Counter(place for batch in seen for place in batch)
    seen.clear()
    train(make_run("sft", params, typed, name="shuffled", same_draws=True))
    assert Counter(place for batch in seen for place in batch) == staged
    expected = arranging.draws(typed, to_json(from_json("sft", params)))
    assert [place for batch in seen for place in batch] == expected


def test_it_tells_held_out_losses_apart_by_task_type(make_run: MakeRun, typed: Rows) -> None:
    params = {**SMALL, "learning_rate": 0.01, "num_train_epochs": 3.0}
    run_dir = make_run("sft", params, typed, [*typed[4:], {**typed[0], "task_type": ""}])
    result = train(run_dir)
    assert result["status"] == "succeeded", result
    assert set(result["tasks"]) == {"letter", "summary", ""}
    assert all(found["now"] < found["before"] for found in result["tasks"].values())
    evaluations = [event for event in run_dir.events() if event["event"] == "eval"]
    assert all(set(event["tasks"]) == {"letter", "summary", ""} for event in evaluations)
    last = evaluations[-1]
    assert min(last["tasks"].values()) <= last["eval_loss"] <= max(last["tasks"].values())


def test_of_one_type_there_is_nothing_to_tell_apart(make_run: MakeRun, typed: Rows, tmp_path: Path) -> None:
    result = train(
        make_run("sft", {**SMALL, "max_steps": 2}, typed, [row for row in typed if row["task_type"] == "letter"])
    )
    assert "tasks" not in result


def test_a_row_that_two_processes_measured_counts_once() -> None:
    from training.recipes.arranged import by_task

    measured = [(0, 4.0, 2), (1, 9.0, 3), (2, 1.0, 1), (0, 4.0, 2)]
    assert by_task(measured, ["a", "a", "b"]) == {"a": 13.0 / 5, "b": 1.0}
    assert by_task(measured[:1], ["a", "a", "b"]) == {"a": 2.0}
