"""A project in which every page has something to show: one of everything, in every state."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from annotation import parts
from annotation.actions import swapped_copies
from annotation.actions.corpus import import_documents
from annotation.actions.uploads import upload
from annotation.corpus import Text
from annotation.models import Demonstration, Project, Prompt, SwappedCopy
from tests import (
    factories,
    furnished_cleaning,
    furnished_files,
    furnished_freezing,
    furnished_halves,
    furnished_judging,
    furnished_training,
    furnished_work,
)
from tests.evaluation import factories as judged
from tests.furnished_work import Page
from training import actions
from training.erasing import carrying_out
from training.freezing.filters import Filter
from training.models import (
    BaseModel,
    BiasAudit,
    DatasetVersion,
    Erasure,
)


def furnish(project: Project, *, erin: User, rita: User, ada: User) -> list[Page]:
    """Fill the demo project and list its pages."""
    base = BaseModel.objects.default()
    assert base is not None
    pk = str(project.pk)
    sft = judged.adapter(project, base_model=base)
    dpo = judged.adapter(project, "dpo", parent=sft, base_model=base)
    furnished_training.workers(sft.round)
    return [
        *furnished_work.writing(project, pk, erin, rita, ada),
        *furnished_work.ranking(project, pk, [erin, rita, ada]),
        *furnished_work.quality(project, pk, erin, rita, ada),
        *furnished_work.talk(project, pk, erin, rita, ada),
        *_data(project, pk, ada),
        *furnished_training.rounds(project, pk, ada, sft, dpo),
        *furnished_training.sampling(project, pk, ada, sft),
        *furnished_judging.judging(project, pk, erin, rita, ada, [sft, dpo]),
        *furnished_judging.promotion(project, pk, ada, [sft, dpo]),
        *furnished_halves.halves(project, pk, ada, rita, project.dataset_versions.get(description="The first ones")),
        *furnished_cleaning.cleaned(project, pk, erin, rita, ada),
        *furnished_freezing.freezings(project, pk, ada),
    ]


def plain_pages(project: Project) -> list[Page]:
    """Pages that need nothing but the project."""
    pk = str(project.pk)
    of_project = ["project", "members", "project_settings", "guidelines", "guidelines_edit", "prompts", "import_start"]
    more = [
        "who_gets_what",
        "prompt_kinds",
        "progress",
        "export",
        "datasets",
        "rounds",
        "round_create",
        "adapters",
        "sampling_create",
        "playground",
        "workers",
        "audits",
        "bias_lists",
    ]
    talk = ["remarks", "flags", "guidelines_recheck"]
    judging = ["evaluations", "evaluation_create", "promotions"]
    return [
        Page("home"),
        Page("home", who="erin", state="expert"),
        Page("account"),
        Page("base_models"),
        Page("installation_workers"),
        Page("project_create"),
        *(Page(name, [pk]) for name in [*of_project, *more, *talk, *judging]),
        Page("project", [pk], "erin", "expert"),
        Page("guidelines", [pk], "erin", "expert"),
        Page("guidelines_version", [pk, "1"]),
        Page("evaluations", [pk], "rita", "reviewer"),
        Page("promotions", [pk], "rita", "reviewer"),
    ]


def empty_pages(project: Project) -> list[Page]:
    """What a project of which nothing has come yet says on pages that list or hand out things."""
    names = ["project", "prompts", "write_next", "approve_next", "rank_next", "score_next", "datasets", "rounds"]
    more = [
        "audits",
        "cleaning",
        "corpus",
        "round_create",
        "adapters",
        "playground",
        "evaluations",
        "evaluation_create",
        "promotions",
    ]
    return [Page(name, [str(project.pk)], state="empty") for name in [*names, *more, "audits"]]


def _data(project: Project, pk: str, ada: User) -> list[Page]:
    lines = b'{"id": "17", "input": "A note.", "output": "Parties: none"}\n{"id": "17", "input": "Twice."}\nbroken\n'
    row = upload(
        project=project,
        file=ContentFile(lines),
        file_name="notes.jsonl",
        format="jsonl",
        columns=["id", "input", "output"],
        by=ada,
    )
    row.mapping = {**row.mapping, "fixed_instruction": "Summarise."}
    row.save()
    texts = [
        Text(f"Letter {number}", f"Dear client, this is letter {number}.", "", "letters.zip") for number in range(12)
    ]
    import_documents(project=project, texts=texts, by=ada)
    corpus = actions.freeze(kind="corpus", project=project, by=ada)
    demonstrations = actions.freeze(kind="demonstrations", project=project, by=ada, description="The first ones")
    preferences = actions.freeze(kind="preferences", project=project, by=ada)
    reworked = _reworked(project, ada)
    found = Erasure.objects.create(project=project, kind="group", name=reworked.group, created_by=ada)
    parts.run(found, carrying_out.do)
    return [
        *_leaking(project, ada),
        Page("dataset_comparison", [pk]),
        Page("lineage", [pk, "prompt", str(reworked.pk)]),
        Page("erasures", [pk]),
        Page("erasure", [pk, str(found.pk)], state="found"),
        Page("import_map", [pk, str(row.pk)]),
        Page("dataset", [pk, str(demonstrations.pk)]),
        Page("dataset_export", [pk, str(demonstrations.pk)]),
        Page("dataset", [pk, str(preferences.pk)], state="preferences"),
        Page("corpus", [pk]),
        Page("document", [pk, str(project.documents.all()[0].pk)]),
        Page("dataset", [pk, str(corpus.pk)], state="corpus"),
        *_audits(project, pk, ada, demonstrations),
        *furnished_files.arriving(project, pk, ada),
        *furnished_files.leaving(project, pk, ada, corpus),
    ]


HELD_OUT = (
    "Ms Okafor moved out on the fourteenth of February and handed back both keys; the landlord has kept her deposit "
    "of 1,450 dollars without sending the list of damages that the law of the state asks for within thirty days."
)

TAUGHT = (
    "The landlord kept the deposit of 2,100 dollars without sending the list of damages that the law of the state "
    "asks for within thirty days. Mr Reyes moved out on the third of March and handed back both keys."
)


def _leaking(project: Project, ada: User) -> list[Page]:
    """A version that gives a held-out prompt away, and the one that was frozen without the row."""
    held_out = factories.prompt(project, input=HELD_OUT, split="evaluation", external_id="housing-104")
    taught = factories.prompt(project, input=TAUGHT, external_id="housing-211")
    for each in (held_out, taught):
        factories.demonstration(each, ada)
    leaking = actions.freeze(kind="demonstrations", project=project, by=ada)
    apart = actions.freeze(kind="demonstrations", project=project, by=ada, without_leaks_of=leaking)
    taught.demonstrations.all().delete()
    pk = str(project.pk)
    return [
        Page("dataset_leaks", [pk, str(leaking.pk)]),
        Page("dataset_leaks", [pk, str(apart.pk)], state="left out"),
        Page("dataset", [pk, str(leaking.pk)], state="leaking"),
    ]


def _audits(project: Project, pk: str, ada: User, version: DatasetVersion) -> list[Page]:
    done = actions.start_audit(project=project, by=ada, wait=True)
    frozen = actions.start_audit(project=project, by=ada, dataset_version=version, wait=True)
    stopped = actions.start_audit(project=project, by=ada)
    actions.stop_audit(audit=stopped, by=ada)
    states = {"": done, "of a version": frozen, "stopped": stopped}
    pages = [Page("audit", [pk, str(audit.pk)], state=state) for state, audit in states.items()]
    return [*pages, *_copies(pk, ada, done)]


def _copies(pk: str, ada: User, audit: BiasAudit) -> list[Page]:
    """One to decide on, one dismissed."""
    actions.propose_copies(audit=audit, by=ada, kind="gender", most=3, wait=True)
    open_, dismissed = SwappedCopy.objects.filter(project=pk)[:2]
    swapped_copies.dismiss(copy=dismissed, by=ada, reason="The law differs here.")
    return [
        Page("swapped_copy", [pk, str(open_.pk)], "rita", "to decide"),
        Page("swapped_copy", [pk, str(dismissed.pk)], "rita", "dismissed"),
    ]


def _reworked(project: Project, ada: User) -> Prompt:
    """A newer version, in which one response says something else."""
    one = Demonstration.objects.approved().filter(project=project, prompt__split="train").exclude(prompt__group="")[0]
    Demonstration.objects.filter(pk=one.pk).update(text=f"{one.text.replace('the', 'that')}\nReviewed again.")
    actions.freeze(kind="demonstrations", project=project, by=ada, chosen=Filter(since=date(2020, 1, 1)))
    return one.prompt
