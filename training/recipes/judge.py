"""What the model writes to the prompts set aside, in figures: the trait that rankings want, and what they do not."""

from __future__ import annotations

import gc
import statistics
from pathlib import Path
from typing import Any

import torch

from annotation.metrics import rouge_l
from training.params import DPOParams, GenerateParams
from training.recipes import preferred, rows, tuning
from training.recipes.anchor import Text
from training.recipes.path import Guard
from training.recipes.preferred import SHARES, Preference, Trait
from training.recipes.writer import Writer

DRIFT = "drift"  # the guard that the trainer's own model is read for
MARGIN_OF_LOSS = 0.05  # nats per token, on answers that were chosen
MARGIN_OF_DRIFT = 0.1  # nats per token, on what the starting model wrote
MARGIN_OF_LENGTH = 15.0  # per cent
SCORED = 8  # chosen answers whose likelihood is measured: their tokens are many, and reading them takes time
AT_ONCE = 32
PAIRS_TOLD = Trait("pairs", "the chosen answer likelier than the other, word by word", lambda _text, _prompt: 0.0)


class Judge:
    def __init__(
        self,
        spec: dict[str, Any],
        params: DPOParams,
        tokenizer: Any,
        every: list[dict[str, Any]],
        aside: list[dict[str, Any]],
    ) -> None:
        asks = spec.get("asks") or {}
        headings, dated = asks.get("headings") or [], asks.get("dated") or ""
        self.base_model_dir = spec["base_model_dir"]
        self.tokenizer = tokenizer
        self.aside = aside
        self.prompts = tuning.prompts_of(aside)
        self.preference: Preference | None = preferred.preference(every, headings, dated)
        self.traits = preferred.guarded(every, headings, dated, self.preference)
        self.length_asked = self._length_asked(every)
        self.params = GenerateParams(max_new_tokens=_room(tokenizer, every), temperature=0.0, seed=params.seed)
        self.margin = params.guard_margin
        self.holds = preferred.are_alike(every)
        self.before: list[str] = []  # what the starting model wrote to `prompts`

    @property
    def wanted(self) -> Trait:
        return self.preference.trait if self.preference else PAIRS_TOLD

    def guards(self) -> list[Guard]:
        of_traits = [Guard(trait.key, trait.label, trait.unit, self.margin) for trait in self.traits]
        drift = Guard(DRIFT, "distance from what it wrote before", "nats", MARGIN_OF_DRIFT, more_is_worse=True)
        return [
            *of_traits,
            *([drift] if self.holds else []),
            Guard("stop", "ending by itself", SHARES, self.margin),
            Guard("rouge", "closeness to chosen answers (ROUGE-L)", "", self.margin),
            Guard("length", "change of length nobody asked for", SHARES, MARGIN_OF_LENGTH, more_is_worse=True),
            Guard("loss", "loss on chosen answers", "nats", MARGIN_OF_LOSS, more_is_worse=True),
        ]

    def look(self, adapter_dir: Path) -> tuple[float, dict[str, float]]:
        """The wanted trait and what is guarded, of this adapter. Leaves the state of chance as it was."""
        with torch.random.fork_rng(devices=[]):
            writer = self._writer(adapter_dir)
            lines = self._write(writer, self.prompts)
            self.before = self.before or [line["text"] for line in lines]
            chosen = statistics.fmean(
                writer.score({"prompt": row["prompt"], "reference": row["chosen"][0]})[0]
                for row in self.prompts[:SCORED]
            )
            wanted = self._pairs_told(writer) if self.preference is None else self._mean(self.wanted, lines)
        del writer
        gc.collect()
        return wanted, {**{trait.key: self._mean(trait, lines) for trait in self.traits}, **self._usual(lines, chosen)}

    def texts(self, adapter_dir: Path, prompts: list[dict[str, Any]]) -> list[Text]:
        """What this adapter writes to other prompts; leaves the state of chance as it was, too."""
        with torch.random.fork_rng(devices=[]):
            lines = self._write(self._writer(adapter_dir), prompts)
        gc.collect()
        return texts_of(prompts, [line["text"] for line in lines])

    def _writer(self, adapter_dir: Path) -> Writer:
        source = {"label": "tuning", "adapter_dir": str(adapter_dir)}
        return Writer(self.base_model_dir, source, self.tokenizer, self.params)

    def _write(self, writer: Writer, prompts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        tokens = [rows.prompt_ids(self.tokenizer, row["prompt"]) for row in prompts]
        order = sorted(range(len(prompts)), key=lambda place: len(tokens[place]))
        lines: list[dict[str, Any]] = []
        for begin in range(0, len(order), AT_ONCE):
            batch = order[begin : begin + AT_ONCE]
            lines += writer.write([prompts[place] for place in batch], [tokens[place] for place in batch])
        by_id = {line["id"]: line for line in lines}
        return [by_id[row["id"]] for row in prompts]

    def _mean(self, trait: Trait, lines: list[dict[str, Any]]) -> float:
        return statistics.fmean(
            trait.value(line["text"], row["prompt"][-1]["content"])
            for line, row in zip(lines, self.prompts, strict=True)
        )

    def _usual(self, lines: list[dict[str, Any]], loss: float) -> dict[str, float]:
        words = statistics.fmean(len(line["text"].split()) for line in lines)
        return {
            "stop": statistics.fmean(preferred.share(line["finish"] == "stop") for line in lines),
            "rouge": statistics.fmean(
                100 * max(rouge_l(line["text"], chosen) for chosen in row["chosen"])
                for line, row in zip(lines, self.prompts, strict=True)
            ),
            "length": self._length_not_asked(words),
            "loss": loss,
        }

    @staticmethod
    def _length_asked(every: list[dict[str, Any]]) -> float:
        """How many words longer, or shorter, chosen answers are than the others."""
        texts = [preferred.texts_of(pair) for pair in every]
        return statistics.fmean(len(chosen.split()) - len(rejected.split()) for _prompt, chosen, rejected in texts)

    def _length_not_asked(self, words: float) -> float:
        """Outside of the stretch from the length before to that which the pairs ask for, in per cent of the former."""
        before = statistics.fmean(len(text.split()) for text in self.before)
        ends = (before, before + self.length_asked)
        outside = max(min(ends) - words, words - max(ends), 0.0)
        return 100 * outside / max(before, 1.0)

    def _pairs_told(self, writer: Writer) -> float:
        told = []
        for pair in self.aside:
            prompt, chosen, rejected = pair["prompt"], pair["chosen"][-1]["content"], pair["rejected"][-1]["content"]
            better, worse = (writer.score({"prompt": prompt, "reference": text})[0] for text in (chosen, rejected))
            told.append(preferred.share(better < worse))
        return statistics.fmean(told)


def texts_of(prompts: list[dict[str, Any]], written: list[str]) -> list[Text]:
    return [{"prompt": row["prompt"], "text": text} for row, text in zip(prompts, written, strict=True) if text.strip()]


def _room(tokenizer: Any, every: list[dict[str, Any]]) -> int:
    """Enough tokens for any chosen answer, and some more, so that one that does not end shows."""
    longest = max(len(tokenizer(pair["chosen"][-1]["content"])["input_ids"]) for pair in every)
    return int(1.25 * longest) + 16
