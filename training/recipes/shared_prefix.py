"""Run rows that begin alike through the model as one: what they share is computed once.

Rows become the segments of a tree (system text, prompt, answers), laid flat without padding. Each segment
attends to its ancestors and, causally, to itself, so the result is exactly that of separate rows, and
gradients flow through the shared keys and values. On a CPU this and scoring only the labels make a step
several times faster; on a GPU the stock path is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "shared_prefix"
ARCHITECTURES = frozenset({"llama", "qwen2", "qwen3"})
Attends = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor, float], torch.Tensor]
BLOCK = 128  # queries attended at once
AHEAD = torch.ones(BLOCK, BLOCK, dtype=torch.bool).triu(1)
SHORTEST_SHARED = 16  # sharing less costs more in extra segments than it saves


@dataclass(frozen=True)
class Segment:
    start: int
    length: int
    keys: torch.Tensor  # flat places of the ancestors' tokens and its own, in reading order


@dataclass(frozen=True)
class Tree:
    input_ids: torch.Tensor  # (1, flat length)
    position_ids: torch.Tensor
    places: list[torch.Tensor]  # per row: where each of its tokens lies in the flat sequence
    segments: list[Segment]

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
    ) -> torch.Tensor:
        pieces = []
        for segment in self.segments:
            own = query[0, :, segment.start : segment.start + segment.length]
            keys = key[0].index_select(1, segment.keys)
            values = value[0].index_select(1, segment.keys)
            pieces.append(Attend.apply(own, keys, values, scaling))
        return torch.cat(pieces, dim=1).transpose(0, 1).unsqueeze(0)


def supports(config: Any) -> bool:
    """Plain causal attention everywhere; a sliding window would need masks of its own."""
    if config.model_type not in ARCHITECTURES:
        return False
    kinds = getattr(config, "layer_types", None) or ["full_attention"]
    return set(kinds) == {"full_attention"}


def build_tree(rows: list[list[int]]) -> Tree:
    flat: list[int] = []
    positions: list[int] = []
    places: list[list[int]] = [[] for _ in rows]
    segments: list[Segment] = []

    def add(members: list[int], begin: int, end: int) -> None:
        if begin == end:
            return
        first = members[0]
        start = len(flat)
        flat.extend(rows[first][begin:end])
        positions.extend(range(begin, end))
        own = range(start, start + end - begin)
        for member in members:
            places[member].extend(own)
        segments.append(Segment(start, end - begin, torch.tensor(places[first])))

    def grow(members: list[int], begin: int) -> None:
        shared = _common_length([rows[member] for member in members], begin)
        if len(members) > 1 and shared - begin < SHORTEST_SHARED and begin > 0:
            shared = begin
        if len(members) == 1:
            shared = len(rows[members[0]])
        add(members, begin, shared)
        if len(members) == 1:
            return
        for family in _families(members, rows, shared):
            grow(family, shared)

    grow(list(range(len(rows))), 0)
    return Tree(
        input_ids=torch.tensor([flat]),
        position_ids=torch.tensor([positions]),
        places=[torch.tensor(place) for place in places],
        segments=segments,
    )


def _common_length(rows: list[list[int]], begin: int) -> int:
    length = begin
    shortest = min(len(row) for row in rows)
    while length < shortest and len({row[length] for row in rows}) == 1:
        length += 1
    return length


def _families(members: list[int], rows: list[list[int]], begin: int) -> list[list[int]]:
    """Members that go on together for long enough to share it; all others on their own."""
    families: dict[tuple[int, ...], list[int]] = {}
    for member in members:
        ahead = rows[member][begin : begin + SHORTEST_SHARED]
        key = tuple(ahead) if len(ahead) == SHORTEST_SHARED else (-1, member)
        families.setdefault(key, []).append(member)
    return list(families.values())


def backbone_inputs(input_ids: torch.Tensor, position_ids: torch.Tensor, attends: Attends) -> dict[str, Any]:
    """What the backbone is called with. The mask is a placeholder: `attends` says who attends to whom."""
    return {
        "input_ids": input_ids,
        "position_ids": position_ids,
        "attention_mask": torch.zeros(1, 1, 1, 1),
        "use_cache": False,
        "attends": attends,
    }


def tree_states(backbone: Any, tree: Tree) -> torch.Tensor:
    """The last hidden state of every token of the flat sequence."""
    inputs = backbone_inputs(tree.input_ids, tree.position_ids, tree.attend)
    return backbone(**inputs).last_hidden_state[0]


class Attend(torch.autograd.Function):
    """Causal attention of (heads, queries, size) over (key heads, keys, size); a group of heads shares its keys.

    The queries are the last of the keys. A block of queries at a time sees only the keys up to its own end, which
    halves the work. The weights are made again in the backward instead of kept: they would be most of a step's memory.
    """

    @staticmethod
    def forward(ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float) -> torch.Tensor:
        mixed = torch.empty_like(query)
        for own, seen in _blocks(query.shape[1], key.shape[1]):
            weights = _weights(_grouped(query[:, own], key) * scaling, key[:, :seen], own)
            mixed[:, own] = torch.matmul(weights, value[:, :seen]).view_as(query[:, own])
        ctx.save_for_backward(query, key, value)
        ctx.scaling = scaling
        return mixed

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value = ctx.saved_tensors
        by_query = torch.empty_like(query)
        by_key, by_value = (torch.zeros(each.shape, dtype=torch.float32) for each in (key, value))
        for own, seen in _blocks(query.shape[1], key.shape[1]):
            scaled, slopes = _grouped(query[:, own], key) * ctx.scaling, _grouped(gradient[:, own], key)
            weights = _weights(scaled, key[:, :seen], own)
            by_value[:, :seen] += torch.matmul(weights.transpose(1, 2), slopes)
            slopes = torch.matmul(slopes, value[:, :seen].transpose(1, 2))
            slopes = torch.ops.aten._softmax_backward_data(slopes, weights, -1, weights.dtype)
            by_query[:, own] = torch.matmul(slopes, key[:, :seen]).view_as(query[:, own]) * ctx.scaling
            by_key[:, :seen] += torch.matmul(slopes.transpose(1, 2), scaled)
        return by_query, by_key.to(key.dtype), by_value.to(value.dtype), None


def _blocks(queries: int, keys: int) -> Iterator[tuple[slice, int]]:
    """Each block of queries, and how many keys its last query sees."""
    for begin in range(0, queries, BLOCK):
        end = min(begin + BLOCK, queries)
        yield slice(begin, end), keys - queries + end


def _grouped(per_head: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    return per_head.reshape(len(key), -1, per_head.shape[-1])


def _weights(scaled: torch.Tensor, key: torch.Tensor, own: slice) -> torch.Tensor:
    """(key heads, heads per key head x queries, keys); softmax sums in float32 whatever the type."""
    scores = torch.matmul(scaled, key.transpose(1, 2))
    size = own.stop - own.start
    # only the block's own tokens, which come last, can lie ahead
    scores.view(len(key), -1, size, key.shape[1])[..., -size:].masked_fill_(AHEAD[:size, :size], float("-inf"))
    return torch.softmax(scores, dim=-1)


def shared_prefix_attention(
    module: Any,  # a layer's attention: a module with its `layer_idx`
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    attends: Attends | None = None,
    **rest: Any,
) -> tuple[torch.Tensor, None]:
    if attends is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **rest)
    return attends(module.layer_idx, query, key, value, scaling), None


AttentionInterface.register(NAME, shared_prefix_attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
