from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField

from annotation import project_rules
from annotation.forms.fields import LinesField
from annotation.models import Project, Role
from annotation.project_rules import MOST_PER_ITEM
from annotation.rubric import DEFAULT_CRITERIA, Criterion


def checked(check: Callable[..., Any], *values: Any) -> Any:
    """A rule's sentence as a form's answer, or a serializer's."""
    try:
        return check(*values)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def number(label: str, name: str, low: int, high: int) -> forms.IntegerField:
    """A whole number, said as the model says it."""
    field: Any = Project._meta.get_field(name)
    return forms.IntegerField(
        label=label, min_value=low, max_value=high, initial=field.default, help_text=field.help_text
    )


class ProjectForm(forms.ModelForm):
    """The settings of a project. Sections are typed one heading per line; each anchor of the rubric is a field."""

    sections = LinesField(
        rows=7, help_text="Headings that every response carries, one per line, in order. Empty: no fixed format."
    )
    keywords = LinesField(
        rows=3,
        help_text="Words or phrases that every response should contain, one per line. Missing ones are pointed out.",
    )
    token_limit = number("Longest prompt with response", "token_limit", 64, 131_072)
    answers_per_prompt = number("Responses per prompt", "answers_per_prompt", 1, MOST_PER_ITEM)
    rankings_per_comparison = number("Rankings per comparison", "rankings_per_comparison", 1, MOST_PER_ITEM)
    reviews_per_output = number("Reviews per output", "reviews_per_output", 1, MOST_PER_ITEM)
    criteria_compared = forms.MultipleChoiceField(
        label="Criteria compared one by one",
        choices=[(criterion.key, criterion.label) for criterion in DEFAULT_CRITERIA],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Asked before which answer is better as a whole. Each costs the ranker some seconds.",
    )
    ranking_reasons = LinesField(rows=6, help_text="To choose from when ranking, one per line, in your experts' words.")
    repeat_percent = number("Comparisons asked twice, %", "repeat_percent", 0, 50)
    gold_percent = number("Comparisons with a known answer, %", "gold_percent", 0, 50)
    pass_mark = number("Pass mark of the training, %", "pass_mark", 0, 100)

    class Meta:
        model = Project
        fields = [
            "name",
            "objective",
            "success_criteria",
            "instruction_template",
            "sections",
            "dated_section",
            "keywords",
            "language",
            "token_limit",
            "drafts_by_model",
            "answers_per_prompt",
            "rankings_per_comparison",
            "reviews_per_output",
            "criteria_compared",
            "ranking_reasons",
            "reason_required",
            "repeat_percent",
            "gold_percent",
            "pass_mark",
            "consensus",
            "informative_first",
        ]
        labels = {
            "language": "Language of responses",
            "drafts_by_model": "Drafts by the model",
            "reason_required": "A ranking needs a reason",
            "consensus": "What counts where people differ",
            "informative_first": "Most informative prompts first",
        }
        widgets = {
            "objective": forms.Textarea(attrs={"rows": 3}),
            "success_criteria": forms.Textarea(attrs={"rows": 4}),
            "instruction_template": forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for criterion in DEFAULT_CRITERIA:
            for score, wording in criterion.anchors.items():
                own = self.instance.rubric.get(criterion.key, {})
                self.fields[_anchor(criterion, score)] = forms.CharField(
                    label=f"{criterion.label}, {score}",
                    initial=own.get(score, wording),
                    max_length=project_rules.LONGEST_ANCHOR,
                )

    @property
    def anchors(self) -> list[tuple[Criterion, list[tuple[str, BoundField]]]]:
        """For the page: each criterion with its scores and their fields."""
        return [
            (criterion, [(score, self[_anchor(criterion, score)]) for score in criterion.anchors])
            for criterion in DEFAULT_CRITERIA
        ]

    @property
    def anchor_errors(self) -> bool:
        return any(name.startswith("anchor-") for name in self.errors)

    def clean_instruction_template(self) -> str:
        return checked(project_rules.check_template, self.cleaned_data["instruction_template"])

    def clean_sections(self) -> list[str]:
        return checked(project_rules.check_sections, self.cleaned_data["sections"])

    def clean_keywords(self) -> list[str]:
        return checked(project_rules.check_keywords, self.cleaned_data["keywords"])

    def clean_ranking_reasons(self) -> list[str]:
        return checked(project_rules.check_ranking_reasons, self.cleaned_data["ranking_reasons"])

    def clean_criteria_compared(self) -> list[str]:
        return checked(project_rules.check_criteria_compared, self.cleaned_data["criteria_compared"])

    def clean_dated_section(self) -> str:
        if "sections" not in self.cleaned_data:
            return self.cleaned_data["dated_section"]
        return checked(
            project_rules.check_dated_section, self.cleaned_data["dated_section"], self.cleaned_data["sections"]
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["rubric"] = {
            criterion.key: {score: cleaned.pop(_anchor(criterion, score), "") for score in criterion.anchors}
            for criterion in DEFAULT_CRITERIA
        }
        return cleaned

    def _post_clean(self) -> None:
        """The instance stays as it is: the action writes, so that it can see and record what changes."""

    def values(self) -> dict[str, Any]:
        """What the action takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "guidelines"}


class NewProjectForm(ProjectForm):
    guidelines = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="What a good response is, for those who write, rank and score. Markdown; you can write it later.",
    )


def _anchor(criterion: Criterion, score: str) -> str:
    return f"anchor-{criterion.key}-{score}"


class MemberForm(forms.Form):
    """Somebody who has an account already."""

    username = forms.CharField(label="User name", max_length=150)
    role = forms.ChoiceField(choices=Role.choices)

    def clean_username(self) -> str:
        user = User.objects.filter(username=self.cleaned_data["username"], is_active=True).first()
        if user is None:
            raise ValidationError("Nobody has this user name. Invite them as a new person instead.")
        self.user = user
        return user.username


class InvitationForm(forms.Form):
    """A new person."""

    name = forms.CharField(label="First and last name", max_length=150)
    username = forms.CharField(
        label="User name", max_length=150, validators=[UnicodeUsernameValidator()], help_text="For signing in later."
    )
    role = forms.ChoiceField(choices=Role.choices)

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if any(len(part) > 140 for part in name.split()):
            raise ValidationError("This name is too long.")
        return name

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError("This user name is taken.")
        return username


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class GuidelinesForm(forms.Form):
    """A new version of the guidelines; `after` says from which one its writer started."""

    text = forms.CharField(label="Guidelines", max_length=100_000, widget=forms.Textarea(attrs={"rows": 24}))
    after = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean_text(self) -> str:
        return self.cleaned_data["text"].replace("\r\n", "\n").strip()
