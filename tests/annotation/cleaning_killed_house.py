"""A cleaning run in a process of its own, with a real database behind DATABASE_URL. Run by test_cleaning_killed."""

from __future__ import annotations

import json
import os
import signal
import sys


def main(act: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotation import parts
    from annotation.actions import cleaning
    from annotation.cleaning_runs import cleanable, looking
    from annotation.models import CleaningRun, Finding, Membership
    from tests import factories

    cleanable.AT_ONCE = 10
    if act == "prepare":
        call_command("migrate", verbosity=0)
        ada = User.objects.create_user("ada")
        project = factories.project(created_by=ada)
        Membership.objects.create(project=project, user=ada, role="admin")
        for number in range(40):
            factories.prompt(project, input=f"Call a{number}@gmail.com.")
        cleaning.start(project=project, scopes=["prompts"], kinds=["email"], by=ada, ring=False)
    run = CleaningRun.objects.select_related("project").get()
    if act == "die":
        parts.run(
            run,
            lambda work: looking.do(work, lambda at: os.kill(os.getpid(), signal.SIGKILL) if at.done == 20 else None),
        )
    if act == "work":
        from datetime import timedelta

        from django.utils import timezone

        CleaningRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        parts.run(CleaningRun.objects.get(), looking.do)
        cleaning.decide_all(project=run.project, kind="email", act="confirm", by=User.objects.get())
    run.refresh_from_db()
    confirmed = Finding.objects.confirmed().count()
    print(json.dumps([run.status, run.done, run.found, Finding.objects.count(), confirmed]))


if __name__ == "__main__":
    main(sys.argv[1])
