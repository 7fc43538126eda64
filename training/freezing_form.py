"""Choosing what a dataset version takes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms

from annotation.forms.fields import field_of
from annotation.models import ConsensusRule, Project, name_of
from annotation.quality.agreed import FEWEST_SHARED
from training.freezing import filters
from training.freezing.filters import Filter
from training.models import DatasetVersion, FreezeRun


class FreezeForm(forms.Form):
    kind = forms.ChoiceField(
        label="What to freeze",
        choices=DatasetVersion.Kind.choices,
        widget=forms.RadioSelect,
        initial="demonstrations",
        help_text="Judgements are good answers, the demonstrations and candidates that were ranked above the line of "
        "what is good enough, and bad ones, the candidates below it or ranked as all bad.",
    )
    consensus = forms.ChoiceField(
        label="What counts where several people ranked the same",
        choices=ConsensusRule.choices,
        required=False,
        help_text=f"For preference pairs and judgements. By itself: weighted from {FEWEST_SHARED} comparisons on that "
        "two people or more have ranked, for fewer tell nothing about anybody; the majority before. Known answers and "
        "decisions of reviewers stand either way. The settings say what is chosen here to begin with.",
    )
    status = forms.ChoiceField(
        label="Responses",
        choices=list(filters.STATUSES.items()),
        required=False,
        help_text="Rankings have no such state: those that are complete count.",
    )
    task_types = forms.MultipleChoiceField(
        label="Task types", required=False, widget=forms.CheckboxSelectMultiple, help_text="None chosen: all."
    )
    people = forms.MultipleChoiceField(
        label="Only by these people",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Rows that nobody else wrote or ranked. None chosen: by anybody.",
    )
    guidelines = forms.TypedChoiceField(
        label="Made by guidelines", coerce=int, empty_value=None, required=False, choices=[("", "Any version")]
    )
    guidelines_which = forms.ChoiceField(
        label="Which versions count", choices=list(filters.GUIDELINES.items()), required=False
    )
    agreement = forms.IntegerField(
        label="Agreement of at least, in %",
        min_value=0,
        max_value=100,
        required=False,
        help_text="Asks only of pairs that several people judged.",
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label="To",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The day of approval, of the last ranking, or of the import.",
    )
    quality = forms.IntegerField(
        label="Quality of at least",
        min_value=0,
        max_value=100,
        required=False,
        help_text="From 0 to 100, of responses alone; a prompt's page says what it rests on.",
    )
    best_share = forms.IntegerField(
        label="Only the best, in %",
        min_value=1,
        max_value=100,
        required=False,
        help_text="50 learns from the better half of what is chosen above; the rows to check with stay as they are.",
    )
    description = forms.CharField(
        label="Description",
        max_length=300,
        required=False,
        help_text="One line that says what is in this version. Left empty, it is proposed from what you chose above.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["consensus"].initial = project.consensus
        types = project.prompts.for_teaching().exclude(task_type="").order_by("task_type").values_list("task_type")
        self.names = dict(_people_of(project))
        versions = project.guidelines.order_by("-version").values_list("version", flat=True)
        field_of(self, "task_types", forms.MultipleChoiceField).choices = [(each, each) for (each,) in types.distinct()]
        field_of(self, "people", forms.MultipleChoiceField).choices = [
            (str(pk), name) for pk, name in self.names.items()
        ]
        field_of(self, "guidelines", forms.TypedChoiceField).choices = [
            ("", "Any version"),
            *((str(version), f"Version {version}") for version in versions),
        ]

    @staticmethod
    def as_asked(run: FreezeRun) -> dict[str, Any]:
        """To begin with what was asked for before."""
        chosen = filters.of_json(run.filter)
        return {
            **asdict(chosen),
            "kind": run.kind,
            "consensus": run.consensus or run.project.consensus,
            "description": run.description,
            "agreement": None if chosen.agreement is None else round(100 * chosen.agreement),
            "best_share": None if chosen.best_share is None else round(100 * chosen.best_share),
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and since > until:
            self.add_error("until", "This day is before the first one.")
        return given

    def chosen(self) -> Filter:
        given = self.cleaned_data
        percent, best = given["agreement"], given["best_share"]
        return Filter(
            status=given["status"] or filters.APPROVED,
            agreement=None if percent is None else percent / 100,
            guidelines=given["guidelines"],
            guidelines_which=given["guidelines_which"] or "from",
            people=tuple(sorted(map(int, given["people"]))),
            task_types=tuple(sorted(given["task_types"])),
            since=given["since"],
            until=given["until"],
            quality=given["quality"],
            best_share=None if best in (None, 100) else best / 100,
        )

    def what(self) -> dict[str, Any]:
        """What freezing is told."""
        given = {name: self.cleaned_data[name] for name in ("kind", "consensus", "description")}
        return {**given, "chosen": self.chosen()}


def _people_of(project: Project) -> list[tuple[int, str]]:
    """Everybody who is a member, whether or not they have done anything yet."""
    rows = project.memberships.select_related("user")
    return [(row.user_id, name_of(row.user)) for row in rows]
