"""What a house's database is given and asked, in a process beside the server: House.scene starts it."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from io import StringIO
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command

from annotation.actions.deciding import mark_known
from annotation.actions.guidelines import write_guidelines
from annotation.actions.ranking import create_comparison, rank
from annotation.actions.swapped_copies import propose
from annotation.demo import loader
from annotation.models import (
    Adjudication,
    Candidate,
    Comparison,
    Demonstration,
    Gold,
    Membership,
    Project,
    Ranker,
    Ranking,
    Role,
    SwappedCopy,
)
from config.management.commands.serve import Command as Serve
from evaluation import scoring
from evaluation.models import Promotion, Review
from tests import factories, furnished, furnished_judging, furnished_training
from tests.browser.hostile import LINE, TEXT
from tests.evaluation import factories as judged
from tests.furnished import Page
from training.actions import freeze
from training.models import BaseModel

WORDS = ("question", "problem")  # of one model and of the other: what the test knows and no person could
ROLES = {"erin": Role.EXPERT, "rita": Role.REVIEWER, "ada": Role.ADMIN}


def first_start() -> dict[str, Any]:
    """What `make run` does before it starts its processes."""
    Serve().get_ready(load_demo=True)
    return {}


def _people() -> dict[str, User]:
    return {user.username: user for user in User.objects.filter(username__in=ROLES)}


def _project(name: str, **fields: Any) -> Project:
    people = _people()
    made = factories.project(created_by=people["ada"], name=name, **fields)
    for username, role in ROLES.items():
        Membership.objects.create(project=made, user=people[username], role=role)
    return made


def pages() -> dict[str, Any]:
    """Furnish the demo project and list every page of it, and of an empty project beside it."""
    demo, _made = loader.load()
    everywhere = furnished.furnish(demo, **_people())
    empty = factories.project(created_by=_people()["ada"], name="Nothing yet", sections=[])
    Membership.objects.create(project=empty, user=_people()["ada"], role=Role.ADMIN)
    found = [*furnished.plain_pages(demo), *everywhere, *furnished.empty_pages(empty)]
    return {"pages": [asdict(page) for page in found]}


def writing(name: str, prompts: int = 3) -> dict[str, Any]:
    """A project with prompts to write for."""
    project = _project(name)
    made = [factories.prompt(project) for _number in range(prompts)]
    return {"project": str(project.pk), "prompts": [str(prompt.pk) for prompt in made]}


def submitted(name: str) -> dict[str, Any]:
    """One response of Erin's waits for a reviewer; one prompt waits for a response."""
    project = _project(name)
    erin = _people()["erin"]
    waiting = factories.demonstration(factories.prompt(project), erin, status="submitted", version=1)
    other = factories.prompt(project)
    return {"project": str(project.pk), "demonstration": str(waiting.pk), "other": str(other.pk)}


def comparing(name: str, comparisons: int = 2) -> dict[str, Any]:
    project = _project(name)
    for _number in range(comparisons):
        factories.comparison(factories.prompt(project))
    return {"project": str(project.pk)}


def judging(name: str) -> dict[str, Any]:
    """Two prompts answered by two contestants, all four outputs up for blind review."""
    project = _project(name)
    base = BaseModel.objects.default()
    sft = judged.adapter(project, base_model=base)
    judged.held_out(project, 2)
    made = furnished_judging.evaluation(project, _people()["ada"], [None, sft], reviewed_prompts=2)
    contestants = [str(pk) for pk in made.contestants.values_list("pk", flat=True)]
    telling = [*contestants, str(sft.pk), str(sft.round.pk), sft.sha256, base.name, "contestant", "adapter"]
    return {"project": str(project.pk), "evaluation": str(made.pk), "telling": telling}


def workday(name: str) -> dict[str, Any]:
    """One of each kind of work for Erin: a prompt, a pair, a pair to correct, three answers, an output to score."""
    people = _people()
    project = _project(name)
    factories.prompt(project)
    prompt = factories.prompt(project, answers_needed=0)
    for texts in (["One pays $10.", "Two pays $20."], ["Three.", "Four."], ["Five.", "Six.", "Seven."]):
        factories.comparison(prompt, texts)
    judged.held_out(project, 1)
    furnished_judging.evaluation(project, people["ada"], [None], reviewed_prompts=1)
    return {"project": str(project.pk)}


def disputed(name: str, sentences: int = 0) -> dict[str, Any]:
    """Two comparisons on which Erin and Ada differ, and two with known answers to learn by."""
    people = _people()
    project = _project(name)
    prompt = factories.prompt(project, answers_needed=0)
    rest = " Nothing more is said of the deadline." * sentences
    texts = [[f"It has {at}.{rest}", f"It has no {at}.{rest}"] for at in range(4)]
    made = [factories.comparison(prompt, each, rankings_needed=2) for each in texts]
    orders = [[[str(each.pk)] for each in one.candidates.order_by("text")] for one in made]
    for one, order in zip(made[:2], orders, strict=False):
        rank(comparison=one, by=people["erin"], order=order, reason="It names the deadline.")
        rank(comparison=one, by=people["ada"], order=order[::-1], reason="It is shorter.")
    for one, order in zip(made[2:], orders[2:], strict=True):
        mark_known(comparison=one, by=people["ada"], order=order, explanation="It is dated.", for_training=True)
    erin = people["erin"].pk
    return {"project": str(project.pk), "disputed": [str(one.pk) for one in made[:2]], "erin": erin}


def swapped(name: str) -> dict[str, Any]:
    """Two swapped copies wait for a decision."""
    project = _project(name)
    for at in range(2):
        prompt = factories.prompt(project, instruction="Sum up.", input=f"She asks the landlord {at}.")
        propose([factories.demonstration(prompt, _people()["erin"], text="He wrote to her.")], "gender")
    return {"project": str(project.pk)}


def sampled(name: str, comparisons: int) -> dict[str, Any]:
    """Pairs as a sampling of two models leaves them: what the one wrote, and every string that would tell."""
    ada = _people()["ada"]
    project = _project(name)
    base = BaseModel.objects.default()
    adapter = judged.adapter(project, base_model=base)
    sampling = furnished_training.sampled(project, ada, adapter, "ranking", "succeeded")
    labels = ["base", f"adapter-{adapter.pk}"]
    for at in range(comparisons):
        answers = [
            (f"The {word} of matter {at} is answered.", label) for word, label in zip(WORDS, labels, strict=True)
        ]
        create_comparison(prompt=factories.prompt(project), candidates=answers, by=ada, source=str(sampling.pk))
    made = Comparison.objects.filter(project=project)
    candidates = Candidate.objects.filter(comparison__in=made).values_list("pk", flat=True)
    ids = [adapter.pk, adapter.round_id, sampling.pk, base.pk, *candidates]
    written = [form for pk in ids for form in (str(pk), pk.hex)]
    seeds = [str(seed) for seed in made.values_list("seed", flat=True)]
    telling = [
        *written,
        *seeds,
        labels[1],
        adapter.sha256[:12],
        base.name,
        base.weights_sha256[:12],
        "adapter",
        "sampling",
    ]
    return {"project": str(project.pk), "word": WORDS[0], "telling": telling}


def hostile() -> dict[str, Any]:
    """A project in which everything that anybody or a model can write tries to act."""
    people = _people()
    erin, ada = people["erin"], people["ada"]
    project = _project(
        LINE[:120],
        success_criteria=TEXT,
        instruction_template=f"{{instruction}}\n\n{{input}}\n{LINE}",
        sections=[LINE[:60], "Next step"],
        dated_section="Next step",
        rubric={"accuracy": {"1": LINE[:200]}},
    )
    Project.objects.filter(pk=project.pk).update(objective=TEXT)
    write_guidelines(project=project, text=f"# {LINE}\n\n{TEXT}", by=ada)
    written = {"instruction": LINE, "input": TEXT, "group": LINE[:200], "task_type": LINE[:80]}
    waiting = factories.prompt(project, external_id=LINE[:200], **written)
    submitted = factories.demonstration(factories.prompt(project, **written), erin, text=TEXT, status="submitted")
    sent_back = factories.demonstration(
        factories.prompt(project, **written), erin, text=TEXT, status="returned", note=TEXT, reviewed_by=people["rita"]
    )
    approved = factories.demonstration(factories.prompt(project, **written), erin, text=TEXT)
    comparison = factories.comparison(factories.prompt(project, **written), [TEXT, f"{TEXT} again"])
    sft = judged.adapter(project, base_model=BaseModel.objects.default())
    sft.round.note = LINE[:300]
    sft.round.status, sft.round.failure_message = "failed", TEXT
    sft.round.save()
    furnished_training.run_of(sft.round, log=TEXT, steps=3)
    version = freeze(kind="demonstrations", project=project, by=ada, description=LINE[:300])
    for _number in range(2):
        factories.prompt(project, split="evaluation", reference=TEXT, **written)
    open_ = furnished_judging.evaluation(project, ada, [None, sft], name=LINE[:120], text=TEXT, reviewed_prompts=0)
    furnished_judging.evaluation(project, ada, [None, sft], name="Blind", text=TEXT, reviewed_prompts=2)
    lease = scoring.next_to_score(project, erin)
    assert lease
    Promotion.objects.create(project=project, adapter=sft, reason=TEXT, promoted_by=ada)
    played = furnished_training.sampled(project, ada, sft, "playground", "succeeded", text=TEXT)
    checked = furnished_training.preflight(project, ada, version, token=TEXT)
    pk = str(project.pk)
    found = [
        *furnished.plain_pages(project),
        Page("write", [pk, str(waiting.pk)], "erin"),
        Page("write", [pk, str(sent_back.prompt_id)], "erin", "returned"),
        Page("write", [pk, str(approved.prompt_id)], "erin", "approved"),
        Page("approve", [pk, str(submitted.pk)], "rita"),
        Page("rank", [pk, str(comparison.pk)], "erin"),
        Page("score", [pk, str(lease.pk)], "erin"),
        Page("prompt", [pk, str(waiting.pk)]),
        Page("prompt_similar", [pk, str(waiting.pk)]),
        Page("dataset", [pk, str(version.pk)]),
        Page("round", [pk, str(sft.round.pk)]),
        Page("adapter", [pk, str(sft.pk)]),
        Page("preflight", [pk, str(checked.pk)]),
        Page("playground_result", [pk, str(played.pk)]),
        Page("evaluation", [pk, str(open_.pk)]),
        Page("evaluation_outputs", [pk, str(open_.pk)]),
    ]
    return {"pages": [asdict(page) for page in found]}


def texts_of(project: str) -> dict[str, Any]:
    """What is stored of what people wrote in a project."""
    rows = Demonstration.objects.filter(prompt__project_id=project).order_by("prompt__position")
    return {"texts": [{"status": row.status, "text": row.text, "version": row.version} for row in rows]}


def rankings_of(project: str) -> dict[str, Any]:
    rows = Ranking.objects.filter(comparison__prompt__project_id=project)
    fields = ("order", "all_bad", "strength", "chips", "reason")
    return {"rankings": [{name: getattr(row, name) for name in fields} for row in rows]}


def decisions_of(project: str) -> dict[str, Any]:
    """What reviewers decided, what is known, and who may rank."""
    decided = Adjudication.objects.filter(comparison__project_id=project)
    known = Gold.objects.filter(comparison__project_id=project, for_training=False)
    admitted = Ranker.objects.filter(project_id=project).exclude(admitted_at=None)
    return {
        "reasons": [each.reason for each in decided],
        "explanations": [each.explanation for each in known],
        "admitted": [each.user.username for each in admitted],
    }


def copies_of(project: str) -> dict[str, Any]:
    rows = SwappedCopy.objects.filter(project_id=project)
    return {"copies": [{"state": row.state, "text": row.text, "reason": row.reason} for row in rows]}


def reviews_of(project: str) -> dict[str, Any]:
    rows = Review.objects.filter(output__contestant__evaluation__project_id=project)
    scores = ("accuracy", "completeness", "conciseness", "adherence", "utility")
    return {"reviews": [[getattr(row, name) for name in scores] for row in rows]}


def sign_in_link(username: str, base_url: str) -> dict[str, Any]:
    printed = StringIO()
    call_command("sign_in_link", username, base_url=base_url, stdout=printed)
    return {"link": printed.getvalue().split()[-1]}


SCENES: dict[str, Callable[..., dict[str, Any]]] = {
    scene.__name__: scene
    for scene in (
        first_start,
        sign_in_link,
        pages,
        writing,
        submitted,
        comparing,
        judging,
        workday,
        disputed,
        swapped,
        sampled,
        hostile,
        texts_of,
        rankings_of,
        decisions_of,
        reviews_of,
        copies_of,
    )
}


def play() -> None:
    """For each line [name, arguments] one line with what the scene returns."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = SCENES[name](**arguments)
        except Exception:
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()
