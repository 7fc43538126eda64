"""The demo project: a small firm's intake notes, most of them summarised, some left for its people to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.actions.approving import send_back
from annotation.actions.importing import take_records
from annotation.actions.projects import create_project
from annotation.actions.ranking import create_comparison
from annotation.imports.files import read_rows
from annotation.imports.records import Mapping, Record, read_records
from annotation.imports.rows import Problem
from annotation.models import Demonstration, Membership, Project, Role, Split
from annotation.splits import Shares, fraction, split_for

FOLDER = Path(__file__).parent / "client_intake"
RECORDS = ("employment_consumer", "family_probate_business", "housing", "injury_insurance")
PEOPLE = {
    "erin": ("Erin", "Okafor", Role.EXPERT),
    "rita": ("Rita", "Lindqvist", Role.REVIEWER),
    "ada": ("Ada", "Moreau", Role.ADMIN),
}
NAME = "Client intake summaries"
OBJECTIVE = (
    "Turn a paralegal's consultation notes into a six-part summary in the firm's format, "
    "so that an attorney can prepare for the client in a minute."
)
SUCCESS_CRITERIA = """Four of five summaries are filed after a light edit at most.
All six headings are there, in order.
No fact, name, date or amount that is not in the note.
The next step carries its date whenever the note gives one."""
SECTIONS = ["Parties", "Jurisdiction", "Core dispute", "Key facts", "Remedies sought", "Next step"]
INSTRUCTION = "Summarise this client intake note in the firm's format."
TEMPLATE = """{instruction}

Write these six headings in this order, each followed by a colon: Parties, Jurisdiction, Core dispute, Key facts, \
Remedies sought, Next step. Put the key facts on two to five lines that start with "- " and every other part on one \
line. Use only what the note says.

Note:
{input}"""
RETURNED = "injury-029"
RETURN_NOTE = (
    "The facts are right. Two things before I approve it: the next step should say why only a limited release "
    "(a general one would end the $100,000 UM claim), and Remedies sought leaves out that she wants to keep the house."
)
SHARES = Shares(evaluation=0.26, validation=0.1)
UNANSWERED, SUBMITTED = 12, 8
SOURCE = "demo file"


def load() -> tuple[Project, bool]:
    """The demo project and whether it was made now. Called again it changes nothing."""
    people = {username: _person(username, *names) for username, (*names, _) in PEOPLE.items()}
    existing = Project.objects.filter(name=NAME, memberships__user=people["ada"]).first()
    if existing:
        return existing, False
    with transaction.atomic():
        return _make(people), True


def _person(username: str, first: str, last: str) -> User:
    user, created = User.objects.get_or_create(
        username=username,
        defaults={"first_name": first, "last_name": last, "is_staff": PEOPLE[username][2] == Role.ADMIN},
    )
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def _make(people: dict[str, User]) -> Project:
    project = create_project(
        by=people["ada"],
        guidelines=(FOLDER / "guidelines.md").read_text(encoding="utf-8"),
        name=NAME,
        objective=OBJECTIVE,
        success_criteria=SUCCESS_CRITERIA,
        instruction_template=TEMPLATE,
        sections=SECTIONS,
        dated_section="Next step",
    )
    for username, (*_, role) in PEOPLE.items():
        Membership.objects.get_or_create(project=project, user=people[username], defaults={"role": role})
    _take_records(project, people)
    _return_one(project, people["rita"])
    _make_comparisons(project, people["ada"])
    return project


def _records() -> Iterator[Record | Problem]:
    mapping = Mapping(
        {
            "external_id": "id",
            "group": "group",
            "task_type": "task_type",
            "input": "input",
            "response": "output",
        },
        INSTRUCTION,
    )
    for name in RECORDS:
        with (FOLDER / f"{name}.jsonl").open("rb") as file:
            yield from read_records(read_rows(file, "jsonl"), mapping)


def _take_records(project: Project, people: dict[str, User]) -> None:
    records = [record for record in _records() if isinstance(record, Record)]
    teaching = [record for record in records if split_for(record.group, SHARES) == Split.TRAIN]
    compared = {row["id"] for row in _comparison_rows()}
    chosen = sorted(
        (record.external_id for record in teaching if record.external_id not in {*compared, RETURNED}),
        key=lambda external_id: fraction(external_id, "demo"),
    )
    unanswered = set(chosen[:UNANSWERED])
    submitted = {RETURNED, *chosen[UNANSWERED : UNANSWERED + SUBMITTED]}

    def take(items: list[Record], responses: str) -> None:
        take_records(
            project=project,
            items=items,
            shares=SHARES,
            responses=responses,
            by=people["ada"],
            author=people["erin"],
            source=SOURCE,
        )

    take([r for r in records if r.external_id not in unanswered | submitted], "approved")
    take([r for r in records if r.external_id in submitted], "submitted")
    take([_without_response(r) for r in records if r.external_id in unanswered], "submitted")


def _without_response(record: Record) -> Record:
    return Record(**{**record.__dict__, "response": ""})


def _return_one(project: Project, reviewer: User) -> None:
    """One of the submitted responses went back to its author, with a note."""
    demonstration = Demonstration.objects.get(prompt__project=project, prompt__external_id=RETURNED)
    send_back(demonstration=demonstration, by=reviewer, version=demonstration.version, note=RETURN_NOTE)


def _comparison_rows() -> list[dict[str, Any]]:
    with (FOLDER / "comparisons.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _make_comparisons(project: Project, by: User) -> None:
    for number, row in enumerate(_comparison_rows(), start=1):
        create_comparison(
            prompt=project.prompts.get(external_id=row["id"]),
            candidates=[(text, SOURCE) for text in row["candidates"]],
            by=by,
            source=SOURCE,
            seed=number,
        )
