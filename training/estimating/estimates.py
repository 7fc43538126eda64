"""What a round will need: memory, time, disk and money, said before and held against what came. Pure.

A plain formula counts the work; how fast and how large it turns out on this machine is learned from earlier rounds
of the same method and base model, as the ratio of what happened to what the plain formula said.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from training.methods import METHODS
from training.params import is_full

LAST = 7  # rounds that a factor is the median of
ENOUGH = 3  # rounds from which on dry rounds, whose few steps are slow ones, no longer count
SLOWEST = 100.0  # a ratio beyond this, or below its inverse, is an accident and teaches nothing

STARTING_SECONDS = 15.0  # imports, tokenizer, the adapter's place in the model, saving
BYTES_READ_PER_SECOND = 0.5e9
FLOPS = {"cpu": 75e9, "wide cpu": 30e9, "cuda": 40e12}  # that training reaches; on a CPU for each thread
LIBRARIES_BYTES = 0.9e9
BESIDE_BYTES = 20e6  # tokenizer and descriptions beside an adapter
FOUR_BIT = 0.57  # bytes per parameter with its scales
TRAINED_WEIGHT_BYTES = 16  # weight, gradient and the optimiser's two averages, each in 32 bits
DORA_TIMES = {"cpu": 1.25, "cuda": 1.3}
EXACT_TIMES = 2  # that reading in float32 takes longer
WRITTEN_TIMES = 3  # that writing a token takes longer than reading it
ANSWERED = 16  # held-out prompts that a round with rewards answers whenever it measures
SCORED_AT_ONCE = 256
EVALUATION_SHARE = 0.1  # of the training time that measuring held-out rows may take


@dataclass(frozen=True)
class Shape:
    """The measures of a base model that its needs follow from."""

    parameters: int
    layers: int
    hidden: int
    intermediate: int
    vocabulary: int
    keys: int  # width of the keys, and of the values
    queries: int

    @classmethod
    def of(cls, config: Mapping[str, Any], parameters: int | None = None) -> Shape:
        """From its config.json; what that does not say is what models of its size usually have."""
        text = config.get("text_config") or config
        layers = int(text.get("num_hidden_layers") or 24)
        usual = round(math.sqrt((parameters or 1e8) / (12 * layers)))
        hidden = int(text.get("hidden_size") or max(1, usual))
        heads = int(text.get("num_attention_heads") or 1)
        head = int(text.get("head_dim") or hidden // heads)
        intermediate = int(text.get("intermediate_size") or 4 * hidden)
        keys = int(text.get("num_key_value_heads") or heads) * head
        vocabulary = int(text.get("vocab_size") or (parameters or 1e8) // (8 * hidden))
        in_layers = layers * (2 * hidden * (heads * head + keys) + 3 * hidden * intermediate)
        tables = 1 if text.get("tie_word_embeddings", True) else 2
        return cls(
            parameters=parameters or in_layers + tables * vocabulary * hidden,
            layers=layers,
            hidden=hidden,
            intermediate=intermediate,
            vocabulary=vocabulary,
            keys=keys,
            queries=heads * head,
        )

    @property
    def embedded(self) -> int:
        """Parameters that only look a token up."""
        return min(self.vocabulary * self.hidden, self.parameters // 2)

    def adapter(self, rank: int) -> int:
        """Parameters of a LoRA adapter on every linear layer."""
        attention = 2 * (self.hidden + self.queries) + 2 * (self.hidden + self.keys)
        return self.layers * rank * (attention + 3 * (self.hidden + self.intermediate))


@dataclass(frozen=True)
class Counts:
    """The rows as the pre-flight has counted them."""

    rows: int
    tokens: int
    learned: int
    longest: int  # of the texts, after a cut
    held_out_tokens: int
    texts: int  # in a row: two where answers are compared
    exact: bool = False  # held-out rows are read in float32

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> Counts | None:
        """None when the rows could not be measured."""
        train, held_out = report["train"], report.get("validation", {})
        if not train.get("total_tokens"):
            return None
        return cls(
            rows=train["rows"],
            tokens=train["total_tokens"],
            learned=train["trained_tokens"],
            longest=min(train["tokens"]["max"], report["max_length"]),
            held_out_tokens=held_out.get("total_tokens", 0),
            texts=max(1, len(METHODS[report["method"]].answers)),
            exact=METHODS[report["method"]].needs_parent,
        )


@dataclass(frozen=True)
class Machine:
    name: str  # what it computes on: experience from another processor says nothing
    device: str  # cpu or cuda
    threads: int
    memory_bytes: int
    free_bytes: int
    narrow: bool = True  # whether it multiplies in 16 bits; a processor without instructions for it does so in 32

    @property
    def flops(self) -> float:
        if self.device == "cuda":
            return FLOPS["cuda"]
        return FLOPS["cpu" if self.narrow else "wide cpu"] * self.threads


@dataclass(frozen=True)
class Needs:
    start_seconds: float  # before and after training: load, measure the start and the end, save
    train_seconds: float
    memory_bytes: float

    def to_json(self) -> dict[str, float]:
        return {
            "start_seconds": round(self.start_seconds, 2),
            "train_seconds": round(self.train_seconds, 2),
            "memory_bytes": round(self.memory_bytes),
        }


# --- The plain formula ----------------------------------------------------------------------------------------


def plain(shape: Shape, params: Mapping[str, Any], counts: Counts, machine: Machine) -> Needs:
    passes = steps(params, counts.rows)[1]
    if "num_generations" in params:
        return _with_rewards(shape, params, counts, machine, passes)
    exact = counts.exact or _in_float32(params, machine)
    held_out = counts.held_out_tokens * _forward(shape) / machine.flops * (EXACT_TIMES if exact else 1)
    training = counts.tokens * _forward_and_back(shape, params, machine) * passes / machine.flops
    measured = held_out * math.floor(passes * evaluations_per_pass(params, counts))
    reference = counts.tokens * _forward(shape) / machine.flops if counts.texts > 1 else 0.0
    read = weight_bytes(shape, {}) / BYTES_READ_PER_SECOND
    return Needs(
        start_seconds=STARTING_SECONDS + read + 2 * held_out + reference,
        train_seconds=training + measured + _looks(shape, params, counts, machine, passes),
        memory_bytes=memory(shape, params, counts, machine),
    )


def _looks(shape: Shape, params: Mapping[str, Any], counts: Counts, machine: Machine, passes: float) -> float:
    """Of a round that finds its own settings: answers to the prompts set aside, by a model loaded for it."""
    if not params.get("find_settings"):
        return 0.0
    written = params["tuning_prompts"] * counts.learned / (counts.rows * counts.texts)
    write = WRITTEN_TIMES * _forward(shape) / machine.flops
    loaded = weight_bytes(shape, {}) / BYTES_READ_PER_SECOND
    return (1 + math.floor(passes * params["tuning_looks"])) * (written * write + loaded)


def _with_rewards(shape: Shape, params: Mapping[str, Any], counts: Counts, machine: Machine, passes: float) -> Needs:
    """Answers are written, read three times (the model, its reference, learning from them) and, at times, held-out
    prompts are answered."""
    answer = _answer(params, counts)
    written = counts.rows * params["num_generations"] * answer
    read = counts.tokens - counts.learned + written
    write = WRITTEN_TIMES * _forward(shape) / machine.flops
    learned = read * (2 * _forward(shape) + _forward_and_back(shape, params, machine)) / machine.flops
    look = min(ANSWERED, counts.held_out_tokens) * answer * write
    loaded = weight_bytes(shape, {}) / BYTES_READ_PER_SECOND
    return Needs(
        start_seconds=STARTING_SECONDS + loaded + 2 * look,
        train_seconds=(written * write + learned) * passes
        + look * math.floor(passes * evaluations_per_pass(params, counts)),
        memory_bytes=memory(shape, params, counts, machine),
    )


def _answer(params: Mapping[str, Any], counts: Counts) -> float:
    """How long an answer is likely to be: as long as the experts' are."""
    return min(params["max_new_tokens"], counts.learned / counts.rows)


def steps(params: Mapping[str, Any], rows: int) -> tuple[int, float]:
    """How many there will be, and how many passes over the rows they make."""
    per_step = params["per_device_train_batch_size"] * params["gradient_accumulation_steps"]
    per_pass = math.ceil(rows / per_step)
    if params["max_steps"] > 0:
        return params["max_steps"], params["max_steps"] / per_pass
    return math.ceil(per_pass * params["num_train_epochs"]), float(params["num_train_epochs"])


def evaluations_per_pass(params: Mapping[str, Any], counts: Counts) -> float:
    """As the trainer does it: four, or fewer where the held-out rows would take too much of the time."""
    if not counts.held_out_tokens:
        return 0.0
    per_step = params["per_device_train_batch_size"] * params["gradient_accumulation_steps"]
    per_pass = math.ceil(counts.rows / per_step)
    if params["eval_steps"]:
        return per_pass / params["eval_steps"]
    affordable = evaluations_affordable(counts.tokens, counts.held_out_tokens, counts.exact)
    return per_pass / max(1, per_pass // affordable)


def evaluations_affordable(tokens: int, held_out_tokens: int, exact: bool) -> int:
    """In a pass. A forward pass alone costs about a third of a training step."""
    steps = (EXACT_TIMES if exact else 1) / 3
    return min(4, max(1, int(EVALUATION_SHARE * tokens / (steps * held_out_tokens))))


def _forward(shape: Shape) -> float:
    """Operations for a token that is read; the vocabulary is only asked at the few that are learned."""
    return 2.0 * (shape.parameters - shape.embedded)


def _forward_and_back(shape: Shape, params: Mapping[str, Any], machine: Machine) -> float:
    """Through frozen weights only the error goes back, not a gradient for each of them."""
    again = 1.0 if machine.device == "cuda" else 0.0  # activations are computed anew rather than kept
    if is_full(params):
        slower = EXACT_TIMES if _in_float32(params, machine) and machine.narrow else 1.0
        return (3.0 + again) * _forward(shape) * slower
    operations = (2.0 + again) * _forward(shape) + 6.0 * shape.adapter(params["lora_r"])
    return operations * (DORA_TIMES[machine.device] if params.get("use_dora") else 1.0)


def _in_float32(params: Mapping[str, Any], machine: Machine) -> bool:
    """A whole model learns in 32 bits, any model where 16 are slow; a GPU multiplies in 16 all the same."""
    return machine.device == "cpu" and (is_full(params) or not machine.narrow)


def trained(shape: Shape, params: Mapping[str, Any]) -> int:
    """How many parameters learn."""
    return shape.parameters if is_full(params) else shape.adapter(params["lora_r"])


def weight_bytes(shape: Shape, params: Mapping[str, Any]) -> float:
    """Of those that stand still."""
    if is_full(params):
        return 0.0
    if not params.get("load_in_4bit"):
        return 2.0 * shape.parameters
    return 2.0 * shape.embedded + FOUR_BIT * (shape.parameters - shape.embedded)


def memory(shape: Shape, params: Mapping[str, Any], counts: Counts, machine: Machine) -> float:
    """At the peak: the step whose rows are the longest ones."""
    rows = min(params["per_device_train_batch_size"], counts.rows)
    tokens = rows * counts.texts * min(counts.longest, params["max_length"])
    if "num_generations" in params:  # the answers of a prompt are read beside each other
        tokens += round(rows * (params["num_generations"] - 1) * _answer(params, counts))
    in_a_layer = tokens * (10 * shape.hidden + 2 * (shape.queries + 2 * shape.keys) + 5 * shape.intermediate)
    if params.get("use_dora"):  # what each linear layer writes, before it is scaled
        in_a_layer += tokens * 2 * (2 * shape.hidden + shape.queries + 2 * shape.keys + 2 * shape.intermediate)
    kept = shape.layers * in_a_layer * (2 if _in_float32(params, machine) else 1)
    if machine.device == "cuda":  # kept between the layers; inside only of the one that is computed anew, by stock code
        kept = shape.layers * tokens * 2 * shape.hidden + 3 * in_a_layer
    scores = 8.0 * tokens * (counts.learned / counts.tokens) * shape.vocabulary
    if counts.exact:  # while held-out rows are read: the head and a layer at a time in 32 bits, and nothing kept
        read = 4.0 * shape.embedded + 2 * in_a_layer + 8.0 * SCORED_AT_ONCE * shape.vocabulary
        kept, scores = max((kept, scores), (read, 0.0), key=sum)
    weights = (1 if machine.narrow else 2) * weight_bytes(shape, params) + TRAINED_WEIGHT_BYTES * trained(shape, params)
    return (0.0 if machine.device == "cuda" else LIBRARIES_BYTES) + weights + kept + scores


def disk(shape: Shape, params: Mapping[str, Any]) -> float:
    """At most: two checkpoints, a third while it is written, that which an interrupted round went on from, and what
    the round leaves, with its copy on the way to its place."""
    checkpoint = 12.0 * trained(shape, params)  # the weights with the optimiser's two averages
    left = 2.0 * shape.parameters if is_full(params) else 4.0 * trained(shape, params)
    return 4 * (checkpoint + BESIDE_BYTES) + 3 * (left + BESIDE_BYTES)


# --- Experience -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Factors:
    start: float = 1.0
    train: float = 1.0
    memory: float = 1.0
    rounds: int = 0
    dry_rounds: int = 0

    @property
    def known(self) -> bool:
        return self.rounds + self.dry_rounds > 0


def ratios(said: Mapping[str, Any], happened: Mapping[str, Any]) -> dict[str, Any] | None:
    """What one round teaches: how many times its plain needs it took. None when it teaches nothing.

    A round that ended early has done its `share` of the training.
    """
    first = said.get("plain") or {}
    total, training = happened.get("seconds"), happened.get("train_seconds")
    start, train = first.get("start_seconds") or 0.0, (first.get("train_seconds") or 0.0) * (happened.get("share") or 0)
    found = {"memory": _ratio(happened.get("memory_bytes"), first.get("memory_bytes"))}
    if training is None:  # the recipe does not say which part was training: the whole teaches about both
        found |= dict.fromkeys(("start", "train"), _ratio(total, start + train))
    else:
        found |= {"start": _ratio(total and total - training, start), "train": _ratio(training, train)}
    if not any(found.values()):
        return None
    return {"machine": said.get("machine", ""), "dry": bool(happened.get("dry")), **found}


def _ratio(happened: float | None, said: float | None) -> float | None:
    if not happened or not said or happened <= 0 or said <= 0:
        return None
    ratio = happened / said
    return round(ratio, 4) if 1 / SLOWEST <= ratio <= SLOWEST else None


def calibrate(history: Iterable[Mapping[str, Any]], machine: str) -> Factors:
    """The medians of the last rounds on this machine; `history` has the newest first."""
    here = [each for each in history if each["machine"] == machine]
    rounds = [each for each in here if not each["dry"]][:LAST]
    dry = [each for each in here if each["dry"]][:LAST] if len(rounds) < ENOUGH else []
    taken = rounds + dry
    return Factors(
        **{name: _middle(each[name] for each in taken) for name in ("start", "train", "memory")},
        rounds=len(rounds),
        dry_rounds=len(dry),
    )


def _middle(values: Iterable[float | None]) -> float:
    known = [value for value in values if value]
    return statistics.median(known) if known else 1.0


def error(said: Mapping[str, Any], happened: Mapping[str, Any]) -> float | None:
    """How far the time that was said is from the time it took, as a share of the latter.

    None for a round that ended early, or whose time nobody knows: an estimate is of the whole of a round.
    """
    took, seconds = happened.get("seconds"), said.get("seconds")
    if not took or seconds is None or happened.get("share") != 1.0:
        return None
    return abs(seconds - took) / took


def median_error(errors: Iterable[float | None]) -> float | None:
    """Of the last rounds, the newest first; None when there is nothing to compare."""
    known = [each for each in errors if each is not None][:LAST]
    return statistics.median(known) if known else None


# --- The estimate ---------------------------------------------------------------------------------------------


def estimate(
    shape: Shape,
    params: Mapping[str, Any],
    counts: Counts,
    machine: Machine,
    history: Iterable[Mapping[str, Any]] = (),
    price_per_hour: float | None = None,
) -> dict[str, Any]:
    """What is shown, stored with the round, and later compared."""
    foreseen = {
        "machine": machine.name,
        "device": machine.device,
        "steps": steps(params, counts.rows)[0],
        "memory_total_bytes": machine.memory_bytes,
        "memory_free_bytes": machine.free_bytes,
        "disk_bytes": round(disk(shape, params)),
        "price_per_hour": price_per_hour,
        "plain": plain(shape, params, counts, machine).to_json(),
    }
    return learned(foreseen, history)


def learned(foreseen: Mapping[str, Any], history: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """An estimate with what `history` teaches; that of a dry round came after the estimate on its page."""
    factors, first, price = calibrate(history, foreseen["machine"]), foreseen["plain"], foreseen["price_per_hour"]
    seconds = first["start_seconds"] * factors.start + first["train_seconds"] * factors.train
    return {
        **foreseen,
        "seconds": round(seconds, 1),
        "memory_bytes": round(first["memory_bytes"] * factors.memory),
        "cost": None if price is None else round(seconds / 3600 * price, 4),
        "rounds": factors.rounds,
        "dry_rounds": factors.dry_rounds,
    }


def size(number: float) -> str:
    """Bytes as people say them: "850 MB", "2.1 GB", "24 GB"."""
    for unit, bytes_ in (("TB", 1024**4), ("GB", 1024**3), ("MB", 1024**2)):
        if number >= 0.95 * bytes_:
            amount = number / bytes_
            return f"{amount:.1f} {unit}" if amount < 9.95 and unit != "MB" else f"{amount:,.0f} {unit}"
    return "less than 1 MB"
