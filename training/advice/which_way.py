"""Which way of changing a model fits: LoRA, rsLoRA, DoRA, QLoRA or all of it, and how they compare. Pure."""

from __future__ import annotations

from dataclasses import dataclass

GB = 1024**3

WORKING_MEMORY = 2 * GB  # libraries, one step's intermediate results, the adapter and its optimiser
SIXTEEN_BIT, FOUR_BIT = 2.2, 0.9  # bytes per weight, with what is not quantised and some room
EVERY_WEIGHT = 18.0  # ... with its gradient, the optimiser's averages and a copy in 16 bits
FEW_ROWS = 50  # fewer teach little that an instruction cannot say
MANY_ROWS = 2000  # from here a rank of 16 may be too small to hold what they teach
ENOUGH_FOR_DORA = 300
ENOUGH_FOR_ALL = 10_000  # so many teach more than an adapter holds


@dataclass(frozen=True)
class Machine:
    memory: int  # bytes; the GPU's where there is one
    gpu: bool = False

    def __str__(self) -> str:
        return f"a GPU with {_gigabytes(self.memory)}" if self.gpu else f"{_gigabytes(self.memory)} of memory, no GPU"


@dataclass(frozen=True)
class Advice:
    way: str  # the name of one of the ways; empty: none fits
    why: str
    settings: str = ""  # what to choose on the form


def recommend(*, parameters: int, rows: int, machine: Machine) -> Advice:
    if _needs(parameters, SIXTEEN_BIT) > machine.memory:
        return _smaller(parameters, machine)
    if machine.gpu and rows >= ENOUGH_FOR_ALL and _needs(parameters, EVERY_WEIGHT) <= machine.memory:
        return Advice(
            "Full fine-tuning",
            f"{rows:,} rows can teach more than an adapter holds, and the GPU has room to train every weight. But the "
            "model forgets more easily: compare it with an rsLoRA round, and look at the general questions.",
            "What is trained: the whole model.",
        )
    if rows >= MANY_ROWS:
        return Advice(
            "rsLoRA",
            f"{rows:,} rows can teach more than a small adapter holds; rsLoRA lets a large one learn at full strength.",
            "Under More settings: rsLoRA yes, LoRA rank 64, LoRA alpha 16.",
        )
    if machine.gpu and rows >= ENOUGH_FOR_DORA:
        return Advice(
            "DoRA",
            "It often learns a little more from the same rows, and the extra third of time is little on a GPU.",
            "Under More settings: DoRA yes.",
        )
    why = "It fits into memory, and the others would gain little with this many rows."
    if rows < FEW_ROWS:
        why = f"It fits into memory. But {rows} rows are few: see first how far a better instruction takes the model."
    return Advice("LoRA", why, "That is the preset: there is nothing to change.")


def _smaller(parameters: int, machine: Machine) -> Advice:
    where = "the GPU" if machine.gpu else "this machine"
    needed = _gigabytes(_needs(parameters, SIXTEEN_BIT))
    said = f"In 16 bits a round needs about {needed}, and {where} has {_gigabytes(machine.memory)}."
    least = _needs(parameters, FOUR_BIT)
    if least > machine.memory:
        return Advice(
            "",
            f"{said} In 4 bits it would still need about {_gigabytes(least)}. Take a smaller base model.",
        )
    return Advice(
        "QLoRA",
        f"{said} With the base model's weights in 4 bits it fits, for a small loss of quality.",
        "Tick 4-bit base weights.",
    )


def _needs(parameters: int, bytes_each: float) -> int:
    return int(parameters * bytes_each) + WORKING_MEMORY


def _gigabytes(size: int) -> str:
    return f"{size / GB:.0f} GB" if size >= 9.95 * GB else f"{size / GB:.1f} GB"


LEARNING = {  # by method: when to take it
    "pretrain": "Before all else, when the model should first read the words of your field in your own texts.",
    "sft": "First of the rounds that answer: it shows what a good answer looks like.",
    "dpo": "After SFT, when people can tell the better of two answers, but not say by which rule.",
    "kto": "After SFT, when answers were accepted or refused rather than compared.",
    "reward": "When many pairs are ranked and a round from rewards is to use what they say. It writes nothing itself.",
    "rloo": (
        "Last, when what you want can be measured: headings, dates, facts, or the marks of a reward model that tells "
        "most held-out pairs right. It is the slowest, and the one that most easily learns to score instead of to "
        "write: DPO gets most of it from the same rankings."
    ),
}

WAYS = ("LoRA", "rsLoRA", "DoRA", "QLoRA", "Full fine-tuning", "A better instruction alone")


def comparison(parameters: int) -> dict[str, dict[str, str]]:
    """Criterion, then way; sizes are for a base model of so many weights. LoRA's compute is 1."""
    adapter, large = _file(_adapter_bytes(parameters, 16)), _file(_adapter_bytes(parameters, 64))
    rows = {
        "What it is": (
            "A small addition beside frozen weights",
            "LoRA whose high ranks learn at full strength",
            "LoRA that learns size and direction apart",
            "LoRA on weights kept in 4 bits",
            "Every weight changes: a model of its own",
            "Prompt engineering: nothing is trained",
        ),
        "Compute": (
            "1",
            "1 to 1.2",
            "1.2 to 1.3",
            "1, with less than half the memory",
            "1.5, with about 6 times the memory",
            "None; longer prompts cost with each answer",
        ),
        "Data needed": (
            "About 100 rows",
            "Thousands",
            "About 100 rows",
            "About 100 rows",
            "Thousands",
            "A few examples",
        ),
        "Size of the change": (adapter, f"{large} at rank 64", adapter, adapter, _file(2 * parameters), "Some text"),
        "Adapts in": (
            "Minutes to hours",
            "As LoRA",
            "A quarter to a third longer",
            "As LoRA",
            "Hours to days",
            "At once",
        ),
        "Ceiling": (
            "High for one task",
            "Higher, with many rows",
            "Slightly above LoRA",
            "Slightly below LoRA; more so for small models",
            "Highest",
            "What the model can do already",
        ),
        "Expertise": ("None: presets", "Some: rank and alpha", "None", "None", "Much", "Patience"),
        "Risk of forgetting": ("Low", "Low to medium", "Low", "Low", "High", "None"),
    }
    return {criterion: dict(zip(WAYS, cells, strict=True)) for criterion, cells in rows.items()}


def _adapter_bytes(parameters: int, rank: int) -> float:
    """Some thirty layers of twelve times the square of their width; an addition of about 17 widths per rank in each."""
    layers = 30
    width = (parameters / (12 * layers)) ** 0.5
    return 4 * layers * 17 * width * rank


def _file(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, size / 1e6):.0f} MB"
