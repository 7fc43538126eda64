"""Swapped copies: proposed for an audit's rows, decided on by people, and taught only then, beside their originals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from annotation import parts
from annotation.actions import Refused, exporting, swapped_copies
from annotation.exports import job
from annotation.models import Demonstration, Event, Prompt, SwappedCopy
from tests import factories
from tests.postgres import postgres_url  # noqa: F401 - a fixture
from training import actions, swapping, tasks
from training.actions import erasing
from training.erasing import carrying_out
from training.freezing import taking_out
from training.freezing.datasets import group_of
from training.models import SwapRun

ROOT = Path(__file__).resolve().parent.parent.parent
Status = SwapRun.Status
FIELDS = ("instruction", "input", "text")


@pytest.fixture
def audit(project, erin, ada):
    for at in range(12):
        prompt = factories.prompt(
            project,
            instruction="Sum up.",
            input=f"She asks the landlord. Matter {at}.",
            group="" if at % 2 else f"g{at}",
        )
        factories.demonstration(prompt, erin, text=f"He wrote to Emily in {at}.")
    factories.demonstration(factories.prompt(project, input="Nobody."), erin, text="Nothing.")
    held_out = factories.prompt(project, instruction="Sum up.", input="She asks.", split="evaluation")
    factories.demonstration(held_out, erin, text="She asked.")
    return actions.start_audit(project=project, by=ada, wait=True)


@pytest.fixture
def copy(audit, ada):
    actions.propose_copies(audit=audit, by=ada, kind="gender", wait=True)
    return SwappedCopy.objects.filter(original__prompt__group="").select_related("project").first()


def as_it_is(copy):
    return {name: getattr(copy, name) for name in FIELDS}


def test_it_proposes_each_copy_once_and_none_of_what_is_held_out(audit, ada, monkeypatch):
    monkeypatch.setattr(swapping, "PART", 5)
    prompts = Prompt.objects.count()
    run = actions.propose_copies(audit=audit, by=ada, kind="gender", wait=True)
    assert (run.status, run.proposed, run.done, run.total) == (Status.DONE, 12, 13, 13)
    one = SwappedCopy.objects.get(original__text="He wrote to Emily in 3.")
    assert one.input.startswith("He asks the landlord.")
    assert one.text.startswith("She wrote to ")
    assert "Emily" not in one.text
    assert Prompt.objects.count() == prompts
    assert actions.propose_copies(audit=audit, by=ada, kind="gender", wait=True).proposed == 0
    roles = actions.propose_copies(audit=audit, by=ada, kind="roles", most=3, wait=True)
    assert (roles.proposed, SwappedCopy.objects.filter(kind="roles").count()) == (3, 3)
    assert "tenant" in SwappedCopy.objects.filter(kind="roles")[0].input


def test_it_goes_on_where_another_left_it(audit, ada, monkeypatch):
    monkeypatch.setattr(swapping, "PART", 5)
    run = actions.propose_copies(audit=audit, by=ada, kind="gender")
    propose = swapped_copies.propose

    def once(*given, **named):
        monkeypatch.setattr(swapped_copies, "propose", lambda *_g, **_n: (_ for _ in ()).throw(OSError("gone")))
        return propose(*given, **named)

    monkeypatch.setattr(swapped_copies, "propose", once)
    parts.run(run, swapping.do)
    assert (run.status, run.done) == (Status.FAILED, 5)
    monkeypatch.setattr(swapped_copies, "propose", propose)
    actions.resume_copies(run=run, by=ada)
    parts.run(run, swapping.do)
    assert (run.status, run.done, run.proposed, SwappedCopy.objects.count()) == (Status.DONE, 13, 12, 12)


def test_only_rows_that_name_the_chosen_groups(audit, ada):
    with pytest.raises(Refused, match="no group"):
        actions.propose_copies(audit=audit, by=ada, kind="gender", groups=["gender/unknown"])
    assert actions.propose_copies(audit=audit, by=ada, kind="roles", groups=["age/old"], wait=True).proposed == 0
    assert actions.propose_copies(audit=audit, by=ada, kind="roles", groups=["gender/women"], wait=True).proposed == 12
    with pytest.raises(Refused, match="two different origins"):
        actions.propose_copies(audit=audit, by=ada, kind="origin", origins=["english"])
    run = actions.propose_copies(audit=audit, by=ada, kind="gender")
    with pytest.raises(Refused, match="already"):
        actions.propose_copies(audit=audit, by=ada, kind="gender")
    actions.stop_copies(run=run, by=ada)
    assert SwapRun in tasks.chores.WORKS


@pytest.mark.parametrize("split", ["train", "validation"])
def test_an_approved_copy_never_leaves_its_originals_part(copy, rita, split):
    Prompt.objects.filter(pk=copy.original.prompt_id).update(split=split)
    prompt = swapped_copies.approve(copy=copy, by=rita, **as_it_is(copy))
    original = Prompt.objects.get(pk=copy.original.prompt_id)
    assert (prompt.split, group_of(prompt)) == (split, group_of(original))
    response = prompt.demonstrations.get()
    assert (response.author, response.status, response.origin) == (rita, "approved", "swapped")
    assert response.text == copy.text
    prompt.refresh_from_db()
    assert (prompt.answers_done, prompt.answers_needed) == (1, 0)
    with pytest.raises(Refused, match="already"):
        swapped_copies.dismiss(copy=copy, by=rita, reason="Too late.")


def test_what_changed_or_is_held_out_meanwhile_is_not_copied(copy, rita):
    Demonstration.objects.filter(pk=copy.original_id).update(version=9)
    with pytest.raises(Refused, match="was changed"):
        swapped_copies.approve(copy=copy, by=rita, **as_it_is(copy))
    Demonstration.objects.filter(pk=copy.original_id).update(version=copy.original_version)
    Prompt.objects.filter(pk=copy.original.prompt_id).update(split="evaluation", answers_needed=0)
    with pytest.raises(Refused, match="held out"):
        swapped_copies.approve(copy=copy, by=rita, **as_it_is(copy))
    copy.refresh_from_db()
    assert copy.state == "open"


def test_each_decision_is_kept_and_can_be_undone(copy, rita):
    first = swapped_copies.approve(copy=copy, by=rita, **{**as_it_is(copy), "text": "As I say."})
    swapped_copies.undo(copy=copy, by=rita)
    assert Demonstration.objects.get(prompt=first).status == "draft"
    swapped_copies.dismiss(copy=copy, by=rita, reason="The law differs.")
    swapped_copies.undo(copy=copy, by=rita)
    assert swapped_copies.approve(copy=copy, by=rita, **as_it_is(copy)) == first
    assert Demonstration.objects.get(prompt=first).revisions.count() == 2
    kept = Event.objects.filter(object_id=str(copy.pk)).order_by("pk").values_list("verb", flat=True)
    assert [verb.split()[0] for verb in kept] == ["changed", "took", "dismissed", "took", "approved"]


def test_a_version_says_how_many_it_holds_and_the_next_audit_reads_them(copy, project, rita, ada):
    swapped_copies.approve(copy=copy, by=rita, **as_it_is(copy))
    version = actions.freeze(project=project, kind="demonstrations", by=ada)
    assert version.statistics["quality"]["swapped_copies"] == 1
    assert actions.start_audit(project=project, by=ada, wait=True).report["prompts"] == 15
    again = actions.propose_copies(audit=project.biasaudits.first(), by=ada, kind="gender", wait=True)
    assert again.proposed == 0


def test_erasing_the_original_reaches_its_copies(copy, project, rita, ada):
    prompt = swapped_copies.approve(copy=copy, by=rita, **as_it_is(copy))
    original = copy.original.prompt
    Prompt.objects.filter(pk=original.pk).update(input="She is Quirina Featherstonehaugh.")
    erasure = erasing.look_for(project=project, kind="person", name="Quirina Featherstonehaugh", by=ada)
    parts.run(erasure, carrying_out.do)
    erasing.erase(erasure=erasure, typed=erasure.name, by=ada)
    erasure.refresh_from_db()
    parts.run(erasure, carrying_out.do)
    prompt.refresh_from_db()
    assert "She" not in prompt.input + prompt.instruction
    assert prompt.demonstrations.get().text != copy.text
    assert not SwappedCopy.objects.filter(pk=copy.pk).exists()


def test_a_reviewer_decides_on_the_page(copy, project, rita, sign_in):
    client = sign_in(rita)
    following = reverse("swapped_copy_next", args=[project.pk])
    address = client.get(following).url
    page = client.get(address).content.decode()
    assert "<ins>" in page
    assert "<del>" in page
    assert client.post(address, {"action": "dismiss"}).status_code == 422
    assert client.post(address, {"action": "dismiss", "reason": "Untrue then."}).url == following
    assert "Untrue then." in client.get(address).content.decode()
    client.post(address, {"action": "undo"})
    assert client.post(address, {"action": "change", "instruction": "Sum up.", "text": ""}).status_code == 422
    assert client.post(address, {"action": "change", "instruction": "Sum up.", "text": "Mine."}).url == following
    assert Demonstration.objects.get(origin="swapped").text == "Mine."
    assert client.post(address, {"action": "approve"}).status_code == 409
    assert client.post(client.get(following).url, {"action": "approve"}).url == following
    assert "swapped copies to decide" in client.get(reverse("home")).content.decode()
    SwappedCopy.objects.open().delete()
    assert "Decided last" in client.get(following).content.decode()


def test_an_admin_proposes_on_the_page_by_api_and_by_command(audit, project, ada, sign_in, capsys):
    client = sign_in(ada)
    page, there = (reverse(name, args=[project.pk, audit.pk]) for name in ("audit", "audit_copies"))
    assert "Propose swapped copies" in client.get(page).content.decode()
    assert client.post(there, {"kind": "origin", "most": 5}).status_code == 422
    assert client.post(there, {"kind": "gender", "groups": ["gender/women"], "most": 5}).url == page
    client.post(there, {"action": "stop"})
    client.post(there, {"action": "resume"})
    parts.run(SwapRun.objects.get(), swapping.do)
    assert "5 proposed" in client.get(page).content.decode()
    api = reverse("api_audit_copies", args=[project.pk, audit.pk])
    started = client.post(api, json.dumps({"kind": "roles"}), content_type="application/json")
    assert (started.status_code, started.json()["status"]) == (202, "queued")
    assert client.post(api, {"kind": "roles"}, content_type="application/json").status_code == 409
    assert len(client.get(api).json()) == 2
    SwapRun.objects.all().delete()
    common = {"project": project.name, "by": "ada"}
    call_command("propose_copies", kind="gender", **common)
    assert "7 copies proposed, of 13 responses read." in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("propose_copies", kind="gender", most=0, **common)


def test_a_reviewer_decides_by_api(copy, project, rita, erin, client):
    there = reverse("api_swapped_copies", args=[project.pk])
    one = reverse("api_swapped_copy_decide", args=[project.pk, copy.pk])

    def decide(**sent):
        return client.post(one, json.dumps(sent), content_type="application/json")

    client.force_login(erin)
    assert (client.get(there).status_code, decide(act="approve").status_code) == (403, 403)
    client.force_login(rita)
    listed = client.get(there, {"state": "open", "kind": "gender"}).json()["results"]
    assert len(listed) == 12
    assert listed == client.get(there).json()["results"]
    told = next(each for each in listed if each["id"] == str(copy.pk))
    assert (told["text"], told["original"], told["prompt"]) == (copy.text, str(copy.original.prompt_id), None)
    assert decide(act="dismiss").json() == {"reason": ["Say in a few words why it is dismissed."]}
    dismissed = decide(act="dismiss", reason="Untrue then.").json()
    assert (dismissed["state"], dismissed["reason"], dismissed["decided_by"]) == ("dismissed", "Untrue then.", "rita")
    assert decide(act="approve").status_code == 409
    assert decide(act="undo").json()["state"] == "open"
    assert decide(act="approve", text="").status_code == 400
    approved = decide(act="approve", text=" Mine.\n").json()
    assert (approved["state"], approved["text"], approved["input"]) == ("approved", " Mine.\n", copy.input)
    assert Prompt.objects.get(pk=approved["prompt"]).demonstrations.get().text == " Mine.\n"
    assert len(client.get(there, {"state": "approved"}).json()["results"]) == 1


def test_a_reviewer_decides_by_command(copy, project, rita, erin, capsys):
    common = {"project": project.name, "by": "rita"}
    call_command("swapped_copies", most=2, json=True, **common)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 2
    assert {"id", "original", "instruction", "input", "text", "doubts"} <= lines[0].keys()
    with pytest.raises(CommandError, match="may not"):
        call_command("decide_copy", "approve", copy=copy.pk, project=project.name, by="erin")
    with pytest.raises(CommandError, match="Say in a few words"):
        call_command("decide_copy", "dismiss", copy=copy.pk, **common)
    call_command("decide_copy", "dismiss", copy=copy.pk, reason="Untrue then.", **common)
    with pytest.raises(CommandError, match="already"):
        call_command("decide_copy", "approve", copy=copy.pk, **common)
    call_command("decide_copy", "undo", copy=copy.pk, **common)
    call_command("decide_copy", "approve", copy=copy.pk, input="As I ask.", **common)
    made = Demonstration.objects.get(origin="swapped")
    assert (made.prompt.input, made.text, made.reviewed_by) == ("As I ask.", copy.text, rita)
    capsys.readouterr()
    call_command("swapped_copies", state="approved", **common)
    assert str(copy.pk) in capsys.readouterr().out
    with pytest.raises(CommandError, match="no swapped copy"):
        call_command("decide_copy", "undo", copy=project.pk, **common)


def test_a_run_that_was_killed_is_taken_up_again_and_proposes_nothing_twice(audit, ada, monkeypatch):
    """Killed within its second part: what that part wrote went with its transaction, and its lease lapses."""
    monkeypatch.setattr(swapping, "PART", 5)
    run = actions.propose_copies(audit=audit, by=ada, kind="gender")
    propose, parts_begun = swapped_copies.propose, []

    class Killed(BaseException):
        """Nothing of ours catches it, as nothing catches SIGKILL."""

    def until_killed(*given, **named):
        parts_begun.append(1)
        new = propose(*given, **named)
        if len(parts_begun) == 2:
            raise Killed
        return new

    monkeypatch.setattr(swapped_copies, "propose", until_killed)
    with pytest.raises(Killed):
        parts.run(run, swapping.do)
    monkeypatch.setattr(swapped_copies, "propose", propose)
    left = SwapRun.objects.get()
    assert (left.status, left.done) == (Status.RUNNING, 5)
    assert left.proposed == SwappedCopy.objects.count() <= 5
    assert not SwapRun.objects.waiting().exists()
    assert parts.run(SwapRun.objects.get(), swapping.do).done == 5  # its lease still holds
    SwapRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    for waiting in SwapRun.objects.waiting():
        parts.run(waiting, swapping.do)
    run.refresh_from_db()
    assert (run.status, run.attempt, run.done, run.proposed) == (Status.DONE, 2, 13, 12)
    assert SwappedCopy.objects.values("original").distinct().count() == SwappedCopy.objects.count() == 12


def test_the_card_of_live_data_counts_copies(copy, rita, ada):
    swapped_copies.approve(copy=copy, by=rita, **as_it_is(copy))
    said = "Swapped copies, which people approved: 1."
    for kind, there in {"demonstrations": True, "prompts": True, "preferences": False}.items():
        assert (said in card_of(copy.project, ada, kind)) is there, kind
    swapped_copies.undo(copy=copy, by=rita)
    assert "Swapped copies" not in card_of(copy.project, ada, "demonstrations")


def card_of(project, by, kind):
    made = exporting.start(project=project, kind=kind, format="hugging_face", by=by, ring=False)
    parts.run(made, job.do)
    with zipfile.ZipFile(made.path) as folder:
        return folder.read("README.md").decode()


@pytest.mark.postgres
def test_it_runs_on_postgresql(postgres_url, tmp_path):  # noqa: F811
    """The tests above once more, on the other database."""
    env = {**os.environ, "DATABASE_URL": postgres_url, "DATA_DIR": str(tmp_path), "SECRET_KEY": "x" * 50}
    chosen = "each_copy_once or where_another or undone or by_api or killed"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", chosen]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_prompt_says_what_it_is_a_copy_of_and_a_card_counts_copies(copy, rita, ada, client):
    made = swapped_copies.approve(copy=copy, by=rita, **as_it_is(copy))
    original, project = copy.original.prompt, copy.project
    client.force_login(ada)
    of_copy = client.get(reverse("prompt", args=[project.pk, made.pk])).content.decode()
    of_original = client.get(reverse("prompt", args=[project.pk, original.pk])).content.decode()
    assert reverse("prompt", args=[project.pk, original.pk]) in of_copy
    assert "Copied from" not in of_original
    assert "Copied to" not in of_copy
    assert reverse("prompt", args=[project.pk, made.pk]) in of_original
    swapped_copies.undo(copy=copy, by=rita)
    of_original = client.get(reverse("prompt", args=[project.pk, original.pk])).content.decode()
    assert reverse("swapped_copy", args=[project.pk, copy.pk]) in of_original
    assert "to decide" in of_original
    swapped_copies.approve(copy=copy, by=rita, **as_it_is(copy))
    version = actions.freeze(project=project, kind="demonstrations", by=ada)
    assert "Swapped copies, which people approved: 1" in taking_out.told(version)
