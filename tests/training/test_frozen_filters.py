"""What a filter takes, the hash that depends on nothing but the content, and the rows that can be looked up."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation import scored
from annotation.models import Demonstration, Guidelines, Project, Revision
from tests import factories
from training import actions
from training.freezing import choosing, comparing, datasets, filters, index
from training.freezing.filters import Filter
from training.freezing.row import Row, row_sha256
from training.models import DatasetVersion, VersionPerson, VersionRow

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)


def row_of(number: int, text: str, group: str) -> Row:
    content = {"prompt": datasets.said("user", f"{number} {text}"), "completion": datasets.said("assistant", text)}
    name = str(random.getrandbits(64))  # what a database calls it differs from one to the next
    return Row(name, name + "p", group, "train", "", None, frozenset({random.getrandbits(8)}), content)


@given(st.lists(st.tuples(TEXT, st.sampled_from("abcd")), min_size=1, max_size=12), st.randoms())
def test_it_hashes_the_content_alone(texts: list[tuple[str, str]], shuffled: random.Random) -> None:
    first = [row_of(number, *each) for number, each in enumerate(texts)]
    again = [row_of(number, *each) for number, each in enumerate(texts)]
    shuffled.shuffle(again)
    one, other = datasets.divide(first), datasets.divide(again)
    assert datasets.content_sha256("demonstrations", *one) == datasets.content_sha256("demonstrations", *other)
    changed = [*again[1:], row_of(99, "something else", "a")]
    assert datasets.content_sha256("demonstrations", *datasets.divide(changed)) != datasets.content_sha256(
        "demonstrations", *one
    )


def test_it_reads_back_what_it_wrote() -> None:
    chosen = Filter(agreement=0.8, guidelines=2, people=(3, 1), since=date(2025, 3, 1), task_types=("intake",))
    told = json.loads(json.dumps(chosen.as_json()))
    assert filters.of_json(told) == filters.of_json(filters.of_json(told).as_json())
    assert filters.sentence(chosen, {1: "Ada", 3: "Erin"}) == (
        "At least 80 % agreement where several people judged; guidelines version 2 or later; by Ada or Erin alone; "
        "task type intake; made since 1 March 2025"
    )
    assert filters.sentence(Filter()) == "Everything that may be taught"
    with pytest.raises(ValueError, match="colour"):
        filters.of_json({"colour": "red"})


@pytest.mark.django_db
def test_it_takes_what_the_filter_asks_for(project: Project, ada: Any, erin: Any, eve: Any) -> None:
    newer = Guidelines.objects.create(project=project, version=2, text="Shorter.", created_by=ada)
    old = timezone.now() - timedelta(days=40)
    by_erin = factories.demonstration(factories.prompt(project, task_type="intake"), erin, reviewed_at=old)
    by_eve = factories.demonstration(factories.prompt(project, task_type="letter"), eve, guidelines=newer)
    waiting = factories.demonstration(factories.prompt(project), eve, status="submitted")
    lately = timezone.localdate() - timedelta(days=3)

    def taken(**asked: Any) -> set[str]:
        train, validation = choosing.rows_to_freeze(project, "demonstrations", "", Filter(**asked))
        return {row.id for row in [*train, *validation]}

    assert taken() == {str(by_erin.pk), str(by_eve.pk)}
    assert taken(status="submitted") == {str(by_erin.pk), str(by_eve.pk), str(waiting.pk)}
    assert taken(task_types=("intake",)) == taken(people=(erin.pk,)) == {str(by_erin.pk)}
    assert taken(guidelines=2) == taken(since=lately) == {str(by_eve.pk)}
    assert taken(until=lately) == {str(by_erin.pk)}
    assert taken(guidelines=1, guidelines_which="only") == set()
    with pytest.raises(ValidationError, match="No row meets this filter"):
        actions.freeze(project=project, kind="demonstrations", by=ada, chosen=Filter(task_types=("none",)))


@pytest.mark.django_db
def test_it_keeps_filter_and_revisions_and_finds_rows_again(project: Project, ada: Any, erin: Any) -> None:
    made = factories.demonstration(factories.prompt(project, task_type="intake"), erin)
    Revision.objects.create(demonstration=made, text="Early", status="submitted", created_by=erin)
    last = Revision.objects.create(demonstration=made, text=made.text, status="approved", created_by=ada)
    factories.demonstration(factories.prompt(project, task_type="letter"), erin)
    version = actions.freeze(project=project, kind="demonstrations", by=ada, chosen=Filter(task_types=("intake",)))
    manifest = json.loads((version.directory / "manifest.json").read_text())
    assert manifest["filter"] == version.filter == {"task_types": ["intake"]}
    assert manifest["rows"]["train"][0]["revisions"] == [str(last.pk)]
    assert version.description == manifest["filter_in_words"] == "Task type intake"
    (row,) = VersionRow.objects.filter(version=version)
    assert (row.demonstration, row.people, row.revisions) == (made.pk, [erin.pk], [str(last.pk)])
    assert index.at(version, row)["id"] == str(made.pk)
    assert row_sha256(index.at(version, row)) == row.sha256
    assert VersionPerson.objects.get(version=version, person=erin).count == 1


@pytest.mark.django_db
def test_the_database_refuses_to_change_what_is_frozen(dataset: DatasetVersion) -> None:
    for field, value in {"sha256": "0" * 64, "number": 7, "filter": {"agreement": 1}, "train_rows": 1}.items():
        with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
            DatasetVersion.objects.filter(pk=dataset.pk).update(**{field: value})
    DatasetVersion.objects.filter(pk=dataset.pk).update(description="Said better")


@pytest.mark.django_db
def test_page_command_and_api_say_how_many_before_freezing(
    project: Project, ada: Any, erin: Any, sign_in: Any, capsys: Any
) -> None:
    factories.demonstration(factories.prompt(project, task_type="intake"), erin)
    factories.demonstration(factories.prompt(project, task_type="letter"), erin)
    client = sign_in(ada)
    url = reverse("datasets", args=[project.pk])
    asked = {"kind": "demonstrations", "task_types": ["intake"], "people": [str(erin.pk)], "look": "1"}
    shown = client.post(url, asked)
    assert b"1 row:" in shown.content
    assert b"By Erin Expert alone; task type intake" in shown.content
    told = client.post(
        reverse("api_datasets", args=[project.pk]),
        {"kind": "demonstrations", "filter": {"task_types": ["intake"]}, "preview": True},
        content_type="application/json",
    )
    assert told.json() == {"train_rows": 1, "validation_rows": 0, "filter_in_words": "Task type intake"}
    call_command("freeze", "--project", str(project.pk), "--kind", "demonstrations", "--by", "ada", "--preview")
    assert "1 row to learn from, 1 to check with" in capsys.readouterr().out
    assert not project.dataset_versions.exists()
    made = client.post(url, {**asked, "look": []}, follow=True)
    assert b"By Erin Expert alone; task type intake" in made.content


@pytest.mark.django_db
def test_it_says_how_good_the_rows_are(project: Project, ada: Any, erin: Any, eve: Any) -> None:
    same = {"instruction": "Summarise.", "input": "The roof leaks.", "group": "roof"}
    for person in (erin, eve):
        factories.demonstration(factories.prompt(project, **same), person, text="Repair it.")
    factories.demonstration(factories.prompt(project, group="cellar"), erin)
    version = actions.freeze(project=project, kind="demonstrations", by=ada)
    told = version.statistics["quality"]
    assert (told["repeated"], told["asked_again"], told["tokens"]) == (1, 1, None)
    assert told["by_group"] == [{"group": "roof", "rows": 2}, {"group": "cellar", "rows": 1}]
    assert told["by_person"][0] == {"person": erin.pk, "rows": 2}


@pytest.mark.django_db
def test_it_compares_two_versions_word_by_word_and_follows_texts(
    project: Project, ada: Any, erin: Any, sign_in: Any, capsys: Any
) -> None:
    made = [factories.demonstration(factories.prompt(project, group="one"), erin, text=f"Repair {n}.") for n in "abc"]
    first = actions.freeze(project=project, kind="demonstrations", by=ada)
    made[0].delete()
    Demonstration.objects.filter(pk=made[1].pk).update(text="Repair b at once.")
    factories.demonstration(factories.prompt(project, group="one"), erin, text="New.")
    second = actions.freeze(project=project, kind="demonstrations", by=ada)
    assert comparing.counts(first, second) == {"added": 1, "removed": 1, "changed": 1, "moved": 0}
    (changed,) = comparing.differences(first, second, "changed", 0, 10)
    assert ("added", " at once") in [(piece.kind, piece.text) for piece in dict(changed.texts)["Answered"]]
    client = sign_in(ada)
    asked = {"first": str(first.pk), "second": str(second.pk), "kind": "changed"}
    page = client.get(reverse("dataset_comparison", args=[project.pk]), asked)
    assert b"<ins> at once</ins>" in page.content
    told = client.get(reverse("api_dataset_comparison", args=[project.pk]), asked).json()
    assert (told["counts"]["changed"], len(told["rows"])) == (1, 1)
    named = ["--project", str(project.pk)]
    which = ["--kind", "demonstrations", "--first", "1", "--second", "2"]
    call_command("compare_datasets", *named, *which, "--show", "changed")
    assert "Repair b[+ at once+]." in capsys.readouterr().out
    prompt = str(made[2].prompt_id)
    uses = client.get(reverse("api_lineage", args=[project.pk, "prompt", prompt])).json()["uses"]
    assert [use["name"] for use in uses] == ["Demonstrations v2", "Demonstrations v1"]
    assert b"Demonstrations v2" in client.get(reverse("lineage", args=[project.pk, "prompt", prompt])).content
    call_command("show_lineage", *named, "--prompt", prompt)
    assert "Demonstrations v1: 1 row; no round; no adapter" in capsys.readouterr().out


@pytest.fixture
def graded(project: Project, ada: Any, erin: Any) -> dict[str, int]:
    """Responses from good to bad, each with its quality."""
    kept = {"reviewed_by": ada}
    for number in range(4):
        factories.demonstration(factories.prompt(project, group=f"good {number}"), erin, text=f"Good {number}.", **kept)
    for number in range(4):
        prompt = factories.prompt(project, group=f"own {number}")
        factories.demonstration(prompt, erin, text=f"Own {number}.", reviewed_by=erin)
    aside = factories.prompt(project, group="aside", split="validation")
    factories.demonstration(aside, erin, text="Aside.", reviewed_by=erin)
    pks = list(project.demonstrations.values_list("pk", flat=True))
    return {str(pk): found.score for pk, found in scored.of_many(project, pks)}


@pytest.mark.django_db
def test_quality_chooses_rows(project: Project, ada: Any, graded: dict[str, int], sign_in: Any, capsys: Any) -> None:
    good = {row for row, score in graded.items() if score == 100}
    assert len(good) == 4
    everything = actions.freeze(project=project, kind="demonstrations", by=ada)
    assert dict(VersionRow.objects.filter(version=everything).values_list("row", "score")) == graded
    half = actions.freeze(project=project, kind="demonstrations", by=ada, chosen=Filter(best_share=0.5))
    assert {row["id"] for row in datasets.training_rows(half)} == good
    assert datasets.validation_rows(half) == datasets.validation_rows(everything)
    assert half.description == "Of the rows to learn from the best half by quality"
    assert half.filter == {"best_share": 0.5}
    assert half.statistics["quality"]["scores"] == {"lowest": min(graded.values()), "median": 100, "highest": 100}
    again = actions.freeze(project=project, kind="demonstrations", by=ada, chosen=Filter(best_share=0.5))
    assert (again.pk, again.is_new, again.sha256) == (half.pk, False, half.sha256)
    client, url = sign_in(ada), reverse("datasets", args=[project.pk])
    looked = client.post(url, {"kind": "demonstrations", "quality": "90", "best_share": "50", "look": "1"})
    assert b"Quality of at least 90; of the rows to learn from the best half by quality" in looked.content
    refused = client.post(url, {"kind": "corpus", "quality": "90", "look": "1"})
    assert (refused.status_code, b"Only responses have a quality" in refused.content) == (422, True)
    sent = {"kind": "demonstrations", "filter": {"quality": 90}}
    made = client.post(reverse("api_datasets", args=[project.pk]), sent, content_type="application/json").json()
    assert made["filter_in_words"] == "Quality of at least 90"
    assert {row["id"] for row in datasets.rows_of(project.dataset_versions.get(pk=made["id"]))} == good
    named = ["--project", str(project.pk), "--kind", "demonstrations", "--by", "ada", "--preview"]
    call_command("freeze", *named, "--best-share", "0.25")
    assert "2 rows to learn from, 1 to check with" in capsys.readouterr().out
    with pytest.raises(CommandError, match="from 0 to 100"):
        call_command("freeze", *named, "--quality", "101")
    assert b"100 of 100 in the middle" in client.get(reverse("dataset", args=[project.pk, half.pk])).content


@pytest.mark.django_db
def test_scores_of_many_take_few_queries(project: Project, graded: dict[str, int]) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert len(dict(scored.of_many(project, [UUID(pk) for pk in graded]))) == len(graded)
    assert len(asked) <= 7
