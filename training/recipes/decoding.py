"""Write answers on a CPU: each prompt is read once, its candidates share what was read.

transformers' generate copies keys and values at every token and repeats them for every head and candidate;
here they stay where they are. The model's own layers do the rest, so greedy answers are the same token by token.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList

from training.params import GenerateParams
from training.recipes import shared_prefix

LIKELIEST = 256  # where the nucleus mostly ends; only where it does not, more are put in order


@dataclass(frozen=True)
class Answer:
    tokens: list[int]
    finish: str  # "stop" or "length"
    end: int | None = None  # the token that stopped it, which is no part of the text
    logprob: float | None = None  # how probable its tokens were, the end among them: the mean of their logarithms


class PromptCache:
    """Keys and values: one set per prompt, read together, and one per candidate, written token by token."""

    def __init__(self, tree: shared_prefix.Tree, candidates: int, new_tokens: int) -> None:
        longest = max(len(place) for place in tree.places)
        self.tree = tree
        self.candidates = candidates
        self.new_tokens = new_tokens
        self.written = 0
        self.places = torch.zeros(len(tree.places), longest, dtype=torch.long)
        self.padding = torch.ones(len(tree.places), 1, 1, longest, dtype=torch.bool)
        for row, place in enumerate(tree.places):
            self.places[row, : len(place)] = place
            self.padding[row, ..., : len(place)] = False
        self.prompt: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self.own: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def read_prompt(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
    ) -> torch.Tensor:
        keys, values = (x[0][:, self.places].transpose(0, 1).contiguous() for x in (key, value))
        self.prompt[layer] = keys, values
        shape = (len(self.places) * self.candidates, key.shape[1], self.new_tokens, key.shape[3])
        self.own[layer] = key.new_zeros(shape), value.new_zeros(shape)
        return self.tree.attend(layer, query, key, value, scaling)

    def write_token(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
    ) -> torch.Tensor:
        rows, heads, _one, size = query.shape
        prompt_keys, prompt_values = self.prompt[layer]
        own_keys, own_values = self.own[layer]
        end = self.written + 1
        own_keys[:, :, self.written] = key[:, :, 0]
        own_values[:, :, self.written] = value[:, :, 0]
        prompts, groups, longest, _size = prompt_keys.shape
        per_group = heads // groups
        # (prompt, key head, candidate and query head, size): all candidates of a prompt in one product
        together = query.view(prompts, self.candidates, groups, per_group, size).transpose(1, 2)
        together = together.reshape(prompts, groups, -1, size) * scaling
        alone = query.view(rows, groups, per_group, size) * scaling
        behind = torch.matmul(together, prompt_keys.transpose(2, 3)).float()
        behind = behind.masked_fill_(self.padding, float("-inf"))
        behind = behind.view(prompts, groups, self.candidates, per_group, longest).transpose(1, 2)
        recent = torch.matmul(alone, own_keys[:, :, :end].transpose(2, 3)).float()
        scores = torch.cat([behind.reshape(rows, groups, per_group, longest), recent], dim=-1)
        weights = torch.softmax(scores, dim=-1).to(query.dtype)
        mixed = torch.matmul(weights[..., longest:], own_values[:, :, :end])
        shares = weights[..., :longest].view(prompts, self.candidates, groups, per_group, longest).transpose(1, 2)
        read = torch.matmul(shares.reshape(prompts, groups, -1, longest), prompt_values)
        read = read.view(prompts, groups, self.candidates, per_group, size).transpose(1, 2)
        return (mixed + read.reshape(rows, groups, per_group, size)).view(rows, 1, heads, size)

    def keep(self, prompts: torch.Tensor) -> None:
        """Go on with these prompts only; the others have all their answers."""
        rows = candidate_rows(prompts, self.candidates)
        self.padding = self.padding[prompts]
        self.prompt = {layer: (k[prompts], v[prompts]) for layer, (k, v) in self.prompt.items()}
        self.own = {layer: (k[rows], v[rows]) for layer, (k, v) in self.own.items()}


def candidate_rows(prompts: torch.Tensor, candidates: int) -> torch.Tensor:
    return (prompts[:, None] * candidates + torch.arange(candidates)).flatten()


def draws(params: GenerateParams, source: str, prompt_ids: list[str]) -> torch.Tensor:
    """One random number per token, from the seed and the names alone: company in a batch changes nothing."""
    rows = []
    for prompt_id in prompt_ids:
        for index in range(params.num_candidates):
            name = f"{params.seed}\0{source}\0{prompt_id}\0{index}"
            seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")
            generator = torch.Generator().manual_seed(seed)
            rows.append(torch.rand(params.max_new_tokens, generator=generator))
    return torch.stack(rows)


def choose(logits: torch.Tensor, draw: torch.Tensor, temperature: float, top_p: float) -> torch.Tensor:
    if temperature == 0:
        return logits.argmax(dim=-1)
    probabilities = torch.softmax(logits / temperature, dim=-1)
    if top_p >= 1:  # nothing is left out, so nothing has to be sorted
        reached = probabilities.cumsum(dim=-1)
        place = torch.searchsorted(reached, (draw * reached[:, -1])[:, None], right=True)
        return place.clamp(max=probabilities.shape[-1] - 1).squeeze(1)
    chosen = torch.empty(len(probabilities), dtype=torch.long)
    left = torch.arange(len(probabilities))
    for count in (LIKELIEST, 16 * LIKELIEST, probabilities.shape[-1]):
        likely, tokens = probabilities[left].topk(min(count, probabilities.shape[-1]), dim=-1)
        enough = (likely.sum(dim=-1) >= top_p) | (likely.shape[-1] == probabilities.shape[-1])
        chosen[left[enough]] = _drawn(likely[enough], tokens[enough], draw[left[enough]], top_p)
        left = left[~enough]
        if not len(left):
            break
    return chosen


def _drawn(likely: torch.Tensor, tokens: torch.Tensor, draw: torch.Tensor, top_p: float) -> torch.Tensor:
    """From the likeliest tokens in falling order, of which the first reach `top_p`."""
    reached = likely.cumsum(dim=-1)
    kept = likely.masked_fill(reached - likely >= top_p, 0.0)
    reached = kept.cumsum(dim=-1)
    place = torch.searchsorted(reached, (draw * reached[:, -1])[:, None], right=True)
    last = (kept > 0).sum(dim=-1, keepdim=True) - 1
    return tokens.gather(1, torch.minimum(place, last)).squeeze(1)


def log_probability(logits: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """By the model's own odds, which temperature and nucleus do not change."""
    return logits.gather(1, chosen[:, None]).squeeze(1) - logits.logsumexp(dim=-1)


@torch.inference_mode()
def decode(
    model: Any,
    prompts: list[list[int]],
    draw: torch.Tensor,
    params: GenerateParams,
    stops: set[int],
    weighed: bool = False,
) -> list[Answer]:
    """The answers, prompt by prompt and candidate by candidate; `weighed`: with how probable each was."""
    candidates, longest = params.num_candidates, params.max_new_tokens
    tree = shared_prefix.build_tree(prompts)
    cache = PromptCache(tree, candidates, longest)
    inputs = shared_prefix.backbone_inputs(tree.input_ids, tree.position_ids, cache.read_prompt)
    states = model.model(**inputs).last_hidden_state[0]
    ends = torch.stack([place[-1] for place in tree.places])
    logits = model.lm_head(states[ends]).float().repeat_interleave(candidates, dim=0)
    lengths = torch.tensor([len(prompt) for prompt in prompts]).repeat_interleave(candidates)
    stop_ids = torch.tensor(sorted(stops))
    written = torch.full((len(lengths), longest), -1)
    rows = torch.arange(len(lengths))  # which answer each live row of the batch writes
    alive = torch.ones(len(lengths), dtype=torch.bool)
    sums = torch.zeros(len(lengths))
    for step in range(longest):
        chosen = choose(logits, draw[rows, step], params.temperature, params.top_p)
        written[rows[alive], step] = chosen[alive]
        if weighed:
            sums[rows[alive]] += log_probability(logits, chosen)[alive]
        alive = alive & ~torch.isin(chosen, stop_ids)
        if not alive.any() or step == longest - 1:
            break
        open_prompts = alive.view(-1, candidates).any(dim=1)
        if int(open_prompts.sum()) * 4 <= len(open_prompts) * 3:
            left = open_prompts.nonzero().flatten()
            cache.keep(left)
            kept = candidate_rows(left, candidates)
            rows, alive, chosen = rows[kept], alive[kept], chosen[kept]
        positions = (lengths[rows] + step)[:, None]
        inputs = shared_prefix.backbone_inputs(chosen[:, None], positions, cache.write_token)
        logits = model.lm_head(model.model(**inputs).last_hidden_state[:, 0]).float()
        cache.written += 1
    answers = [_cut([token for token in tokens if token >= 0], stops) for tokens in written.tolist()]
    return with_means(answers, sums) if weighed else answers


def with_means(answers: list[Answer], sums: torch.Tensor) -> list[Answer]:
    counts = [len(answer.tokens) + (answer.end is not None) for answer in answers]
    return [
        replace(answer, logprob=each / count)
        for answer, each, count in zip(answers, sums.tolist(), counts, strict=True)
    ]


class Weighing(LogitsProcessor):
    """Adds up how probable each row's tokens were, up to its end. It sees the odds before they are warped."""

    def __init__(self, rows: int, stops: set[int], device: torch.device) -> None:
        self.sums = torch.zeros(rows, device=device)
        self.alive = torch.ones(rows, dtype=torch.bool, device=device)
        self.stops = torch.tensor(sorted(stops), device=device)
        self.logits: torch.Tensor | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.add(input_ids[:, -1])
        self.logits = scores
        return scores

    def add(self, chosen: torch.Tensor) -> None:
        """The tokens that were drawn from the odds seen last."""
        if self.logits is None:
            return
        self.sums += torch.where(self.alive, log_probability(self.logits, chosen), 0.0)
        self.alive &= ~torch.isin(chosen, self.stops)


@torch.inference_mode()
def decode_with_transformers(
    model: Any, prompts: list[list[int]], seed: int, params: GenerateParams, stops: set[int], pad: int
) -> list[Answer]:
    """For models with other kinds of attention, and on a GPU: left-padded batches."""
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[pad] * (longest - len(prompt)) + prompt for prompt in prompts], device=model.device)
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=model.device)
    torch.manual_seed(seed)
    sampling = params.temperature > 0
    how = {"temperature": params.temperature, "top_p": params.top_p, "top_k": 0} if sampling else {}
    weighing = Weighing(len(prompts) * params.num_candidates, stops, model.device)
    output = model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=params.max_new_tokens,
        num_return_sequences=params.num_candidates,
        do_sample=sampling,
        eos_token_id=sorted(stops),
        pad_token_id=pad,
        logits_processor=LogitsProcessorList([weighing]),
        **how,
    )
    weighing.add(output[:, -1])
    return with_means([_cut(tokens, stops) for tokens in output[:, longest:].tolist()], weighing.sums)


def _cut(tokens: list[int], stops: set[int]) -> Answer:
    end = next((place for place, token in enumerate(tokens) if token in stops), None)
    return Answer(tokens, "length") if end is None else Answer(tokens[:end], "stop", tokens[end])
