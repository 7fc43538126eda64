"""Base models, frozen versions, rounds and what comes of them: adapters, packages, answers, audits, erasures."""

from training.models.adapters import Adapter, AdapterQuerySet
from training.models.audits import BiasAudit
from training.models.base_models import BaseModel, BaseModelQuerySet
from training.models.erasures import Erasure
from training.models.freeze_runs import FreezeRun
from training.models.leaks import HeldOutText, Leak, LeakCheck, LeftOut, VersionPrompt
from training.models.packages import Package, PackageQuerySet
from training.models.preflights import Preflight
from training.models.rounds import TrainingRound, TrainingRoundQuerySet
from training.models.samplings import Sampling
from training.models.swap_runs import SwapRun
from training.models.versions import DatasetVersion, DatasetVersionQuerySet, VersionPerson, VersionRow
from training.models.workers import WORKER_GONE_AFTER, Worker, WorkerQuerySet

__all__ = [
    "WORKER_GONE_AFTER",
    "Adapter",
    "AdapterQuerySet",
    "BaseModel",
    "BaseModelQuerySet",
    "BiasAudit",
    "DatasetVersion",
    "DatasetVersionQuerySet",
    "Erasure",
    "FreezeRun",
    "HeldOutText",
    "Leak",
    "LeakCheck",
    "LeftOut",
    "Package",
    "PackageQuerySet",
    "Preflight",
    "Sampling",
    "SwapRun",
    "TrainingRound",
    "TrainingRoundQuerySet",
    "VersionPerson",
    "VersionPrompt",
    "VersionRow",
    "Worker",
    "WorkerQuerySet",
]
