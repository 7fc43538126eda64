"""After an erasure nothing of it is left, in no table and in no file; held against reading everything there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import models
from django.urls import reverse
from django.utils import timezone

from annotation import parts
from annotation.demo import loader
from annotation.models import (
    BiasLists,
    CleaningRun,
    Comment,
    Event,
    Export,
    Finding,
    FindingDecision,
    Flag,
    GlossaryTerm,
    Guidelines,
    Import,
    Lease,
    LineProblem,
    Membership,
    Project,
    Prompt,
    Ranking,
    Revision,
    Role,
)
from evaluation.actions.promoting import promote
from evaluation.models import Output
from tests import factories, furnished
from tests.postgres import postgres_url  # noqa: F401 - a fixture
from training import actions
from training.actions import erasing
from training.actions.freezing import asked_again
from training.erasing import carrying_out
from training.erasing.holders import HARMLESS, HOLDERS
from training.freezing import choosing, datasets, index
from training.models import Adapter, BiasAudit, DatasetVersion, Erasure, FreezeRun, Sampling, VersionRow

ROOT = Path(__file__).resolve().parents[3]
OURS = ("annotation", "training", "evaluation")
CLIENT, NAME, SAID = "Zanzibar Holdings", "Quirina Featherstonehaugh", "xylophagous"


def fields_of(model: Any) -> list[Any]:
    kinds = (models.TextField, models.CharField, models.JSONField, models.FileField)
    return [each for each in model._meta.local_fields if isinstance(each, kinds) and not each.choices]


def our_models() -> list[Any]:
    return [model for app in OURS for model in apps.get_app_config(app).get_models()]


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_every_text_is_known_to_the_erasure(model: Any) -> None:
    """A new table with texts: name it in training/erasing/holders.py."""
    label = model._meta.label
    known = set(HARMLESS.get(label, ()))
    for holder in HOLDERS:
        if holder.model == label:
            known |= {*holder.fields, *holder.mentions, *holder.files}
    assert [each.name for each in fields_of(model) if each.name not in known] == []


def test_it_names_only_what_there_is() -> None:
    for holder in HOLDERS:
        model = apps.get_model(holder.model)
        for path in filter(None, (holder.project, holder.prompt, holder.document, holder.author)):
            model._default_manager.filter(**{path: None}).query.sql_with_params()
        for name in (*holder.fields, *holder.mentions, *holder.files):
            model._meta.get_field(name)


def where_it_stands(word: str, folder: Path) -> list[str]:
    """Every column of every table, and every file."""
    found = []
    for model in our_models():
        for row in model._default_manager.all().values("pk", *[each.name for each in fields_of(model)]):
            said = json.dumps({name: str(value) for name, value in row.items()}, ensure_ascii=False)
            if word.casefold() in said.casefold():
                found.append(f"{model._meta.label} {said[:300]}")
    for path in folder.rglob("*"):
        if path.is_file() and word.casefold().encode() in path.read_bytes().lower():
            found.append(str(path.relative_to(folder)))
    return found


@pytest.fixture
def project(db: None, settings: Any) -> Project:
    """The demo's, furnished with everything that can come of it."""
    actions.register_base_model(directory=factories.base_model_folder(settings.BASE_MODELS_DIR / "toy"))
    demo = loader.load()[0]
    erin, rita, ada = (User.objects.get(username=name) for name in ("erin", "rita", "ada"))
    furnished.furnish(demo, erin=erin, rita=rita, ada=ada)
    eve, _new = User.objects.get_or_create(username="eve")
    User.objects.get_or_create(username="oscar")
    Membership.objects.get_or_create(project=demo, user=eve, defaults={"role": Role.EXPERT})
    return demo


@pytest.fixture
def erin(project: Project) -> User:
    return User.objects.get(username="erin")


@pytest.fixture
def eve(project: Project) -> User:
    return User.objects.get(username="eve")


@pytest.fixture
def rita(project: Project) -> User:
    return User.objects.get(username="rita")


@pytest.fixture
def ada(project: Project) -> User:
    return User.objects.get(username="ada")


@pytest.fixture
def planted(project: Any, erin: Any, eve: Any, rita: Any, ada: Any) -> Any:
    """Three prompts whose every text, and all that was made of them, carries the words."""
    chosen = list(project.prompts.filter(demonstrations__status="approved", split="train").distinct()[:2])
    chosen += list(project.prompts.filter(outputs__isnull=False).distinct()[:1])
    text = f"{NAME} said that {CLIENT} is {SAID}."
    for number, prompt in enumerate(chosen):
        said = [{"role": "user", "content": text}, {"role": "assistant", "content": text}]
        Prompt.objects.filter(pk=prompt.pk).update(
            instruction=text, input=text, reference=text, history=said, group=CLIENT, external_id=f"{SAID}-{number}"
        )
        prompt.demonstrations.update(text=text, draft_text=text, note=text)
        Comment.objects.create(prompt=prompt, author=rita, text=text)
        Flag.objects.create(prompt=prompt, raised_by=eve, reason=text)
        Event.record("closed a flag", prompt.flags.first(), by=rita, project=project, outcome=text)
        for each in prompt.demonstrations.all():
            Revision.objects.create(demonstration=each, text=text, note=text, status=each.status, created_by=erin)
        Output.objects.filter(prompt=prompt).update(text=text, metrics={"missing": [text]})
        made = factories.comparison(prompt, [text, f"Worse: {text}"], rankings_done=1)
        best, other = made.candidates.values_list("pk", flat=True)
        ranking = [[str(best)], [str(other)]]
        Ranking.objects.create(comparison=made, ranker=eve, order=ranking, reason=text, chips=[text])
        now = timezone.now()
        Lease.objects.create(
            project=project, kind="rank", item_id=made.pk, user=rita, expires_at=now, draft={"reason": text}
        )
    first = project.documents.first()
    project.documents.filter(pk=first.pk).update(text=text, title=CLIENT, group=CLIENT)
    row = Import.objects.filter(project=project).first()
    row.file.save("planted.jsonl", ContentFile(text.encode()))
    LineProblem.objects.create(work=row, line=1, reason=f"{text} is twice in it.")
    plant_in_findings_and_files(project, chosen[0], ada, text)
    return chosen


def plant_in_findings_and_files(project: Project, prompt: Prompt, ada: User, text: str) -> None:
    """What was made of the words since: findings, an export, a bias audit, the project's own lists."""
    run = CleaningRun.objects.create(project=project, created_by=ada, status="done")
    finding = Finding.objects.create(
        project=project, run=run, kind="email", prompt=prompt, item=prompt.pk, field="input", start=0, end=4,
        text_sha256="0" * 64, words=text, proposed=text, replacement=text, note=text,
    )  # fmt: skip
    FindingDecision.objects.create(finding=finding, act="confirm", replacement=text, by=ada)
    file_name = f"{uuid4()}-1.jsonl"
    Path(settings.EXPORTS_DIR).mkdir(parents=True, exist_ok=True)
    Path(settings.EXPORTS_DIR, file_name).write_text(text)
    Export.objects.create(
        project=project, created_by=ada, status="done", kind="records", shape="details", format="jsonl",
        file_name=file_name, finished_at=timezone.now(),
    )  # fmt: skip
    example = {"id": str(prompt.pk), "prompt_id": str(prompt.pk), "text": text}
    BiasAudit.objects.create(
        project=project, created_by=ada, status="done", report={"said": [{"count": 1, "examples": [example]}]}
    )
    GlossaryTerm.objects.create(project=project, preferred="Client", variants=[NAME], note=f"Never {NAME}.")
    BiasLists.objects.update_or_create(project=project, defaults={"groups": [{"name": NAME, "terms": [NAME]}]})


@pytest.fixture
def frozen(planted: Any, project: Any, ada: Any) -> list[DatasetVersion]:
    FreezeRun.objects.unfinished().delete()
    return [actions.freeze(project=project, kind=kind, by=ada) for kind in ("demonstrations", "preferences", "corpus")]


def carried_out(erasure: Erasure, by: Any) -> Erasure:
    parts.run(erasure, carrying_out.do)
    assert (erasure.status, erasure.problem) == ("done", "")
    erasure.refresh_from_db()
    erasing.erase(erasure=erasure, typed=erasure.name, by=by)
    parts.run(erasure, carrying_out.do)
    erasure.refresh_from_db()
    assert (erasure.status, erasure.problem) == ("done", "")
    return erasure


def finish_jobs(project: Any) -> None:
    """The furnished project shows jobs at work; an erasure waits for those."""
    from training.erasing.touched import jobs_of, works_of

    for job in jobs_of(project):
        if not job.is_final:
            type(job).objects.filter(pk=job.pk).update(status="cancelled")
    for work in works_of(project):
        type(work).objects.filter(pk=work.pk).update(status="stopped")


def there(project: Any) -> list[DatasetVersion]:
    """Some of the furnished ones have no folder."""
    return [version for version in project.dataset_versions.all() if version.directory.is_dir()]


def by_brute_force(project: Any, belongs: Any) -> dict[str, int]:
    """Counted by reading every frozen line."""
    found = {}
    for version in there(project):
        rows = [row for name in (datasets.TRAIN, datasets.VALIDATION) for row in lines(version.directory / name)]
        if number := sum(map(belongs, rows)):
            found[str(version.pk)] = number
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "name"), [("group", CLIENT), ("person", NAME)])
def test_nothing_of_it_is_left(
    frozen: list[DatasetVersion], project: Any, ada: Any, settings: Any, kind: str, name: str
) -> None:
    settings.DATA_DIR.joinpath("base-models").mkdir(exist_ok=True)
    adapter = project.adapters.order_by("created_at").first()
    type(adapter.round).objects.filter(pk=adapter.round_id).update(dataset_version=frozen[0])
    run = adapter.round.run_dir()
    run.path.mkdir(parents=True, exist_ok=True)
    (run.train).write_text((frozen[0].directory / "train.jsonl").read_text())
    run.log.write_text(f"read {SAID}")
    sampling = Sampling.objects.filter(project=project).first()
    prompt = project.prompts.filter(group=CLIENT).first()
    asked = {"id": str(prompt.pk), "prompt": datasets.question(prompt, "{instruction}")}
    Sampling.objects.filter(pk=sampling.pk).update(prompts=[asked, *sampling.prompts])
    finish_jobs(project)
    places = (project.prompts, project.documents)
    theirs = {str(each.pk) for rows in places for each in rows.filter(group=CLIENT)}
    expected = by_brute_force(
        project, lambda row: SAID in json.dumps(row) or bool(theirs & {row["id"], row.get("prompt_id")})
    )
    assert set(expected) >= {str(version.pk) for version in frozen}

    erasure = erasing.look_for(project=project, kind=kind, name=name, by=ada)
    parts.run(erasure, carrying_out.do)
    erasure.refresh_from_db()
    assert erasure.found["versions"] == expected
    assert str(adapter.pk) in erasure.found["adapters"]
    assert erasure.found["evaluations"]
    assert where_it_stands(SAID, settings.DATA_DIR)
    with pytest.raises(ValidationError, match="not the name"):
        erasing.erase(erasure=erasure, typed="something else", by=ada)

    before = {version.pk: version.sha256 for version in frozen}
    erasing.erase(erasure=erasure, typed=name, by=ada)
    parts.run(erasure, carrying_out.do)
    erasure.refresh_from_db()
    assert (erasure.status, erasure.problem) == ("done", "")
    assert where_it_stands(SAID, settings.DATA_DIR) == []
    assert where_it_stands(name, settings.DATA_DIR) == []
    for version in frozen:
        version.refresh_from_db()
        assert (version.erased_rows, version.sha256) == (expected[str(version.pk)], before[version.pk])
        assert datasets.intact(version)
        assert VersionRow.objects.filter(version=version, erased=True).count() == version.erased_rows
        assert all(row.erased == bool(content.get("erased")) for row, content in index.read(version))
    adapter = Adapter.objects.get(pk=adapter.pk)
    assert adapter.is_held
    with pytest.raises(ValidationError, match="were erased"):
        promote(adapter=adapter, reason="It is good.", by=ada)
    with pytest.raises(ValidationError, match="were erased"):
        actions.ask(project=project, instruction="What is a deed?", sources=[None, adapter], by=ada)
    with pytest.raises(ValidationError, match="were erased"):
        actions.start_sampling(project=project, sources=[adapter], prompts=[prompt], params={}, by=ada)
    erasing.allow_adapter(adapter=adapter, because="One row of many.", by=ada)
    assert not Adapter.objects.get(pk=adapter.pk).is_held
    rebuilt = actions.freeze(by=ada, **asked_again(frozen[0]))
    assert rebuilt.train_rows + rebuilt.validation_rows == (
        frozen[0].train_rows + frozen[0].validation_rows - frozen[0].erased_rows
    )
    done = Event.objects.get(verb="erased texts")
    assert name not in json.dumps(done.data)


@pytest.mark.django_db
def test_somebody_who_worked_here_withdraws(frozen: Any, project: Any, eve: Any, ada: Any, settings: Any) -> None:
    finish_jobs(project)
    expected = {}
    for version in there(project):
        manifest = json.loads((version.directory / "manifest.json").read_text())
        rows = [row for part in manifest["rows"].values() for row in part]
        if number := sum(eve.pk in row.get("people", []) for row in rows):
            expected[str(version.pk)] = number
    assert expected
    ranked = Ranking.objects.filter(project=project, ranker=eve).count()
    erasure = erasing.look_for(project=project, kind="annotator", name="eve", by=ada)
    carried_out(erasure, ada)
    assert {pk: number for pk, number in erasure.found["versions"].items() if pk in expected} == expected
    assert ranked
    assert not Ranking.objects.filter(project=project, ranker=eve).exists()
    assert not Flag.objects.filter(raised_by=eve).exclude(reason="").exists()
    assert Comment.objects.filter(text__contains=SAID).exists()  # others' words stay
    train, validation = choosing.rows_to_freeze(project, "preferences", "", actions.freezing.EVERYTHING)
    assert all(eve.pk not in row.people for row in [*train, *validation])


@pytest.mark.django_db
def test_it_goes_on_where_it_was_cut_off(frozen: Any, project: Any, ada: Any, settings: Any, monkeypatch: Any) -> None:
    finish_jobs(project)
    erasure = erasing.look_for(project=project, kind="group", name=CLIENT, by=ada)
    parts.run(erasure, carrying_out.do)
    erasure.refresh_from_db()
    erasing.erase(erasure=erasure, typed=CLIENT, by=ada)
    real = carrying_out._prompts
    monkeypatch.setattr(carrying_out, "_prompts", lambda *_given: 1 / 0)
    parts.run(erasure, carrying_out.do)
    assert erasure.status == "failed"
    monkeypatch.setattr(carrying_out, "_prompts", real)
    erasing.resume_erasing(erasure=erasure, by=ada)
    parts.run(erasure, carrying_out.do)
    assert (erasure.status, erasure.problem) == ("done", "")
    assert where_it_stands(CLIENT, settings.DATA_DIR) == []


@pytest.mark.django_db
def test_it_waits_for_jobs_and_knows_whom_it_does_not_know(project: Any, ada: Any, planted: Any) -> None:
    with pytest.raises(ValidationError, match="no prompt and no text"):
        erasing.look_for(project=project, kind="group", name="Nobody", by=ada)
    with pytest.raises(ValidationError, match="user name"):
        erasing.look_for(project=project, kind="annotator", name="oscar", by=ada)
    erasure = erasing.look_for(project=project, kind="group", name=CLIENT, by=ada)
    parts.run(erasure, carrying_out.do)
    erasure.refresh_from_db()
    erasing.erase(erasure=erasure, typed=CLIENT, by=ada)
    parts.run(erasure, carrying_out.do)
    assert erasure.status == "failed"
    assert "at work with the project's texts" in erasure.problem
    assert Guidelines.objects.exists()


def test_nothing_is_left_on_postgresql_either(postgres_url: str, tmp_path: Path) -> None:  # noqa: F811
    in_a_house(tmp_path / "data", DATABASE_URL=postgres_url)


def test_nothing_is_left_in_the_bytes_of_an_sqlite_file(tmp_path: Path) -> None:
    """Free pages and the journal count: the whole data directory is read, the database's files among it."""
    in_a_house(tmp_path / "data")
    assert (tmp_path / "data" / "preceptor.sqlite3").is_file()


def in_a_house(folder: Path, **more: str) -> None:
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    env |= {"DATA_DIR": str(folder), "LOG_LEVEL": "ERROR", **more}
    command = [sys.executable, "-m", "tests.training.erasing.in_a_house", str(folder / "base-models" / "toy")]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("nothing is left")


@pytest.mark.django_db
def test_it_is_done_on_pages_by_command_and_by_api(
    frozen: Any, project: Any, ada: Any, sign_in: Any, capsys: Any
) -> None:
    finish_jobs(project)
    client = sign_in(ada)
    asked = {"kind": "group", "name": CLIENT}
    made = client.post(reverse("erasures", args=[project.pk]), asked, follow=True)
    assert b"Every text and every frozen row is being read" in made.content
    erasure = Erasure.objects.filter(project=project).latest("created_at")
    parts.run(erasure, carrying_out.do)
    url = reverse("erasure", args=[project.pk, erasure.pk])
    shown = client.get(url)
    assert b"Erase these texts" in shown.content
    assert str(frozen[0]).encode() in shown.content
    refused = client.post(url, {"action": "erase", "typed": "wrong"})
    assert (refused.status_code, b"This is not the name" in refused.content) == (422, True)
    of_project = ["--project", str(project.pk), "--by", "ada"]
    call_command("erase_texts", *of_project, "--kind", "group", "--name", CLIENT)
    assert "Nothing was erased." in capsys.readouterr().out
    with pytest.raises(CommandError, match="not the same name"):
        call_command("erase_texts", *of_project, "--kind", "group", "--name", CLIENT, "--confirm", "x")
    told = client.get(reverse("api_erasure", args=[project.pk, erasure.pk])).json()
    assert told["found"]["versions"][str(frozen[0].pk)]
    begun = client.post(
        reverse("api_erasure", args=[project.pk, erasure.pk]), {"typed": CLIENT}, content_type="application/json"
    )
    assert begun.json()["stage"] == "erase"
    erasure.refresh_from_db()
    parts.run(erasure, carrying_out.do)
    assert b"The texts are erased" in client.get(url).content
    version = client.get(reverse("dataset", args=[project.pk, frozen[0].pk]))
    assert b"Erased in part" in version.content
    again = client.post(reverse("dataset_rebuild", args=[project.pk, frozen[0].pk]), follow=True)
    assert b"is frozen" in again.content
    call_command("refreeze", *of_project, "--kind", "demonstrations", "--number", str(frozen[0].number))
    assert "is still what there is" in capsys.readouterr().out
    adapter = project.adapters.first()
    Adapter.objects.filter(pk=adapter.pk).update(erased_at=timezone.now(), allowed_at=None)
    assert b"Why it may be used" in client.get(reverse("adapter", args=[project.pk, adapter.pk])).content
    call_command("allow_adapter", *of_project, "--adapter", str(adapter.round.number), "--because", "Few rows.")
    assert b"Few rows." in client.get(reverse("adapter", args=[project.pk, adapter.pk])).content
