from __future__ import annotations

import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Case, F, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Now

from annotation.models import InParts, Numbered, Project, UUIDModel
from annotation.texts import counted
from training import methods
from training.jobs import Job, JobQuerySet, Status
from training.leaks.models import HeldOutText, Leak, LeakCheck, LeftOut, VersionPrompt  # noqa: F401 - theirs too
from training.params import is_full
from training.progress import as_one
from training.run_dir import finished_rows

WORKER_GONE_AFTER = timedelta(seconds=30)


class BaseModelQuerySet(models.QuerySet["BaseModel"]):
    def default(self) -> BaseModel | None:
        return self.order_by("-is_default", "created_at").first()


class BaseModel(UUIDModel):
    """Weights that adapters sit on: a local folder, pinned by the hash of its weights."""

    name = models.CharField(max_length=200, unique=True)
    path = models.CharField(max_length=500, help_text="Folder with safetensors, tokenizer and chat template.")
    source = models.CharField(max_length=300, blank=True)
    license = models.CharField(max_length=80, blank=True)
    weights_sha256 = models.CharField(max_length=64)
    chat_template_sha256 = models.CharField(max_length=64)
    parameters = models.PositiveBigIntegerField()
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BaseModelQuerySet.as_manager()

    class Meta:
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_base_model")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def directory(self) -> Path:
        """Absolute; relative paths are under the data directory."""
        return settings.DATA_DIR / self.path

    @property
    def public_id(self) -> str:
        """The name by which other programs find it: its hub id where `source` says owner/name@commit."""
        return self._hub[0] if self._hub else self.name

    @property
    def revision(self) -> str | None:
        return self._hub[1] if self._hub else None

    @property
    def _hub(self) -> tuple[str, str] | None:
        match = re.fullmatch(r"([\w.-]+/[\w.-]+)@(\w[\w./-]*)", self.source)
        return (match[1], match[2]) if match else None


class DatasetVersionQuerySet(Numbered, models.QuerySet["DatasetVersion"]):
    pass


class DatasetVersion(UUIDModel):
    """Rows frozen for training: `train.jsonl`, `validation.jsonl` and `manifest.json` in a folder named by hash."""

    class Kind(models.TextChoices):
        DEMONSTRATIONS = "demonstrations", "Demonstrations"
        PREFERENCES = "preferences", "Preference pairs"
        JUDGEMENTS = "judgements", "Judgements"
        CORPUS = "corpus", "Corpus"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="dataset_versions")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    number = models.PositiveIntegerField()
    description = models.CharField(max_length=300, blank=True)
    sha256 = models.CharField(max_length=64)
    train_rows = models.PositiveIntegerField()
    validation_rows = models.PositiveIntegerField()
    statistics = models.JSONField(default=dict)
    filter = models.JSONField(default=dict, help_text="What was asked for, see training/freezing/filters.py.")
    consensus = models.CharField(max_length=10, blank=True, help_text="What counted of several people's rankings.")
    content_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of what it teaches, without ids: the same on any machine."
    )
    indexed_at = models.DateTimeField(null=True, editable=False, help_text="Since when its rows can be looked up.")
    erased_rows = models.PositiveIntegerField(default=0, help_text="Rows whose texts were erased since it was frozen.")
    erased_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the folder after that.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DatasetVersionQuerySet.as_manager()
    is_new = False  # True on what freezing has just made, not on what it found

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "number"], name="one_version_per_number"),
            models.UniqueConstraint(fields=["project", "kind", "sha256"], name="one_version_per_content"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} v{self.number}"

    @property
    def directory(self) -> Path:
        return settings.DATASETS_DIR / self.sha256


class VersionRow(models.Model):
    """One row of a frozen version and where it came from, so that a text's versions are one question.

    The manifest says the same; `training/freezing/index.py` reads it into here. Ids of rows that may be gone since.
    """

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="rows")
    row = models.CharField(max_length=120)
    part = models.CharField(max_length=10)
    place = models.PositiveBigIntegerField(help_text="Where its line begins in the part's file, in bytes.")
    sha256 = models.CharField(max_length=64, help_text="Of its content when it was frozen.")
    prompt = models.UUIDField(null=True, db_index=True)
    demonstration = models.UUIDField(null=True, db_index=True)
    comparison = models.UUIDField(null=True, db_index=True)
    document = models.UUIDField(null=True, db_index=True)
    group = models.CharField(max_length=200, blank=True)
    revisions = models.JSONField(default=list)
    people = models.JSONField(default=list, help_text="Ids of those who wrote or ranked it.")
    erased = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["version", "row"], name="one_row_per_id")]
        indexes = [models.Index(fields=["version", "group"], name="rows_of_a_group")]

    def __str__(self) -> str:
        return f"row {self.row}"


class VersionPerson(models.Model):
    """How many rows of a version somebody wrote or ranked."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="people")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    count = models.PositiveIntegerField()

    class Meta:
        ordering = ["-count"]
        constraints = [models.UniqueConstraint(fields=["version", "person"], name="one_count_per_person")]

    def __str__(self) -> str:
        return f"{self.count} rows of {self.person_id}"


class TrainingRoundQuerySet(Numbered, JobQuerySet["TrainingRound"]):
    def in_turn(self) -> TrainingRoundQuerySet:
        """Queued rounds as they get the machine: first what was interrupted goes on, then projects take turns.

        The project that had the machine longest ago, or never, comes first; of its rounds the oldest.
        """
        of_project = TrainingRound.objects.filter(project=OuterRef("project")).order_by().values("project")
        return (
            self.filter(status=Status.QUEUED)
            .annotate(had_machine_at=Subquery(of_project.annotate(last=Max("started_at")).values("last")))
            .annotate(begun=Case(When(attempt__gt=0, then=Value(0)), default=Value(1)))
            .order_by("begun", F("had_machine_at").asc(nulls_first=True), "created_at", "pk")
        )


class TrainingRound(Job):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    method = models.CharField(max_length=12, choices=methods.choices)
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="rounds")
    parent_adapter = models.ForeignKey(
        "Adapter", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    reward_adapter = models.ForeignKey(  # the reward model that gives marks to what this round writes
        "Adapter", on_delete=models.PROTECT, null=True, blank=True, related_name="rewarded"
    )
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="rounds")
    params = models.JSONField()
    note = models.CharField(max_length=300, blank=True)
    preflight = models.OneToOneField(
        "Preflight", on_delete=models.SET_NULL, null=True, blank=True, related_name="round"
    )

    # the round whose rows it learns from as often, but in random order
    baseline_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="baselines")

    # what was said before it and what it needed: {"said", "happened", "teaches"}, see training/estimating/experience.py
    estimate = models.JSONField(default=dict)

    objects: ClassVar = TrainingRoundQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="one_round_per_number")]
        indexes = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return f"Round {self.number} · {self.method_name}"

    @property
    def method_name(self) -> str:
        return methods.METHODS[self.method].name

    def events(self) -> list[dict[str, Any]]:
        """Of all its attempts, as those of one."""
        return as_one(self.run_dir(attempt).events() for attempt in range(1, self.attempt + 1))

    def claim(self, owner: uuid.UUID) -> bool:
        """One round at a time: training takes all the machine has, and two would both take twice as long.

        Locking the unfinished rounds makes the look and the claim one step (a no-op on SQLite, whose IMMEDIATE
        transactions follow one another).
        """
        rounds = TrainingRound.objects.unfinished()
        with transaction.atomic():
            list(rounds.select_for_update().order_by("pk").values_list("pk", flat=True))
            if rounds.exclude(pk=self.pk).filter(status=Status.RUNNING, lease_expires_at__gte=Now()).exists():
                return False
            return super().claim(owner)

    def blocked_by(self) -> TrainingRound | None:
        """The round this one waits for."""
        if self.status != Status.QUEUED:
            return None
        return TrainingRound.objects.filter(status=Status.RUNNING).exclude(pk=self.pk).first()


class AdapterQuerySet(models.QuerySet["Adapter"]):
    def writing(self) -> AdapterQuerySet:
        """Those that answer prompts: to sample from, evaluate, promote, try out and build on."""
        return self.exclude(round__method__in=methods.JUDGES)

    def judging(self) -> AdapterQuerySet:
        """Reward models, which give marks to what others write."""
        return self.filter(round__method__in=methods.JUDGES)


class Adapter(UUIDModel):
    """What a round made, verified and stored under the hash of its content."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="adapters")
    round = models.OneToOneField(TrainingRound, on_delete=models.PROTECT, related_name="adapter")
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="adapters")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    erased_at = models.DateTimeField(null=True, help_text="When rows that it learned from were erased last.")
    allowed_at = models.DateTimeField(null=True, help_text="When an admin decided that it may be used all the same.")
    allowed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    allowed_because = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AdapterQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        """By what it learned from and when."""
        if self.judges:
            return f"{self.round.method_name} of round {self.round.number}"
        return f"{self.round.method_name} {self.kind} of round {self.round.number}"

    @property
    def is_held(self) -> bool:
        """It learned from rows that were erased since, and nobody has decided that it may be used all the same."""
        return self.erased_at is not None and self.allowed_at is None

    @property
    def is_full(self) -> bool:
        """Not an adapter but a whole model, as full fine-tuning leaves it."""
        return is_full(self.round.params)

    @property
    def kind(self) -> str:
        return "model" if self.is_full else "adapter"

    def whole(self) -> Adapter | None:
        """The whole model that it is, or whose weights it stands on; None where those are the base model's."""
        found: Adapter | None = self
        while found and not found.is_full:
            found = found.round.parent_adapter
        return found

    @property
    def judges(self) -> bool:
        return methods.METHODS[self.round.method].judges

    @property
    def directory(self) -> Path:
        return settings.ADAPTERS_DIR / self.sha256


class Preflight(Job):
    """A round's settings, checked token by token before anybody waits for training."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="preflights")
    method = models.CharField(max_length=12, choices=methods.choices)
    base_model = models.ForeignKey(BaseModel, on_delete=models.CASCADE, related_name="+")
    parent_adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, null=True, related_name="+")
    reward_adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, null=True, related_name="+")
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="+")
    params = models.JSONField()
    note = models.CharField(max_length=300, blank=True)
    report = models.JSONField(default=dict)
    dry = models.BooleanField(default=False)  # also train for real on a few rows, and keep nothing of it

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"pre-flight for {self.dataset_version}"

    @property
    def passed(self) -> bool:
        return self.status == Status.SUCCEEDED and not self.report.get("reasons")


class Sampling(Job):
    """Candidates written by one or more adapters (or the base model).

    For `purpose` ranking they become comparisons; in the playground, and as a draft, they are only shown.
    `sources` is a list of {"label", "adapter_id" or null}; `prompts` a list of {"id", "prompt": messages}.
    """

    class Purpose(models.TextChoices):
        RANKING = "ranking", "Candidates to rank"
        PLAYGROUND = "playground", "Playground"
        DRAFT = "draft", "Draft for somebody who writes"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="samplings")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="+")
    sources = models.JSONField()
    prompts = models.JSONField()
    params = models.JSONField()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"sampling for {counted(len(self.prompts), 'prompt')}"

    def outputs(self) -> list[dict[str, Any]]:
        """What has been written so far: {"source", "id", "index", "text", "tokens", "seconds", "finish", "logprob"}."""
        return finished_rows(self.run_dir().outputs) if self.attempt else []


class PackageQuerySet(JobQuerySet["Package"]):
    def usable(self) -> list[Package]:
        """Waiting, at work, or done with its file still there: no other is needed."""
        wanted = self.filter(status__in=[Status.QUEUED, Status.RUNNING, Status.SUCCEEDED])
        return [package for package in wanted if not package.is_final or package.file]


class Package(Job):
    """An adapter as one file to be taken elsewhere. An adapter never changes, so one of each format is enough."""

    class Format(models.TextChoices):
        ADAPTER = "adapter", "Adapter folder"
        MERGED = "merged", "Merged model"
        GGUF = "gguf", "GGUF file"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="packages")
    adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, related_name="packages")
    format = models.CharField(max_length=10, choices=Format.choices)

    objects: ClassVar = PackageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["adapter", "format", "status"], name="packages_of_an_adapter")]

    def __str__(self) -> str:
        return f"{self.get_format_display()} of the {self.adapter}"

    @property
    def file(self) -> Path | None:
        """What is handed out, while it is there."""
        if self.status != Status.SUCCEEDED:
            return None
        path = self.run_dir().path / "package" / str(self.result.get("file"))
        return path if path.is_file() else None


class WorkerQuerySet(models.QuerySet["Worker"]):
    def with_life(self) -> WorkerQuerySet:
        """Each with `is_gone`; the database's clock decides, as it does for leases."""
        return self.annotate(is_gone=Q(seen_at__lt=Now() - WORKER_GONE_AFTER))


class Worker(UUIDModel):
    """A process that runs jobs, as it last described itself."""

    is_gone: bool  # given by with_life()
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    running = models.JSONField(default=list, help_text="Of each job: its id, its name and its project's id.")
    devices = models.JSONField(default=list, help_text="Of each device: its name, its memory and what of it is free.")
    memory_bytes = models.PositiveBigIntegerField()
    memory_free_bytes = models.PositiveBigIntegerField()
    disk_free_bytes = models.PositiveBigIntegerField()

    objects: ClassVar = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["host", "started_at"]

    def __str__(self) -> str:
        return f"{self.host}, process {self.pid}"


class BiasAudit(InParts):
    """Who the texts speak of, and what goes with it: of the project as it stood, or of a frozen version.

    `lists` are the project's own words as they were; `report` is written once, at the end, and never changed.
    """

    dataset_version = models.ForeignKey(
        DatasetVersion, on_delete=models.CASCADE, null=True, blank=True, related_name="bias_audits"
    )
    lists = models.JSONField(default=dict)
    report = models.JSONField(default=dict)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "lease_expires_at"], name="audits_that_wait")]

    def __str__(self) -> str:
        return f"Bias audit of {self.dataset_version or 'the project as it stood'}"

    def _kept(self) -> dict[str, object]:
        return {**super()._kept(), "report": self.report}


class Erasure(InParts):
    """Somebody's texts on their way out: looked for first, taken out after an admin has typed the name."""

    class Kind(models.TextChoices):
        GROUP = "group", "A client, matter or other group"
        PERSON = "person", "Somebody whom texts name"
        ANNOTATOR = "annotator", "Somebody who wrote or judged here"

    class Stage(models.TextChoices):
        LOOK = "look", "Looking"
        ERASE = "erase", "Erasing"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=200, blank=True, help_text="Emptied once it is done.")
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    stage = models.CharField(max_length=6, choices=Stage.choices, default=Stage.LOOK)
    found = models.JSONField(default=dict, help_text="How much of what it concerns, for people.")
    touched = models.JSONField(default=dict, help_text="Which prompts, documents and rows; emptied once it is done.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "lease_expires_at"], name="erasures_waiting")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}" if self.name else self.get_kind_display()

    @property
    def is_found(self) -> bool:
        return self.stage == self.Stage.LOOK and self.status == self.Status.DONE

    @property
    def is_carried_out(self) -> bool:
        return self.stage == self.Stage.ERASE and self.status == self.Status.DONE
