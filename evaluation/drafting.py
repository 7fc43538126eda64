"""A draft for somebody who writes: the model that is in use answers the prompt, as a job like every other."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ValidationError

from annotation.actions import Refused
from annotation.model_side import Draft, NoDraft
from annotation.models import Project, Prompt
from evaluation.models import Promotion
from training.actions.sampling import start_sampling
from training.answers import writers
from training.jobs import Status
from training.models import Sampling
from training.params import GenerateParams, to_json
from training.tasks import worker_is_running

LONGEST_DRAFT = 512  # tokens
NO_WORKER = "The model cannot draft at the moment: nothing is running that could write."


class PromotedModel:
    """Offers what the project's promoted adapter writes; without one there is nothing to offer."""

    def writes_for(self, project: Project) -> bool:
        """As of a minute ago: every page that somebody writes on asks this."""
        key = f"drafts-{project.pk}"
        known = cache.get(key)
        if known is None:
            known = _promoted(project) is not None
            cache.set(key, known, timeout=60)
        return bool(known)

    def why_not_now(self, project: Project) -> str:
        return "" if worker_is_running() else NO_WORKER

    def ask(self, *, prompt: Prompt, by: User) -> str:
        promotion = _promoted(prompt.project)
        if promotion is None:
            raise Refused("No model is in use any more.")
        try:
            sampling = start_sampling(
                project=prompt.project,
                sources=[promotion.adapter],
                prompts=[prompt],
                params=to_json(GenerateParams()) | {"temperature": 0.0, "max_new_tokens": LONGEST_DRAFT},
                by=by,
                purpose=Sampling.Purpose.DRAFT,
            )
        except ValidationError as refused:
            raise Refused(" ".join(refused.messages)) from refused
        return str(sampling.pk)

    def found(self, key: str) -> Draft | NoDraft | None:
        sampling = Sampling.objects.filter(pk=key).select_related("project", "base_model").first()
        if sampling is None:
            return NoDraft("The draft is gone. Ask for another.")
        if not sampling.is_final:
            return None
        written = sampling.outputs() if sampling.status == Status.SUCCEEDED else []
        if not written or not written[0]["text"].strip():
            return NoDraft("The model could not write a draft.")
        return Draft(written[0]["text"].strip(), writers(sampling)[0])


def _promoted(project: Project) -> Promotion | None:
    """Without one that waits for a decision after an erasure."""
    promotion = project.promotions.current().select_related("adapter__base_model").first()
    return None if promotion and promotion.adapter.is_held else promotion
