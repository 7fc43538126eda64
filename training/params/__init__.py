"""What a recipe can be told, under TRL's and PEFT's names. Pure: no torch, no Django."""

from training.params.checks import ParamsError
from training.params.dpo import DPOParams
from training.params.full import LoraOrFullParams, is_full, told
from training.params.generate import GenerateParams
from training.params.kto import KTOParams
from training.params.pretrain import PretrainParams
from training.params.reward import RewardParams
from training.params.rloo import RLOOParams
from training.params.sft import SFTParams
from training.params.training import Preset, TrainingParams, to_json
from training.params.words import CHOICES, HELP, LABELS, label, shown

__all__ = [
    "CHOICES",
    "HELP",
    "LABELS",
    "DPOParams",
    "GenerateParams",
    "KTOParams",
    "LoraOrFullParams",
    "ParamsError",
    "Preset",
    "PretrainParams",
    "RLOOParams",
    "RewardParams",
    "SFTParams",
    "TrainingParams",
    "is_full",
    "label",
    "shown",
    "to_json",
    "told",
]
