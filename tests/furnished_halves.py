"""The same round on all rows and on the best half of them: both finished, and asked the same."""

from __future__ import annotations

from django.contrib.auth.models import User

from annotation.models import Project
from tests.evaluation import factories as judged
from tests.furnished_judging import contestant
from tests.furnished_work import Page
from training.actions.freezing import freeze_best_half
from training.models import Adapter, BaseModel, DatasetVersion
from training.params import SFTParams, to_json


def halves(project: Project, pk: str, ada: User, rita: User, version: DatasetVersion) -> list[Page]:
    every = _on(project, version, best_half=True)
    half = _on(project, freeze_best_half(version=version, by=ada))
    half.round.baseline_of = every.round
    half.round.save()
    made = judged.evaluation(project, [], name="All the rows and the best half", reviewed_prompts=6)
    for position, (adapter, text) in enumerate([(None, judged.POOR), (every, judged.GOOD), (half, judged.FAIR)]):
        judged.answer(contestant(made, ada, position, adapter), text)
    judged.review_all(made, rita)
    return [
        Page("round", [pk, str(every.round.pk)], state="with the best half"),
        Page("round", [pk, str(half.round.pk)], state="on the best half"),
        Page("evaluation", [pk, str(made.pk)], state="the best half"),
    ]


def _on(project: Project, version: DatasetVersion, best_half: bool = False) -> Adapter:
    adapter = judged.adapter(project, base_model=BaseModel.objects.default())
    round = adapter.round
    round.dataset_version, round.params = version, {**to_json(SFTParams()), "best_half": best_half}
    round.result = {"eval_loss_before": 2.61, "eval_loss": 1.44 if best_half else 1.51, "train_loss": 1.3}
    round.save()
    return adapter
