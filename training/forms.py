from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from annotation.bias.lists import origin_labels
from annotation.bias.swapping import KINDS
from annotation.forms.fields import field_of
from annotation.models import Project, name_of
from training import choosing
from training.actions.swapping import MOST_COPIES
from training.methods import METHODS, RLOO, SFT
from training.models import Adapter, BaseModel, DatasetVersion
from training.monitoring.audit_report import groups_named
from training.params import CHOICES, HELP, LABELS, GenerateParams, Preset, by_rows, shown, to_json
from training.params.groups import grouped

SHOWN_ABOVE = {"finetuning_type", "load_in_4bit", "best_half"}


class DatasetChoice(forms.ModelChoiceField):
    def label_from_instance(self, version: DatasetVersion) -> str:
        said = f"{version}: {version.train_rows} rows"
        return f"{said}, {version.description}" if version.description else said


class RoundForm(forms.Form):
    """A round of one method. Settings left empty are those of the preset."""

    dataset_version = DatasetChoice(
        DatasetVersion.objects.none(),
        label="Dataset version",
        empty_label=None,
        help_text="The frozen rows to learn from.",
    )
    preset = forms.ChoiceField(label="How to train", widget=forms.RadioSelect, initial="standard")
    parent_adapter = forms.ModelChoiceField(Adapter.objects.none(), label="Start from", required=False)
    base_model = forms.ModelChoiceField(BaseModel.objects.none(), label="Base model", required=False)
    load_in_4bit = forms.BooleanField(label=LABELS["load_in_4bit"], required=False, help_text=HELP["load_in_4bit"])
    note = forms.CharField(
        label="Note", max_length=300, required=False, help_text="What this round is meant to find out."
    )

    def __init__(self, *args: Any, project: Project, method: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.method = method
        self.rows = 0  # of the dataset version that the page is about ...
        self.trained: dict[str, str] = {}  # ... and what is trained, where that was chosen
        self.presets: dict[str, Preset] = METHODS[method].presets
        versions = choosing.dataset_versions(project, method)
        field_of(self, "dataset_version", DatasetChoice).queryset = versions
        field_of(self, "preset", forms.ChoiceField).choices = [
            (key, preset.label) for key, preset in self.presets.items()
        ]
        self._offer_starts(project)
        self._offer_reward_models(project)
        bases = field_of(self, "base_model", forms.ModelChoiceField)
        bases.queryset = BaseModel.objects.all()
        bases.empty_label = "The default, or that of the adapter above"
        if "finetuning_type" in _editable(method):
            self.fields["finetuning_type"] = forms.ChoiceField(
                label=LABELS["finetuning_type"],
                choices=list(CHOICES["finetuning_type"].items()),
                initial="lora",
                required=False,
                help_text=HELP["finetuning_type"],
            )
        if "best_half" in _editable(method):
            self.fields["best_half"] = forms.BooleanField(
                label=LABELS["best_half"], required=False, help_text=HELP["best_half"]
            )
        self.advanced = [name for name in _editable(method) if name not in SHOWN_ABOVE]
        for name in self.advanced:
            self.fields[name] = _setting_field(method, name, getattr(self.presets["standard"].params, name))

    def _offer_starts(self, project: Project) -> None:
        field = field_of(self, "parent_adapter", forms.ModelChoiceField)
        field.queryset = project.adapters.writing().select_related("round", "base_model")
        if self.parent_optional:
            field.empty_label = "The base model"
            field.help_text = "Usually the base model. An adapter, to teach it more."
            reader = choosing.reader(project) if self.method == SFT.key else None
            if reader:
                field.initial = reader.pk
                field.help_text = f"The {reader} has read your texts: demonstrations build on it."
            return
        field.empty_label = "Choose an adapter"
        field.help_text = (
            "The adapter that is to write better, usually that of an SFT or DPO round."
            if self.method == RLOO.key
            else "The adapter of the SFT round that wrote the candidates: what people say of them makes it better."
        )
        self.fields["start_from_base"] = forms.BooleanField(
            label="Start from the base model instead",
            required=False,
            help_text="Only sensible when the base model already does the task well.",
        )

    def _offer_reward_models(self, project: Project) -> None:
        if self.method != RLOO.key:
            return
        judges = project.adapters.judging().select_related("round", "base_model")
        self.fields["reward_adapter"] = forms.ModelChoiceField(
            judges,
            label="Reward model",
            required=False,
            empty_label="None: only the project's rules reward",
            help_text="What gives marks beside the rules. Its own round says whether it is good enough.",
        )

    @property
    def parent_optional(self) -> bool:
        return not METHODS[self.method].needs_parent

    @property
    def preset_choices(self) -> list[dict[str, Any]]:
        chosen = self["preset"].value()
        return [
            {
                "key": key,
                "label": preset.label,
                "help": preset.help,
                "checked": key == chosen,
                "takes": self._takes(key),
            }
            for key, preset in self.presets.items()
        ]

    def _takes(self, preset: str) -> str:
        """With the rows of the chosen version; texts are read in blocks that are not counted yet."""
        if not self.rows or METHODS[self.method].learns_from == "corpus":
            return ""
        params = choosing.preset_params(self.method, preset, self.trained, rows=self.rows)
        return f"With these {self.rows:,} rows: {by_rows.in_words(params, self.rows)}."

    @property
    def advanced_groups(self) -> dict[str, list[forms.BoundField]]:
        return {group: [self[name] for name in names] for group, names in grouped(self.advanced).items()}

    @property
    def advanced_open(self) -> bool:
        return any(self[name].errors or self[name].value() not in (None, "") for name in self.advanced)

    def settings(self) -> dict[str, Any]:
        """What start_preflight and launch_round take, beside project and method."""
        data = self.cleaned_data
        given = {name: data[name] for name in {*self.advanced, *SHOWN_ABOVE} if data.get(name) not in (None, "")}
        from_base = data.get("start_from_base", False)
        return {
            "dataset_version": data["dataset_version"],
            "parent_adapter": None if from_base else data["parent_adapter"],
            "reward_adapter": data.get("reward_adapter"),
            "base_model": data["base_model"],
            "start_from_base": from_base,
            "note": data["note"],
            "params": choosing.preset_params(
                self.method, data["preset"], given, rows=data["dataset_version"].train_rows
            ),
        }


def attach(form: forms.Form, error: ValidationError) -> None:
    """Put an action's refusal beside the field it is about, or above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, problems in error.error_dict.items():
        form.add_error(name if name in form.fields else None, problems)


def _editable(method: str) -> list[str]:
    return [field.name for field in fields(METHODS[method].params) if field.name not in METHODS[method].without]


def _setting_field(method: str, name: str, usual: Any) -> forms.Field:
    kind = get_type_hints(METHODS[method].params)[name]
    common: dict[str, Any] = {"label": LABELS[name], "help_text": HELP.get(name, ""), "required": False}
    if get_origin(kind) is not None:
        named = [(each, shown(name, each)) for each in get_args(kind)]
        choices = [("", f"As in the preset ({shown(name, usual)})"), *named]
        return forms.ChoiceField(choices=choices, **common)
    if kind is bool:
        return forms.TypedChoiceField(
            choices=[("", "As in the preset"), ("yes", "Yes"), ("no", "No")],
            coerce=lambda value: value == "yes",
            empty_value=None,
            **common,
        )
    widget = forms.NumberInput(attrs={"placeholder": f"preset: {usual}", "step": "any" if kind is float else 1})
    return (forms.FloatField if kind is float else forms.IntegerField)(widget=widget, **common)


BASE = "base"


class SourcesField(forms.MultipleChoiceField):
    """The base model and the project's adapters; its value is a list of adapters, None for the base model."""

    def offer(self, adapters: list[Adapter], base: BaseModel | None) -> None:
        self.adapters = {str(adapter.pk): adapter for adapter in adapters}
        self.choices = [
            *((key, str(adapter)) for key, adapter in self.adapters.items()),
            (BASE, f"The base model ({base})" if base else "The base model"),
        ]

    def clean(self, value: Any) -> list[Adapter | None]:
        return [self.adapters.get(key) for key in super().clean(value)]


class SamplingForm(forms.Form):
    sources = SourcesField(
        label="Who writes",
        widget=forms.CheckboxSelectMultiple,
        help_text="People never see which model wrote which candidate.",
        error_messages={"required": "Choose at least one."},
    )
    prompts = forms.IntegerField(
        label="Prompts",
        min_value=1,
        max_value=1000,
        initial=20,
        help_text="The next ones without candidates; those that no demonstration has taught come first.",
    )
    num_candidates = forms.IntegerField(
        label="Candidates from each model",
        min_value=1,
        max_value=5,
        initial=4,
        help_text="People rank two to five candidates per prompt; with two models, two from each make four.",
    )
    temperature = forms.FloatField(
        label=LABELS["temperature"],
        min_value=0,
        max_value=2,
        initial=0.8,
        help_text=HELP["temperature"],
        widget=forms.NumberInput(attrs={"step": "0.1"}),
    )
    max_new_tokens = forms.IntegerField(
        label=LABELS["max_new_tokens"], min_value=8, max_value=2048, initial=256, help_text=HELP["max_new_tokens"]
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        adapters = list(project.adapters.writing().select_related("round", "base_model"))
        sources = field_of(self, "sources", SourcesField)
        sources.offer(adapters, BaseModel.objects.default())
        if adapters:
            sources.initial = [str(adapters[0].pk)]

    def params(self) -> dict[str, Any]:
        names = ("num_candidates", "temperature", "max_new_tokens")
        return to_json(GenerateParams()) | {name: self.cleaned_data[name] for name in names}


class PlaygroundForm(forms.Form):
    instruction = forms.CharField(label="Instruction", max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    input = forms.CharField(label="Input", max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 10}))
    adapter = forms.ModelChoiceField(Adapter.objects.none(), label="Adapter", empty_label=None)
    temperature = forms.FloatField(
        label=LABELS["temperature"],
        min_value=0,
        max_value=2,
        initial=0,
        help_text=HELP["temperature"],
        widget=forms.NumberInput(attrs={"step": "0.1"}),
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        adapters = project.adapters.writing().select_related("round", "base_model")
        field_of(self, "adapter", forms.ModelChoiceField).queryset = adapters


class AuditForm(forms.Form):
    """Without a version: the project as it stands."""

    dataset_version = DatasetChoice(
        label="Of which rows",
        queryset=DatasetVersion.objects.none(),
        required=False,
        empty_label="The project as it stands",
    )

    def __init__(self, data: Any = None, *, project: Project, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        versions = project.dataset_versions.order_by("-created_at")
        field_of(self, "dataset_version", DatasetChoice).queryset = versions


class CopiesForm(forms.Form):
    """Which copies to propose; only groups that the audit found named can be chosen."""

    kind = forms.ChoiceField(label="What is exchanged", choices=list(KINDS.items()))
    groups = forms.MultipleChoiceField(
        label="Only rows that name",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: every row that names somebody to exchange.",
    )
    origins = forms.MultipleChoiceField(
        label="Origins",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="For names of one origin and of another: choose two.",
    )
    most = forms.IntegerField(label="How many at most", min_value=1, max_value=MOST_COPIES, initial=100)

    def __init__(self, data: Any = None, *, report: dict[str, Any]) -> None:
        super().__init__(data)
        named = groups_named(report)
        field_of(self, "groups", forms.MultipleChoiceField).choices = [(key, label) for key, label, _ in named]
        field_of(self, "groups", forms.MultipleChoiceField).initial = [key for key, _, differs in named if differs]
        field_of(self, "origins", forms.MultipleChoiceField).choices = list(origin_labels().items())


class SendSuspectsForm(forms.Form):
    """How many of a round's suspects people look at again, and who."""

    first = forms.IntegerField(
        label="How many",
        min_value=1,
        max_value=500,
        initial=20,
        help_text="The most doubtful that nobody was asked about.",
    )
    people = forms.ModelMultipleChoiceField(
        label="Who looks",
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nobody chosen: each author their own; for what a file brought, the experts in turn.",
    )

    def __init__(self, *args: Any, project: Project, of_pairs: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of_pairs:  # whoever decides
            del self.fields["people"]
            return
        people: Any = self.fields["people"]
        people.queryset = User.objects.filter(memberships__project=project, is_active=True).order_by("last_name", "pk")
        people.label_from_instance = name_of
