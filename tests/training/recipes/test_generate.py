from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import FACTS, MakeRun, read_json, user
from training.params import GenerateParams
from training.run_dir import RunDir, finished_rows, write_rows

pytestmark = pytest.mark.torch
GREEDY = {"temperature": 0.0, "max_new_tokens": 24}
BASE = {"label": "base", "adapter_dir": None}


@pytest.fixture(autouse=True)
def _exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """bfloat16 breaks ties between equal words at random; what is compared here word for word is float32."""
    import torch

    from training.recipes.writer import Writer

    monkeypatch.setattr(Writer, "dtype", torch.float32)


def prompts(count: int = len(FACTS)) -> list[dict[str, Any]]:
    return [{"id": f"p{n}", "prompt": user(note), "reference": good} for n, (note, good, _) in enumerate(FACTS)][:count]


def generate(run_dir: RunDir, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from training.recipes import generate

    write_rows(run_dir.prompts, rows)
    assert generate.main([str(run_dir.path)]) == 0, run_dir.result()
    return finished_rows(run_dir.outputs)


def expected_greedy(base: Path, adapter: Path | None, rows: list[dict[str, Any]]) -> list[str]:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    texts = []
    for row in rows:
        ids = tokenizer.apply_chat_template(
            row["prompt"], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        output = model.generate(**ids, max_new_tokens=24, do_sample=False)
        texts.append(tokenizer.decode(output[0, ids["input_ids"].shape[1] :], skip_special_tokens=True).strip())
    return texts


def test_it_writes_the_same_greedy_answers_as_transformers(
    make_run: MakeRun, tiny_base: Path, parent_adapter: Path
) -> None:
    sources = [BASE, {"label": "round 1", "adapter_dir": str(parent_adapter)}]
    lines = generate(make_run("generate", GREEDY, [], sources=sources), prompts())
    for label, adapter in (("base", None), ("round 1", parent_adapter)):
        texts = {line["id"]: line["text"] for line in lines if line["source"] == label}
        wanted = expected_greedy(tiny_base, adapter, prompts())
        assert [texts[row["id"]] for row in prompts()] == wanted
    assert {line["finish"] for line in lines} <= {"stop", "length"}


def test_it_goes_on_where_it_was_stopped_and_does_not_write_a_line_twice(make_run: MakeRun) -> None:
    params = {"num_candidates": 3, "max_new_tokens": 8}
    run_dir = make_run("generate", params, [], sources=[BASE])
    whole = generate(run_dir, prompts())
    kept = run_dir.outputs.read_text(encoding="utf-8").splitlines(keepends=True)
    run_dir.outputs.write_text("".join(kept[:7]) + kept[7][:20], encoding="utf-8")
    again = generate(run_dir, prompts())
    assert sorted(map(identity, again)) == sorted(map(identity, whole))
    assert {identity(line): line["text"] for line in again} == {identity(line): line["text"] for line in whole}
    progress = [event for event in run_dir.events() if event["event"] == "progress"]
    assert (progress[-1]["done"], progress[-1]["total"]) == (24, 24)


def identity(line: dict[str, Any]) -> tuple[str, str, int]:
    return line["source"], line["id"], line["index"]


def test_it_draws_the_same_answer_in_any_company(make_run: MakeRun) -> None:
    params = {"num_candidates": 2, "max_new_tokens": 12, "temperature": 1.0}
    many = generate(make_run("generate", params, [], name="many", sources=[BASE]), prompts())
    few = generate(make_run("generate", params, [], name="few", sources=[BASE]), prompts(2))
    texts = {identity(line): line["text"] for line in many}
    assert all(texts[identity(line)] == line["text"] for line in few)
    assert few[0]["text"] != few[1]["text"]


def test_it_scores_the_reference_as_the_model_itself_does(make_run: MakeRun, tiny_base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    params = {**GREEDY, "score_references": True}
    (line,) = generate(make_run("generate", params, [], sources=[BASE]), prompts(1))
    tokenizer = AutoTokenizer.from_pretrained(tiny_base)
    model = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    row = prompts(1)[0]
    before = tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True, return_dict=True)
    messages = [*row["prompt"], {"role": "assistant", "content": row["reference"]}]
    ids = torch.tensor([tokenizer.apply_chat_template(messages, return_dict=True)["input_ids"]])
    labels = ids.clone()
    labels[:, : len(before["input_ids"])] = -100
    count = int((labels != -100).sum())
    loss = model(input_ids=ids, labels=labels).loss.item()
    assert line["reference_tokens"] == count
    assert line["reference_nll"] == pytest.approx(loss, rel=1e-4)


def test_it_falls_back_to_transformers_for_other_kinds_of_attention(
    make_run: MakeRun, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.recipes import shared_prefix

    monkeypatch.setattr(shared_prefix, "ARCHITECTURES", frozenset())
    lines = generate(make_run("generate", GREEDY, [], sources=[BASE]), prompts(3))
    texts = {line["id"]: line["text"] for line in lines}
    assert [texts[row["id"]] for row in prompts(3)] == expected_greedy(tiny_base, None, prompts(3))


def test_it_keeps_the_angles_of_positions_exact(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from training.params import GenerateParams
    from training.recipes import base
    from training.recipes.writer import Writer

    monkeypatch.setattr(Writer, "dtype", torch.bfloat16)
    writer = Writer(str(tiny_base), {"label": "base"}, base.load_tokenizer(str(tiny_base)), GenerateParams())
    assert {weight.dtype for weight in writer.model.parameters()} == {torch.bfloat16}
    exact = base.load_model(str(tiny_base), torch.float32).model.rotary_emb.inv_freq
    assert torch.equal(writer.model.model.rotary_emb.inv_freq, exact)


def test_it_says_when_a_prompt_leaves_no_room(make_run: MakeRun) -> None:
    from training.recipes import generate

    run_dir = make_run("generate", {"max_new_tokens": 600}, [], sources=[BASE])
    write_rows(run_dir.prompts, prompts(1))
    assert generate.main([str(run_dir.path)]) == 1
    result = read_json(run_dir.result_file)
    assert result["status"] == "refused"
    assert "no room for an answer" in result["message"]


def test_it_refuses_prompts_of_the_wrong_shape(make_run: MakeRun) -> None:
    from training.recipes import generate

    run_dir = make_run("generate", GREEDY, [], sources=[BASE])
    write_rows(run_dir.prompts, [{"id": "odd", "prompt": [{"role": "assistant", "content": "x"}]}])
    assert generate.main([str(run_dir.path)]) == 1
    assert read_json(run_dir.result_file)["reasons"] == ["Prompt odd is not made of messages that end with the user."]


def test_it_keeps_to_the_nucleus_and_to_the_odds() -> None:
    import torch

    from training.recipes.decoding import choose

    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]])).repeat(2000, 1)
    draw = torch.linspace(0, 0.9995, 2000)
    counts = torch.bincount(choose(logits, draw, 1.0, 0.7), minlength=4) / 2000
    assert counts.tolist() == pytest.approx([0.625, 0.375, 0, 0], abs=0.01)
    everything = torch.bincount(choose(logits, draw, 1.0, 1.0), minlength=4) / 2000
    assert everything.tolist() == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.01)


@pytest.mark.parametrize("spread", [0.1, 2.0, 5.0])
def test_it_draws_the_same_however_far_down_the_nucleus_ends(spread: float) -> None:
    import torch

    from training.recipes.decoding import choose

    torch.manual_seed(1)
    logits, draw = spread * torch.randn(20, 9000), torch.rand(20)
    likely, tokens = torch.softmax(logits, dim=-1).sort(dim=-1, descending=True)
    kept = likely.masked_fill(likely.cumsum(dim=-1) - likely >= 0.9, 0.0).cumsum(dim=-1)
    wanted = tokens.gather(1, torch.searchsorted(kept, (draw * kept[:, -1])[:, None], right=True)).squeeze(1)
    assert torch.equal(choose(logits, draw, 1.0, 0.9), wanted)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_its_packed_layers_compute_what_plain_ones_compute(tiny_base: Path, dtype: str) -> None:
    import torch

    from training.recipes import base, packed

    kind = getattr(torch, dtype)
    plain, quick = (base.load_model(str(tiny_base), kind).eval() for _ in range(2))
    packed.install(quick)
    for shape in ((1, 1), (2, 30), (40, 1)):
        ids = torch.arange(shape[0] * shape[1]).view(shape) + 5
        with torch.inference_mode():
            assert torch.allclose(quick(ids).logits, plain(ids).logits, atol=1e-5 if dtype == "float32" else 1e-2)
    assert torch.equal(quick.get_input_embeddings().weight, plain.get_input_embeddings().weight)


def test_its_draws_depend_on_the_seed() -> None:
    import torch

    from training.recipes.decoding import draws

    one = draws(GenerateParams(seed=1, max_new_tokens=4), "base", ["a"])
    assert torch.equal(one, draws(GenerateParams(seed=1, max_new_tokens=4), "base", ["b", "a"])[1:])
    assert not torch.equal(one, draws(GenerateParams(seed=2, max_new_tokens=4), "base", ["a"]))


def mean_logprob(base: Path, line: dict[str, Any]) -> float:
    """From the model's own odds for the whole text, read at once."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    asked = next(row["prompt"] for row in prompts() if row["id"] == line["id"])
    before = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=True)["input_ids"]
    written = tokenizer(line["text"], add_special_tokens=False)["input_ids"]
    if line["finish"] == "stop":
        written = [*written, tokenizer.eos_token_id]
    odds = torch.log_softmax(model(torch.tensor([before + written])).logits[0], dim=-1)
    odds = odds.detach()
    return sum(float(odds[len(before) + n - 1, token]) for n, token in enumerate(written)) / len(written)


@pytest.mark.parametrize("own_loop", [True, False])
def test_it_tells_how_probable_the_model_found_what_it_wrote(
    make_run: MakeRun, tiny_base: Path, monkeypatch: pytest.MonkeyPatch, own_loop: bool
) -> None:
    from training.recipes import shared_prefix

    if not own_loop:
        monkeypatch.setattr(shared_prefix, "ARCHITECTURES", frozenset())
    greedy = generate(make_run("generate", GREEDY, [], name="greedy", sources=[BASE]), prompts(3))
    for line in greedy:
        assert line["logprob"] == pytest.approx(mean_logprob(tiny_base, line), abs=2e-3), line
    drawn = {"num_candidates": 4, "max_new_tokens": 12, "temperature": 1.5, "top_p": 0.9}
    lines = generate(make_run("generate", drawn, [], name="drawn", sources=[BASE]), prompts(3))
    assert all(line["logprob"] < 0 for line in lines)
    surest = sum(line["logprob"] for line in greedy) / len(greedy)
    assert sum(line["logprob"] for line in lines) / len(lines) < surest
