"""Pages of cleaning with something on each of them: a run that is done, findings in every state, a glossary."""

from __future__ import annotations

from django.contrib.auth.models import User

from annotation import parts
from annotation.actions import cleaning
from annotation.cleaning import KINDS
from annotation.cleaning_runs import looking
from annotation.models import Finding, Project, Scope
from tests import factories
from tests.furnished_work import Page

NOTE = """Intake by phone, 4 March 2025. Denise Okafor (denise.okafor@gmail.com, (404) 688-2231, SSN 219-09-9990)
moved out of 118 Peachtree Crossing Lane on 14 February 2025 and gave the keys to the lessor's assistant, Mr Tobias
Feldmann.

The lessor kept the whole deposit of $1,450 and sent no list. She has photographs of every room, taken on the morning
of the move, and a text message in which Mr Feldmann writes that “everything looks fine, thank you”. She asked twice in
writing for the deposit; both letters came back unopened. File KL-20417. She wants the deposit and, if the statute
allows it, three times the amount.\u200b Call her after five on weekdays; her number at work is (404) 688-9915."""
ANSWER = """Sure! Here is a summary of the note:

Parties: Denise Okafor (tenant); the lessor, represented by Mr Tobias Feldmann
Core dispute: The deposit of $1,450 was kept without an itemised list.
Key facts: moved out on 14 February 2025; two letters came back unopened; denise.okafor@gmail.com
Next step: Send the demand letter by 21 March 2025.

I hope this helps! Let me know if you would like anything changed."""


def cleaned(project: Project, pk: str, erin: User, rita: User, ada: User) -> list[Page]:
    variants = ["lessor", "property owner"]
    cleaning.add_term(project=project, preferred="Landlord", variants=variants, note="As the statute has it.", by=ada)
    cleaning.add_pattern(project=project, name="File number", expression=r"KL-\d{4,6}", by=ada)
    prompt = factories.prompt(project, input=NOTE, group="okafor")
    factories.prompt(project, input=NOTE, group="okafor")
    factories.demonstration(prompt, erin, text=ANSWER)
    factories.comparison(prompt, [ANSWER, "Write to denise.okafor@gmail.com and"])
    run = cleaning.start(project=project, scopes=Scope.values, kinds=list(KINDS), by=ada, ring=False)
    parts.run(run, looking.do)
    bulk = cleaning.decide_all(project=project, kind="chatter", act="dismiss", by=rita)
    cleaning.undo_all(bulk=bulk, by=rita)
    cleaning.decide_all(project=project, kind="term", act="confirm", by=rita)
    found = Finding.objects.filter(prompt=prompt)
    confirmed = cleaning.decide(finding=found.filter(kind="phone")[0], act="confirm", by=erin)
    shown = {
        "email": found.filter(kind="email")[0],
        "hidden": found.filter(kind="characters")[0],
        "confirmed": confirmed,
        "double": Finding.objects.filter(kind="duplicate")[0],
    }
    return [
        Page("cleaning", [pk]),
        Page("cleaning", [pk], "erin", "expert"),
        Page("findings", [pk]),
        Page("glossary", [pk]),
        *(Page("finding", [pk, str(each.pk)], "rita", state) for state, each in shown.items()),
        Page("finding", [pk, str(shown["email"].pk)], "erin", "expert"),
    ]
