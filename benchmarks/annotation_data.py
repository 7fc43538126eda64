"""The database that benchmarks/annotation.py asks. `python annotation_data.py PROMPTS PEOPLE` fills that of DATA_DIR.

Prints the projects, and the session keys of everybody, a line each.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SMALL = 1_000
TEMPLATE = 1_000  # rows that are made one by one; the others are copies of them
ANSWER = "Parties: Denise Okafor, tenant; Peachtree Crossing LLC, landlord. " * 11


def prepare() -> None:
    """Django, over tables that are empty and fast to fill: nobody minds if these are lost."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA cache_size=-800000")


def settle() -> None:
    """As a database is that has been in use for a while."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def fill(size: int, people: int) -> None:
    prepare()
    from django.contrib.auth.models import User

    users = [User.objects.create_user(f"person-{number}") for number in range(people)]
    ada, eve = User.objects.create_user("ada"), User.objects.create_user("eve")
    for name, count in (("large", size), ("small", SMALL), ("crowd", max(10 * SMALL, 400 * people))):
        project = _project(name, [ada, eve, *users])
        _prompts(project, count, eve)
        print(f"{name} {project.pk}")
    for user in [ada, *users]:
        print(f"{user.username} {session_of(user)}")
    settle()


def _project(name: str, members: list[Any]) -> Any:
    from annotation.models import Guidelines, Membership, Project

    ada = members[0]
    project = Project.objects.create(name=name, objective="Speed", created_by=ada, sections=["Parties"])
    Guidelines.objects.create(project=project, version=1, text="Write **one** heading.\n" * 40, created_by=ada)
    Membership.objects.bulk_create(
        Membership(project=project, user=user, role="admin" if user is ada else "expert") for user in members
    )
    return project


def _prompts(project: Any, count: int, author: Any) -> None:
    """Nine of ten answered and approved, but for the crowd, who find all of them open; each tenth has a comparison."""
    from django.db import transaction
    from django.utils import timezone

    from annotation.models import Candidate, Comparison, Demonstration, Prompt

    crowd, now = project.name == "crowd", timezone.now()
    text = " ".join(f"word{number % 97}" for number in range(50))
    prompts = [
        Prompt(
            project=project,
            position=number,
            group=f"matter-{number}",
            task_type=("wills", "leases", "torts")[number % 3],
            instruction="Summarise this note.",
            input=f"{number} {text}",
            text_sha256=secrets.token_hex(32),
            answers_done=int(not crowd and number % 10 != 0),
        )
        for number in range(min(count, TEMPLATE))
    ]
    Prompt.objects.bulk_create(prompts, batch_size=500)
    Demonstration.objects.bulk_create(
        [
            Demonstration(prompt=each, author=author, text=ANSWER, status="approved", submitted_at=now, reviewed_at=now)
            for each in prompts
            if each.answers_done
        ],
        batch_size=500,
    )
    comparisons = [Comparison(prompt=each, seed=each.position) for each in prompts[::10]]
    Comparison.objects.bulk_create(comparisons)
    Candidate.objects.bulk_create(
        Candidate(comparison=each, text=ANSWER, source=s) for each in comparisons for s in "xy"
    )
    for copy in range(1, -(-count // TEMPLATE)):
        with transaction.atomic():
            _copy(project, copy)


def _copy(project: Any, number: int) -> None:
    """The template once more: ids that only differ in their beginning keep what belongs together together."""
    from django.apps import apps
    from django.db import connection

    start = f"{number:08x}"

    def copied(table: str, where: str, **changed: str) -> None:
        model = next(each for each in apps.get_models() if each._meta.db_table == table)
        columns = [field.column for field in model._meta.concrete_fields if not field.generated]
        with connection.cursor() as cursor:
            values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
            names = ", ".join(f'"{name}"' for name in columns)
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE {where}")  # noqa: S608

    def moved(column: str) -> str:
        return f"'{start}' || substr({column}, 9)"

    template = f"project_id = '{project.pk.hex}' AND "
    first = "id IN (SELECT id FROM annotation_prompt WHERE project_id = '{}' AND position < {})"
    of_template = "prompt_" + first.format(project.pk.hex, TEMPLATE)
    copied(
        "annotation_prompt",
        template + f"position < {TEMPLATE}",
        id=moved("id"),
        position=f"position + {number * TEMPLATE}",
        group=f"'matter-' || (position + {number * TEMPLATE})",
    )
    copied("annotation_demonstration", template + of_template, id=moved("id"), prompt_id=moved("prompt_id"))
    inner = f"SELECT id FROM annotation_comparison WHERE {template}{of_template}"  # noqa: S608
    copied("annotation_comparison", template + of_template, id=moved("id"), prompt_id=moved("prompt_id"))
    copied("annotation_candidate", f"comparison_id IN ({inner})", id=moved("id"), comparison_id=moved("comparison_id"))


def session_of(user: Any) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session.update({SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"})
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    assert session.session_key
    return session.session_key


if __name__ == "__main__":
    fill(int(sys.argv[1]), int(sys.argv[2]))
