from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.validators import ProhibitNullCharactersValidator

from annotation.active_time import ActiveSeconds
from annotation.forms.fields import field_of
from annotation.forms.quiet import QuietForm
from annotation.models import Project, Role, name_of
from annotation.rubric import Criterion, criteria
from evaluation.actions.evaluating import MOST_REVIEWS
from evaluation.models import Evaluation, EvaluationSet
from training.models import Adapter, BaseModel

BASE = "base"


class FreezeSetForm(QuietForm):
    name = forms.CharField(max_length=120, required=False, label="Name", help_text="For example the month.")


class ReviewersForm(QuietForm):
    """Who scores; nobody chosen: everybody."""

    people = forms.MultipleChoiceField(
        label="People who score",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Only the people and roles chosen here get outputs to score. None: everybody in the project.",
    )
    roles = forms.MultipleChoiceField(
        label="Roles that score", required=False, choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = {str(each.user_id): each.user for each in project.memberships.select_related("user")}
        field_of(self, "people", forms.MultipleChoiceField).choices = [
            (pk, name_of(user)) for pk, user in self.members.items()
        ]

    def reviewers(self) -> tuple[list[User], list[str]]:
        return [self.members[pk] for pk in self.cleaned_data["people"]], self.cleaned_data["roles"]


class EvaluationForm(ReviewersForm):
    name = forms.CharField(max_length=120, required=False, label="Name")
    evaluation_set = forms.ModelChoiceField(
        EvaluationSet.objects.none(),
        label="Evaluation set",
        empty_label=None,
        help_text="The held-out prompts that every contestant answers.",
    )
    contestants = forms.MultipleChoiceField(
        label="Contestants",
        widget=forms.CheckboxSelectMultiple,
        help_text="The base model shows what training has changed; keep it in.",
        error_messages={"required": "Choose at least one contestant."},
    )
    base_model = forms.ModelChoiceField(BaseModel.objects.all(), label="Base model", empty_label=None, required=False)
    reviewed_prompts = forms.IntegerField(
        min_value=0,
        max_value=10_000,
        initial=20,
        label="Prompts judged by people",
        help_text="Drawn by lot, the same ones for every contestant. 0: automatic measures only.",
    )
    reviews_per_output = forms.IntegerField(min_value=1, max_value=MOST_REVIEWS, label="People who score each output")
    max_new_tokens = forms.IntegerField(
        min_value=1,
        max_value=8192,
        initial=256,
        label="Longest answer in tokens",
        help_text="A contestant stops writing after this many tokens, even if it has not finished.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        self.adapters = {
            str(each.pk): each
            for each in project.adapters.writing().select_related("round", "base_model").order_by("-round__number")
        }
        field_of(self, "evaluation_set", forms.ModelChoiceField).queryset = project.evaluation_sets.all()
        self.fields["reviews_per_output"].initial = project.reviews_per_output
        contestants = field_of(self, "contestants", forms.MultipleChoiceField)
        contestants.choices = [
            (BASE, "Base model, as it came"),
            *((pk, str(each)) for pk, each in self.adapters.items()),
        ]
        contestants.initial = [BASE, *list(self.adapters)[:3]]
        if BaseModel.objects.count() < 2:
            del self.fields["base_model"]

    def values(self) -> dict[str, Any]:
        """As the action takes them."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in ("people", "roles")}
        return {**given, "reviewers": self.reviewers()}

    def clean_contestants(self) -> list[Adapter | None]:
        """The base model first, then adapters in the order of their rounds."""
        chosen = self.cleaned_data["contestants"]
        adapters = [self.adapters[pk] for pk in chosen if pk != BASE]
        base: list[Adapter | None] = [None] if BASE in chosen else []
        return [*base, *sorted(adapters, key=lambda each: each.round.number)]


@dataclass(frozen=True)
class ScoreRow:
    """One criterion with its anchored scores, as the template draws it."""

    criterion: Criterion
    field: forms.BoundField

    @property
    def choices(self) -> Iterator[dict[str, Any]]:
        chosen = str(self.field.value() or "")
        for number in self.criterion.scores:
            anchor = self.criterion.anchors.get(str(number), "")
            yield {"value": str(number), "anchor": anchor, "chosen": str(number) == chosen}

    @property
    def many(self) -> bool:
        return len(self.criterion.scores) > 5


class ScoreForm(QuietForm):
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)
    active_seconds = ActiveSeconds()
    comment = forms.CharField(
        max_length=5_000,
        required=False,
        label="Comment",
        help_text="What decided your scores; a wrong fact, a missing one.",
        widget=forms.Textarea,
        validators=[ProhibitNullCharactersValidator()],
    )

    def __init__(self, *args: Any, rubric: dict[str, dict[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria = criteria(rubric)
        for criterion in self.criteria:
            self.fields[criterion.key] = forms.TypedChoiceField(
                label=criterion.label,
                coerce=int,
                choices=[(str(number), str(number)) for number in criterion.scores],
                error_messages={
                    "required": f"Choose a score for {criterion.label.lower()}.",
                    "invalid_choice": f"Choose a score from {criterion.lowest} to {criterion.highest}.",
                },
            )

    def rows(self) -> list[ScoreRow]:
        return [ScoreRow(criterion, self[criterion.key]) for criterion in self.criteria]

    def scores(self) -> dict[str, int]:
        return {criterion.key: self.cleaned_data[criterion.key] for criterion in self.criteria}


class PromoteForm(QuietForm):
    adapter = forms.ModelChoiceField(Adapter.objects.none(), label="Adapter", empty_label=None)
    evaluation = forms.ModelChoiceField(
        Evaluation.objects.none(), label="Evidence", empty_label="No evaluation", required=False
    )
    reason = forms.CharField(
        max_length=2_000,
        label="Reason",
        help_text="Stands in the history for those who come later.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why, so that others understand it later."},
    )
    confirmed = forms.BooleanField(required=False, label="I know this and promote it all the same")
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        adapters = project.adapters.writing().select_related("round").order_by("-round__number")
        field_of(self, "adapter", forms.ModelChoiceField).queryset = adapters
        field_of(self, "evaluation", forms.ModelChoiceField).queryset = project.evaluations.order_by("-number")


class RollbackForm(QuietForm):
    reason = forms.CharField(
        max_length=2_000,
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why, so that others understand it later."},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
