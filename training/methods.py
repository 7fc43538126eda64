"""Every way of training: what it learns from, what it starts from, its settings. Pure: no torch, no Django.

A new method is an entry here, its parameters in training/params/ and its recipe in training/recipes/.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from training.params import (
    GenerateParams,
    ParamsError,
    Preset,
    TrainingParams,
    dpo,
    full,
    kto,
    label,
    pretrain,
    reward,
    rloo,
    sft,
    to_json,
)

WRITING = "generate"


@dataclass(frozen=True)
class Method:
    key: str  # also the name of its recipe
    name: str
    says: str
    tab: str
    lead: str
    learns_from: str  # the kind of dataset version
    answers: tuple[str, ...]  # the columns of a row that are learned from
    params: type[TrainingParams]
    presets: dict[str, Preset]
    nothing: tuple[str, str]  # said when there is no dataset version yet
    needs_parent: bool = False
    without: tuple[str, ...] = ()  # parameters that change nothing here
    judges: bool = False  # what it makes gives marks to texts and writes none

    @property
    def label(self) -> str:
        return f"{self.name}: {self.says}"


SFT = Method(
    key="sft",
    name="SFT",
    says="learn from demonstrations",
    tab="Demonstrations (SFT)",
    lead=(
        "The model reads prompts and the responses your experts approved, and learns to write such responses itself. "
        "This is the first round of every project."
    ),
    learns_from="demonstrations",
    answers=("completion",),
    params=sft.SFTParams,
    presets=sft.PRESETS,
    nothing=("Nothing to learn from yet", "Freeze the approved demonstrations into a dataset version first."),
)
DPO = Method(
    key="dpo",
    name="DPO",
    says="learn from preference pairs",
    tab="Preferences (DPO)",
    lead=(
        "The model compares what your experts preferred with what they did not, and learns to lean towards the first. "
        "It comes after a round from demonstrations."
    ),
    learns_from="preferences",
    answers=("chosen", "rejected"),
    params=dpo.DPOParams,
    presets=dpo.PRESETS,
    nothing=(
        "No preferences to learn from yet",
        "Sample candidates, have experts rank them, then freeze the preference pairs into a dataset version.",
    ),
    needs_parent=True,
)
KTO = Method(
    key="kto",
    name="KTO",
    says="learn from single judgements",
    tab="Judgements (KTO)",
    lead=(
        "The model reads answers that were judged good or bad, one by one, and learns to lean towards the good ones. "
        "For when answers were accepted or refused rather than compared. It comes after a round from demonstrations."
    ),
    learns_from="judgements",
    answers=("completion",),
    params=kto.KTOParams,
    presets=kto.PRESETS,
    nothing=(
        "No judgements to learn from yet",
        "Approve demonstrations, which are good answers, and have candidates ranked: those above the line of what is "
        "good enough are good answers, those below it and those called all bad are bad ones. Then freeze the "
        "judgements into a dataset version.",
    ),
    needs_parent=True,
)
PRETRAIN = Method(
    key="pretrain",
    name="Pre-training",
    says="read texts of your field",
    tab="Texts",
    lead=(
        "The model reads your own texts, without questions or answers, and learns the words and turns of phrase of "
        "your field. It can come first; then let a round from demonstrations start from its adapter."
    ),
    learns_from="corpus",
    answers=("text",),
    params=pretrain.PretrainParams,
    presets=pretrain.PRESETS,
    nothing=("No texts to read yet", "Import texts under Corpus, then freeze the corpus into a dataset version."),
    without=("allow_truncation",),
)
REWARD = Method(
    key="reward",
    name="Reward model",
    says="learn to judge as your experts do",
    tab="Reward model",
    lead=(
        "The model reads pairs of answers and learns to give the one that your experts preferred the higher mark. It "
        "writes nothing itself: a later round with rewards (RLOO) lets it judge what another model writes."
    ),
    learns_from="preferences",
    answers=("chosen", "rejected"),
    params=reward.RewardParams,
    presets=reward.PRESETS,
    nothing=DPO.nothing,
    without=("allow_truncation",),
    judges=True,
)
RLOO = Method(
    key="rloo",
    name="RLOO",
    says="learn from rewards",
    tab="Rewards (RLOO)",
    lead=(
        "The model writes several answers to each prompt, each is rewarded, by rules or by a reward model, and it "
        "learns to write more like those that got more. It comes after a round from demonstrations, when what you want "
        "can be measured."
    ),
    learns_from="demonstrations",
    answers=("completion",),
    params=rloo.RLOOParams,
    presets=rloo.PRESETS,
    nothing=(
        "No prompts to answer yet",
        "Freeze the approved demonstrations into a dataset version: their prompts are answered, and their responses "
        "tell the rules which facts belong in.",
    ),
    needs_parent=True,
    without=("allow_truncation", "lora_dropout"),
)
METHODS = {method.key: method for method in (SFT, DPO, KTO, PRETRAIN, REWARD, RLOO)}
JUDGES = tuple(method.key for method in METHODS.values() if method.judges)


def choices() -> list[tuple[str, str]]:
    return [(method.key, method.label) for method in METHODS.values()]


def from_json(key: str, values: dict[str, Any]) -> Any:
    """The checked parameters of a method; fields left out take their defaults, unknown ones are an error."""
    if key not in METHODS and key != WRITING:
        raise ValueError(f"There is no method called {key}; there are {', '.join(sorted([*METHODS, WRITING]))}.")
    kind = GenerateParams if key == WRITING else METHODS[key].params
    unknown = sorted(set(values) - {field.name for field in fields(kind)})
    if unknown:
        raise ParamsError({name: _unknown(key, name) for name in unknown})
    return kind(**full.over(to_json(kind()), values))


def _unknown(key: str, name: str) -> str:
    having = [each.key for each in METHODS.values() if name in {field.name for field in fields(each.params)}]
    known = f" “{label(name)}” is a setting of {' and '.join(having)} only." if having else ""
    return f"{key} has no parameter called {name}.{known}"
