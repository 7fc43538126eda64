"""What is found on the server behind DATABASE_URL, as JSON. Run as `python -m tests.annotation.search_on_server`."""

from __future__ import annotations

import json
from typing import Any

from tests.annotation.queue_race import set_up

TEXTS = {
    "lease": 'The leases of "Peachtree Crossing" end on 2/14/25; he’s at denise@example.org, file C:\\lease\\a-b.txt',
    "will": "Ein Testament für Jürgen, straße 5; $1,450 & 'quoted' | (not) <-> this:* word",
    "odd": "日本語のテキスト \u200b émigré e\u0301",
}
ASKED = [
    "lease", "LEASES", "eas", "le", '"peachtree crossing"', '"crossing peachtree"', '"peachtree cross"',
    "peachtree cross",
    "“Peachtree Crossing” ends", "jürgen", "2/14/25", "denise@example", "1,450", "case-will", "émigré",
    "", "???", '"', '""', '"unclosed testament', "' | & ! ( ) :* <->", "a:* OR b", "NEAR(lease, 2)", "{body}: x",
    "lease AND NOT will", "-lease", "lease*", "\\", "%s %(x)s", "x" * 5000, "'" * 300, "日本語のテキスト", "\ud800",
    "null\x00byte", "lease " * 50,
]  # fmt: skip


def found(project: Any) -> dict[str, list[str]]:
    from annotation import search

    return {
        asked.encode("unicode_escape").decode()[:60]: sorted(
            search.find(project.prompts.all(), project, asked).values_list("external_id", flat=True)
        )
        for asked in ASKED
    }


def fill(ada: Any) -> Any:
    from tests import factories

    project = factories.project(created_by=ada)
    other = factories.project(created_by=ada, name="Another")
    for name, text in TEXTS.items():
        factories.prompt(project, external_id=f"case-{name}", instruction="Summarise.", input=text, group="")
    factories.prompt(other, external_id="elsewhere", input=TEXTS["lease"])
    return project


def main() -> None:
    set_up()
    from django.contrib.auth.models import User

    from annotation import alike, search
    from annotation.models import Prompt
    from tests import factories

    project = fill(User.objects.create_user("ada"))
    first = found(project)
    search.FEW = 0
    Prompt.objects.filter(external_id="case-will").update(input="Nothing but a codicil.")
    changed = [search.find(project.prompts.all(), project, word).count() for word in ("testament", "codicil", "lease")]
    project.prompts.filter(external_id="case-lease").delete()
    left = found(project)["lease"]
    one, _other = (factories.prompt(project, external_id=name, input=f"{TEXTS['lease']} {name}") for name in "ab")
    like = [each.prompt.external_id for each in alike.to(one)]
    print(json.dumps({"found": first, "changed": changed, "left": left, "alike": like}))


if __name__ == "__main__":
    main()
