"""What a pre-flight says of the mix of task types and of the order of the rows."""

from __future__ import annotations

from typing import Any

import pytest

from training.methods import from_json
from training.recipes import arrangement, preflight

Rows = list[dict[str, Any]]


@pytest.fixture
def typed(demonstrations: Rows) -> Rows:
    """Six letters and two summaries."""
    return [{**row, "task_type": "summary" if n in (2, 5) else "letter"} for n, row in enumerate(demonstrations)]


def check(train: Rows, tokenizer: Any, validation: Rows | None = None, **params: Any) -> dict[str, Any]:
    return preflight.check("sft", train, validation or [], tokenizer, from_json("sft", params))


def test_it_shows_the_data_where_nothing_is_mixed(typed: Rows, tiny_tokenizer: Any) -> None:
    report = check(typed, tiny_tokenizer, typed[:3])
    letter, summary = report["mixture"]
    assert (letter["task_type"], letter["rows"], letter["drawn_per_pass"], letter["held_out"]) == ("letter", 6, 6, 2)
    assert (summary["share"], summary["drawn_share"], summary["held_out"]) == (0.25, 0.25, 1)
    assert "stages" not in report
    assert report["notes"] == []


def test_it_shows_what_a_round_would_draw_and_counts_those_tokens(typed: Rows, tiny_tokenizer: Any) -> None:
    even, equal = check(typed, tiny_tokenizer), check(typed, tiny_tokenizer, task_mixing="equal", num_train_epochs=6.0)
    letter, summary = equal["mixture"]
    assert (letter["drawn_per_pass"], summary["drawn_per_pass"]) == (4, 4)
    of_one = {row["task_type"]: check([row], tiny_tokenizer)["train"]["trained_tokens"] for row in typed}
    assert len(of_one) == 2
    tokens = [check([row], tiny_tokenizer)["train"]["trained_tokens"] for row in typed]
    times = {"letter": 4 / 6, "summary": 2}
    expected = sum(count * times[row["task_type"]] for count, row in zip(tokens, typed, strict=True))
    assert equal["train"]["trained_tokens"] == round(expected)
    assert even["train"]["trained_tokens"] == sum(tokens)
    assert equal["train"]["tokens"] == even["train"]["tokens"]


def test_it_shows_the_stages_of_an_order_by_length(demonstrations: Rows, tiny_tokenizer: Any) -> None:
    report = check(demonstrations, tiny_tokenizer, curriculum="length", curriculum_stages=2, replay_share=0.25)
    first, second = report["stages"]
    assert first["rows"] == second["rows"] == 4
    assert first["drawn"] + second["drawn"] == 24
    assert first["hardest"] <= second["easiest"]
    assert report["notes"] == [arrangement.BESIDE]
    assert check(demonstrations, tiny_tokenizer, curriculum="length", shuffled_baseline=False)["notes"] == []


def test_an_order_by_perplexity_is_known_when_the_round_starts(demonstrations: Rows, tiny_tokenizer: Any) -> None:
    report = check(demonstrations, tiny_tokenizer, curriculum="perplexity")
    assert (report["reasons"], report["stages"]) == ([], None)
    assert report["notes"] == [arrangement.MEASURED_LATER, arrangement.BESIDE]


def test_it_orders_by_the_marks_that_there_are(demonstrations: Rows, tiny_tokenizer: Any) -> None:
    assert check(demonstrations, tiny_tokenizer, curriculum="mark")["reasons"] == [arrangement.NO_MARKS]
    marked = [{**demonstrations[0], "difficulty": 3}, *demonstrations[1:]]
    report = check(marked, tiny_tokenizer, curriculum="mark", curriculum_stages=2)
    assert report["reasons"] == []
    assert [(stage["easiest"], stage["hardest"]) for stage in report["stages"]] == [(2, 2), (2, 3)]


def test_it_says_when_there_is_nothing_to_mix(demonstrations: Rows, tiny_tokenizer: Any) -> None:
    assert check(demonstrations, tiny_tokenizer, task_mixing="equal")["notes"] == [arrangement.ONE_TYPE]
