"""One source of answers: a base or whole model, with an adapter merged into its weights or without."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import torch

from training.params import GenerateParams
from training.recipes import base, decoding, packed, rows, shared_prefix


class Writer:
    dtype: torch.dtype | None = None  # of the weights; none: the one that this machine multiplies fastest

    def __init__(
        self,
        base_model_dir: str,
        source: dict[str, Any],
        tokenizer: Any,
        params: GenerateParams,
    ) -> None:
        self.label = source["label"]
        self.tokenizer = tokenizer
        self.params = params
        model = base.load_model(source.get("base_model_dir") or base_model_dir, torch.float32)
        whole = base.merge(model, source.get("adapter_dir"))
        self.model = base.round_to(whole, self.dtype or base.quick_dtype()).eval()
        self.own_loop = not base.on_gpu() and shared_prefix.supports(model.config)
        if self.own_loop:
            self.model.set_attn_implementation(shared_prefix.NAME)
            packed.install(self.model)
        ends = self.model.generation_config.eos_token_id
        self.stops = {*(ends if isinstance(ends, list) else [ends]), tokenizer.eos_token_id} - {None}

    def write(self, batch: list[dict[str, Any]], prompts: list[list[int]]) -> list[dict[str, Any]]:
        begun = time.monotonic()
        answers = self._answers([row["id"] for row in batch], prompts)
        seconds = round((time.monotonic() - begun) / len(answers), 3)
        lines = []
        for place, answer in enumerate(answers):
            prompt, index = divmod(place, self.params.num_candidates)
            lines.append(
                {
                    "source": self.label,
                    "id": batch[prompt]["id"],
                    "index": index,
                    "text": self.tokenizer.decode(answer.tokens, skip_special_tokens=True).strip(),
                    "tokens": len(answer.tokens),
                    "seconds": seconds,
                    "finish": answer.finish,
                    "logprob": None if answer.logprob is None else round(answer.logprob, 4),
                    "reference_nll": None,
                    "reference_tokens": None,
                }
            )
        if self.params.score_references:
            self._add_scores(lines, batch)
        return lines

    def _answers(self, names: list[str], prompts: list[list[int]]) -> list[decoding.Answer]:
        if self.own_loop:
            draw = decoding.draws(self.params, self.label, names)
            return decoding.decode(self.model, prompts, draw, self.params, self.stops, weighed=True)
        name = f"{self.params.seed}\0{self.label}\0{names}"
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")
        pad = self.tokenizer.pad_token_id or 0
        return decoding.decode_with_transformers(self.model, prompts, seed, self.params, self.stops, pad)

    def _add_scores(self, lines: list[dict[str, Any]], batch: list[dict[str, Any]]) -> None:
        """The mean over the reference's tokens, and their number: together they weigh tokens alike over rows."""
        scores = {row["id"]: self.score(row) for row in batch if row.get("reference")}
        for line in lines:
            if line["id"] in scores:
                line["reference_nll"], line["reference_tokens"] = scores[line["id"]]

    @torch.inference_mode()
    def score(self, row: dict[str, Any]) -> tuple[float, int]:
        """Loss per token of the row's `reference` after its prompt, and how many tokens it has."""
        answer = [{"role": "assistant", "content": row["reference"]}]
        tokens = rows.tokenize(self.tokenizer, row["prompt"], answer)
        ids = torch.tensor([tokens.ids], device=self.model.device)
        states = self.model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        before = states[0, tokens.answer_starts - 1 : -1]
        logits = self.model.get_output_embeddings()(before).float()
        nll = torch.nn.functional.cross_entropy(logits, ids[0, tokens.answer_starts :])
        return round(float(nll), 6), len(tokens.ids) - tokens.answer_starts
