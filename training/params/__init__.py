"""What a recipe can be told, under TRL's and PEFT's names. Pure: no torch, no Django."""

from training.params.checks import ParamsError
from training.params.dpo import DPOParams
from training.params.generate import GenerateParams
from training.params.kto import KTOParams
from training.params.pretrain import PretrainParams
from training.params.reward import RewardParams
from training.params.sft import SFTParams
from training.params.training import Preset, TrainingParams, to_json
from training.params.words import HELP, LABELS, label

__all__ = [
    "HELP",
    "LABELS",
    "DPOParams",
    "GenerateParams",
    "KTOParams",
    "ParamsError",
    "Preset",
    "PretrainParams",
    "RewardParams",
    "SFTParams",
    "TrainingParams",
    "label",
    "to_json",
]
