from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from knox.models import AuthToken

from annotation import parts, queues
from annotation.actions import assigning
from annotation.exports import job
from annotation.models import Demonstration, Event, Import, Membership, Project, Ranking, Role, SignInLink
from tests import factories

JSON = "application/json"


def program(user: User) -> Client:
    """A script that holds the user's token."""
    _, token = AuthToken.objects.create(user=user)
    return Client(headers={"Authorization": f"Bearer {token}"})


def url(project: Project, rest: str = "") -> str:
    return f"/api/v1/projects/{project.pk}/{rest}"


def post(client: Client, path: str, data: Any, expect: int = 201) -> Any:
    response = client.post(path, json.dumps(data), content_type=JSON)
    assert response.status_code == expect, response.content
    return response.json()


def get(client: Client, path: str) -> Any:
    response = client.get(path)
    assert response.status_code == 200, response.content
    return response.json()


def test_it_has_a_schema_without_warnings(db) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=StringIO())


def test_it_asks_programs_to_sign_in(client: Client, project: Project) -> None:
    response = client.get(url(project))
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert Client(headers={"Authorization": "Bearer nonsense"}).get(url(project)).status_code == 401


# --- Projects, members, guidelines --------------------------------------------------------------------------


def test_it_lists_only_projects_of_ones_own(project: Project, oscar: User, erin: User) -> None:
    assert [each["name"] for each in get(program(erin), "/api/v1/projects/")["results"]] == ["Client intake summaries"]
    assert [each["name"] for each in get(program(oscar), "/api/v1/projects/")["results"]] == ["Another project"]


def test_it_makes_and_changes_a_project(ada: User, erin: User) -> None:
    made = post(
        program(ada),
        "/api/v1/projects/",
        {"name": "Letters", "objective": "x", "sections": ["A", "B"], "dated_section": "b", "guidelines": "Be kind."},
    )
    assert (made["dated_section"], made["role"]) == ("B", "admin")
    project = Project.objects.get(pk=made["id"])
    assert project.current_guidelines().text == "Be kind."  # type: ignore[union-attr]
    data = {"rubric": {"accuracy": {"1": "Hopeless"}}}
    changed = program(ada).patch(url(project), json.dumps(data), content_type=JSON).json()
    assert changed["rubric"]["accuracy"]["1"] == "Hopeless"
    assert changed["rubric"]["utility"]["0"]
    assert Event.objects.filter(verb="changed the settings").exists()
    post(program(erin), "/api/v1/projects/", {"name": "x", "objective": "y"}, expect=403)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"instruction_template": "{who}"}, "instruction_template"),
        ({"sections": ["A", "a"]}, "sections"),
        ({"sections": "A"}, "sections"),
        ({"dated_section": "Nowhere"}, "dated_section"),
        ({"sections": ["Only"]}, "dated_section"),
        ({"rubric": {"charm": {}}}, "rubric"),
        ({"rubric": {"accuracy": {"9": "x"}}}, "rubric"),
        ({"rubric": {"accuracy": {"1": " "}}}, "rubric"),
        ({"rankings_per_comparison": 0}, "rankings_per_comparison"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_it_says_which_field_of_a_project_is_wrong(project: Project, ada: User, data: dict, field: str) -> None:
    response = program(ada).patch(url(project), json.dumps(data), content_type=JSON)
    assert response.status_code == 400
    assert list(response.json()) == [field]


def test_it_manages_members(project: Project, ada: User, oscar: User) -> None:
    client = program(ada)
    assert post(client, url(project, "members/"), {"username": "oscar", "role": "expert"})["sign_in_link"] == ""
    new = post(client, url(project, "members/"), {"username": "nora", "name": "Nora Nurse", "role": "expert"})
    assert "/sign-in/" in new["sign_in_link"]
    post(client, url(project, "members/"), {"username": "oscar", "role": "expert"}, expect=409)
    post(client, url(project, "members/"), {"username": "zed", "role": "expert"}, expect=400)
    member = url(project, f"members/{new['id']}/")
    assert client.patch(member, json.dumps({"role": "reviewer"}), content_type=JSON).json()["role"] == "reviewer"
    assert client.delete(member).status_code == 204
    admin = project.memberships.get(user=ada)
    assert client.delete(url(project, f"members/{admin.pk}/")).status_code == 409
    assert len(get(client, url(project, "members/"))) == 5


def test_it_makes_a_new_link_for_a_member(project: Project, ada: User, erin: User) -> None:
    path = f"members/{project.memberships.get(user=erin).pk}/link/"
    first, second = (post(program(ada), url(project, path), {})["sign_in_link"] for _ in range(2))
    assert [Client().get(link).status_code for link in (first, second)] == [410, 200]
    assert first.startswith("http://testserver/sign-in/")
    made = Event.objects.filter(verb="made a sign-in link", actor=ada, project=project, object_id=str(erin.pk))
    assert made.count() == 2


def test_it_makes_no_link_into_what_the_admin_may_not_do(project: Project, ada: User, oscar: User, erin: User) -> None:
    other = oscar.memberships.get().project
    for user in (ada, erin):  # ada runs the installation, erin works in a project of others too
        membership = Membership.objects.create(project=other, user=user, role=Role.EXPERT)
        refused = post(program(oscar), url(other, f"members/{membership.pk}/link/"), {}, expect=403)
        assert "a link would open that too" in refused["detail"]
    foreign = project.memberships.get(user=erin)
    post(program(oscar), url(other, f"members/{foreign.pk}/link/"), {}, expect=404)
    assert not SignInLink.objects.exists()


def test_it_writes_guidelines(project: Project, ada: User, erin: User) -> None:
    assert post(program(ada), url(project, "guidelines/"), {"text": "Seven."})["version"] == 2
    assert [each["version"] for each in get(program(erin), url(project, "guidelines/"))] == [2, 1]


# --- Prompts ------------------------------------------------------------------------------------------------


def test_it_takes_a_thousand_prompts_at_once(project: Project, ada: User) -> None:
    prompts = [{"external_id": str(n), "instruction": f"Do {n}."} for n in range(1000)]
    counts = post(program(ada), url(project, "prompts/"), {"prompts": prompts})
    assert (counts["new"], counts["known"]) == (1000, 0)
    assert post(program(ada), url(project, "prompts/"), {"prompts": prompts})["known"] == 1000
    too_many = {"prompts": [*prompts, {"instruction": "One more."}]}
    assert "prompts" in post(program(ada), url(project, "prompts/"), too_many, expect=400)


def test_it_takes_prompts_all_or_none(project: Project, ada: User) -> None:
    prompts = [{"external_id": "a", "instruction": "x"}, {"external_id": "a", "instruction": "y"}]
    answer = post(program(ada), url(project, "prompts/"), {"prompts": prompts}, expect=400)
    assert answer == {"prompts": {"1": ["The id “a” is the same as on line 1."]}}
    assert not project.prompts.exists()


@pytest.mark.parametrize("bad", [{}, {"instruction": "a\x00"}, {"instruction": "\ud800"}, {"instruction": ["x"]}, "x"])
def test_it_refuses_prompts_that_are_no_texts(project: Project, ada: User, bad: Any) -> None:
    post(program(ada), url(project, "prompts/"), {"prompts": [bad]}, expect=400)


def test_it_takes_when_prompts_come_and_how_many_answers_they_need(project: Project, ada: User) -> None:
    prompts = [{"instruction": "x", "priority": 1, "answers_needed": 2}, {"instruction": "y"}]
    nobody_held_out = {"evaluation_share": 0, "validation_share": 0}
    post(program(ada), url(project, "prompts/"), {"prompts": prompts, **nobody_held_out})
    listed = get(program(ada), url(project, "prompts/"))["results"]
    assert [(each["priority"], each["answers_needed"]) for each in listed] == [(1, 2), (0, 1)]
    bad = [{"instruction": "z", "priority": 7, "answers_needed": 0}]
    refused = post(program(ada), url(project, "prompts/"), {"prompts": bad}, expect=400)
    assert refused["prompts"]["0"].keys() == {"priority", "answers_needed"}


def test_it_keeps_splits_that_are_named_and_hashes_the_rest(project: Project, ada: User) -> None:
    prompts = [{"instruction": "x", "split": "evaluation", "response": "r"}, {"instruction": "y", "response": "s"}]
    data = {"prompts": prompts, "evaluation_share": 0, "validation_share": 0, "responses": "approved"}
    post(program(ada), url(project, "prompts/"), data)
    assert list(project.prompts.order_by("position").values_list("split", "reference")) == [
        ("evaluation", "r"),
        ("train", ""),
    ]


def test_it_filters_and_pages_prompts(project: Project, erin: User, ada: User) -> None:
    factories.demonstration(factories.prompt(project, external_id="done"), erin)
    factories.prompt(project, external_id="held", split="evaluation")
    factories.prompt(project, external_id="open")
    client = program(ada)

    def ids(query: str) -> list[str]:
        return [each["external_id"] for each in get(client, url(project, f"prompts/{query}"))["results"]]

    assert ids("") == ["done", "held", "open"]
    assert ids("?split=evaluation") == ["held"]
    assert ids("?status=approved") == ["done"]
    assert ids("?status=none") == ["held", "open"]
    first = get(client, url(project, "prompts/?page_size=2"))
    assert [each["external_id"] for each in get(client, first["next"])["results"]] == ["open"]
    assert client.get(url(project, "prompts/?status=nonsense")).status_code == 400


# --- Demonstrations -----------------------------------------------------------------------------------------


def test_it_submits_and_approves_a_response(project: Project, erin: User, rita: User) -> None:
    prompt = factories.prompt(project)
    made = post(program(erin), url(project, "demonstrations/"), {"prompt": str(prompt.pk), "text": "Mine."})
    assert (made["status"], made["author"]) == ("submitted", "erin")
    path = url(project, f"demonstrations/{made['id']}/")
    post(program(erin), f"{path}approve/", {"version": made["version"]}, expect=403)
    post(program(rita), f"{path}approve/", {"version": 99}, expect=409)
    done = post(program(rita), f"{path}approve/", {"version": made["version"], "text": "Better."}, expect=200)
    assert (done["status"], done["text"], done["reviewed_by"]) == ("approved", "Better.", "rita")
    post(program(rita), f"{path}return/", {"version": done["version"], "note": "Too late."}, expect=409)


def test_it_returns_a_response_with_a_note(project: Project, erin: User, rita: User) -> None:
    one = factories.demonstration(factories.prompt(project), erin, status="submitted", version=1)
    path = url(project, f"demonstrations/{one.pk}/return/")
    post(program(rita), path, {"version": 1}, expect=400)
    post(program(rita), path, {"version": 1, "note": "Which county?"}, expect=200)
    one.refresh_from_db()
    assert (one.status, one.note) == ("returned", "Which county?")


def test_it_refuses_responses_to_prompts_that_are_not_to_be_taught(project: Project, erin: User, oscar: User) -> None:
    held = factories.prompt(project, split="evaluation")
    foreign = factories.prompt(oscar.memberships.get().project)
    for prompt in (held, foreign):
        answer = post(
            program(erin), url(project, "demonstrations/"), {"prompt": str(prompt.pk), "text": "x"}, expect=400
        )
        assert list(answer) == ["prompt"]
    assert not Demonstration.objects.exists()


def test_it_shows_experts_their_own_responses_only(project: Project, erin: User, eve: User, rita: User) -> None:
    factories.demonstration(factories.prompt(project), erin)
    factories.demonstration(factories.prompt(project), eve)
    assert [each["author"] for each in get(program(erin), url(project, "demonstrations/"))["results"]] == ["erin"]
    assert len(get(program(rita), url(project, "demonstrations/"))["results"]) == 2
    assert len(get(program(rita), url(project, "demonstrations/?author=eve"))["results"]) == 1


def test_it_keeps_a_draft_to_its_author(project: Project, erin: User, rita: User) -> None:
    factories.demonstration(factories.prompt(project), erin, status="draft")
    assert len(get(program(erin), url(project, "demonstrations/"))["results"]) == 1
    assert get(program(rita), url(project, "demonstrations/?status=draft"))["results"] == []


# --- Comparisons and rankings -------------------------------------------------------------------------------


def test_it_makes_a_comparison_and_shows_it_blind(project: Project, ada: User, erin: User) -> None:
    factories.prompt(project, external_id="17")
    candidates = [{"text": "One", "source": "model x"}, {"text": "Two", "source": "model y"}]
    made = post(program(ada), url(project, "comparisons/"), {"prompt": "17", "candidates": candidates})
    blind = get(program(erin), url(project, f"comparisons/{made['id']}/"))
    assert {each["text"] for each in blind["candidates"]} == {"One", "Two"}
    assert [set(each) for each in blind["candidates"]] == [{"letter", "text"}] * 2
    assert "model" not in json.dumps(blind)
    assert program(erin).get(url(project, "comparisons/")).status_code == 403


def test_it_shows_a_comparison_to_those_only_who_judge_it(
    project: Project, erin: User, eve: User, rita: User, ada: User
) -> None:
    comparison = factories.comparison(factories.prompt(project), ["First text", "Second text"])
    queues.next_to_rank(project, erin)
    where = url(project, f"comparisons/{comparison.pk}/")
    for judged in (False, True):
        assert {each["text"] for each in get(program(erin), where)["candidates"]} == {"First text", "Second text"}
        for other in (eve, rita):
            refused = program(other).get(where)
            assert refused.status_code == 403
            assert "text" not in refused.content.decode()
        if not judged:
            post(program(erin), url(project, "rankings/"), {"comparison": str(comparison.pk), "order": [["A"], ["B"]]})
    kept = factories.comparison(factories.prompt(project), ["First text", "Second text"])
    assigning.arrange(project=project, by=ada, work="rank", only=[kept.prompt_id], assign=([eve], []))
    codes = [program(person).get(url(project, f"comparisons/{kept.pk}/")).status_code for person in (erin, eve)]
    assert codes == [403, 200]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"prompt": "nowhere"}, "prompt"),
        ({"prompt": "held"}, "prompt"),
        ({"candidates": [{"text": "a"}]}, "candidates"),
        ({"candidates": [{"text": "a"}, {"text": "a "}]}, "candidates"),
        ({"candidates": [{"text": str(n)} for n in range(6)]}, "candidates"),
    ],
)
def test_it_says_what_is_wrong_with_a_comparison(project: Project, ada: User, data: dict, field: str) -> None:
    factories.prompt(project, external_id="17")
    factories.prompt(project, external_id="held", split="evaluation")
    whole = {"prompt": "17", "candidates": [{"text": "a"}, {"text": "b"}], **data}
    assert list(post(program(ada), url(project, "comparisons/"), whole, expect=400)) == [field]


def test_it_makes_a_comparison_with_its_known_answer(project: Project, ada: User) -> None:
    factories.prompt(project, external_id="17")
    whole = {"prompt": "17", "candidates": [{"text": "a"}, {"text": "b"}], "known": [[2], [1]]}
    made = post(program(ada), url(project, "comparisons/"), {**whole, "explanation": "It has a date."})
    assert made["rankings_needed"] == 0
    ids = {each["text"]: each["id"] for each in made["candidates"]}
    (known,) = get(program(ada), url(project, "known-answers/"))["results"]
    assert (known["comparison"], known["order"]) == (made["id"], [[ids["b"]], [ids["a"]]])
    assert (known["explanation"], known["for_training"]) == ("It has a date.", False)
    for wrong in ({"known": [[1]]}, {"known": [], "explanation": "x"}, {"for_training": True}):
        assert list(post(program(ada), url(project, "comparisons/"), {**whole, **wrong}, expect=400)) == ["known"]
    assert project.comparisons.count() == 1


def test_it_takes_ones_ranking_once(project: Project, erin: User, ada: User) -> None:
    comparison = factories.comparison(factories.prompt(project))
    data = {"comparison": str(comparison.pk), "order": [["B"], ["A"]], "reason": "Dated."}
    made = post(program(erin), url(project, "rankings/"), data)
    assert made["order"] == [["B"], ["A"]]
    again = post(program(erin), url(project, "rankings/"), {**data, "order": [["A"], ["B"]]}, expect=200)
    assert again["order"] == [["B"], ["A"]]
    (ranking,) = Ranking.objects.all()
    assert ranking.order == [[ranking.shown[1]], [ranking.shown[0]]]
    (row,) = get(program(ada), url(project, "rankings/"))["results"]
    assert (row["order"], row["ranker"], row["shown"]) == (ranking.order, "erin", ranking.shown)
    assert program(erin).get(url(project, "rankings/")).status_code == 403


def test_it_takes_all_that_can_be_said_of_a_comparison(project: Project, erin: User, ada: User) -> None:
    comparison = factories.comparison(factories.prompt(project), ["One 1", "Two 2", "Three 3"])
    said = {
        "comparison": str(comparison.pk),
        "order": [["C"], ["A"], ["B"]],
        "acceptable": 2,
        "criteria": {"accuracy": {"order": [["A"], ["B", "C"]]}},
        "chips": ["More accurate"],
        "marks": [{"letter": "B", "kind": "number", "start": 0, "end": 3}],
        "active_seconds": 12.5,
    }
    made = post(program(erin), url(project, "rankings/"), said)
    assert (made["acceptable"], made["chips"]) == (2, ["More accurate"])
    (row,) = get(program(ada), url(project, "rankings/"))["results"]
    a, b, c = row["shown"]
    assert row["criteria"] == {"accuracy": {"order": [[a], [b, c]], "strength": None}}
    assert row["marks"] == [{"candidate": b, "kind": "number", "start": 0, "end": 3}]
    assert (row["order"], row["active_seconds"]) == ([[c], [a], [b]], 12.5)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"strength": 3}, "strength"),
        ({"order": [["A", "B"]], "strength": 2}, "strength"),
        ({"acceptable": 3}, "acceptable"),
        ({"criteria": {"charm": {"order": [["A"], ["B"]]}}}, "criteria"),
        ({"criteria": {"accuracy": {"order": [["A"]]}}}, "criteria"),
        ({"chips": ["I like it"]}, "chips"),
        ({"marks": [{"letter": "C", "kind": "number", "start": 0, "end": 1}]}, "marks"),
        ({"marks": [{"letter": "A", "kind": "number", "start": 3, "end": 3}]}, "marks"),
        ({"marks": [{"letter": "A", "kind": "spelling", "start": 0, "end": 1}]}, "marks"),
        ({"active_seconds": -1}, "active_seconds"),
        ({"all_bad": True}, "reason"),
        ({"acceptable": 0, "reason": " "}, "reason"),
    ],
)
def test_it_says_what_is_wrong_with_a_ranking(project: Project, erin: User, wrong: dict, field: str) -> None:
    comparison = factories.comparison(factories.prompt(project))
    data = {"comparison": str(comparison.pk), "order": [["A"], ["B"]], **wrong}
    assert list(post(program(erin), url(project, "rankings/"), data, expect=400)) == [field]
    assert not Ranking.objects.exists()


def test_it_refuses_rankings_that_leave_a_candidate_out(project: Project, erin: User) -> None:
    comparison = factories.comparison(factories.prompt(project))
    for order in ([["A"]], [["A"], ["A"], ["B"]], [["A", "B"], []], [], "x", [["nonsense"]], [["A"], ["C"]]):
        post(program(erin), url(project, "rankings/"), {"comparison": str(comparison.pk), "order": order}, expect=400)
    unknown = {"comparison": str(project.pk), "order": [["A"], ["B"]]}
    assert "comparison" in post(program(erin), url(project, "rankings/"), unknown, expect=400)


# --- Files --------------------------------------------------------------------------------------------------


def upload(client: Client, project: Project, *rows: Any, **options: Any) -> Any:
    lines = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    file = SimpleUploadedFile("notes.jsonl", lines.encode())
    return client.post(url(project, "imports/"), {"file": file, **options})


def test_it_imports_a_file_in_one_call(project: Project, ada: User) -> None:
    rows = [{"id": n, "instruction": f"Do {n}.", "output": f"Did {n}."} for n in range(20)]
    response = upload(program(ada), project, *rows, responses="submitted", evaluation_share=0)
    assert response.status_code == 201, response.content
    assert response.json()["counts"]["new"] == 20
    assert Demonstration.objects.filter(status="submitted").count() == 20
    listed = get(program(ada), url(project, "imports/"))["results"]
    assert [(each["file_name"], each["status"]) for each in listed] == [("notes.jsonl", "done")]


def test_it_names_the_lines_at_fault(project: Project, ada: User) -> None:
    response = upload(program(ada), project, {"instruction": "x"}, "broken")
    assert response.status_code == 400
    assert response.json()["problems"] == [
        {"line": 2, "reason": "The line is not valid JSON: Expecting value at character 1."}
    ]
    assert not project.prompts.exists()
    assert Import.objects.get().status == "discarded"
    assert upload(program(ada), project, {"instruction": "x"}, "broken", skip_problems="true").status_code == 201


def test_it_takes_a_mapping_with_the_file(project: Project, ada: User) -> None:
    rows = [{"q": "Why?", "a": "Because."}]
    columns = json.dumps({"instruction": "q", "response": "a"})
    assert upload(program(ada), project, *rows, columns=columns, evaluation_share=0).status_code == 201
    assert project.prompts.get().instruction == "Why?"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "column-instruction"),
        ({"columns": "{"}, "columns"),
        ({"columns": "[" * 100_000}, "columns"),
        ({"columns": '{"colour": "q"}'}, "columns"),
        ({"columns": '{"instruction": "zzz"}'}, "column-instruction"),
        ({"columns": '{"instruction": "q"}', "responses": "x"}, "responses"),
    ],
)
def test_it_says_what_is_wrong_with_an_import(project: Project, ada: User, options: dict, field: str) -> None:
    response = upload(program(ada), project, {"q": "Why?"}, **options)
    assert response.status_code == 400
    assert field in response.json()


def test_it_refuses_an_import_without_a_file(project: Project, ada: User) -> None:
    assert "file" in program(ada).post(url(project, "imports/"), {}).json()


def test_it_makes_exports(project: Project, ada: User, erin: User) -> None:
    factories.demonstration(factories.prompt(project), erin)
    client = program(ada)
    made = client.post(url(project, "exports/"), {"kind": "demonstrations"}, content_type=JSON)
    assert (made.status_code, made.json()["status"]) == (202, "queued")
    one = f"exports/{made.json()['id']}/"
    assert client.get(url(project, f"{one}file/")).status_code == 404
    assert client.post(url(project, f"{one}stop/")).json()["status"] == "stopped"
    assert client.post(url(project, f"{one}stop/")).status_code == 409
    assert client.post(url(project, f"{one}resume/")).json()["status"] == "queued"
    parts.run(project.exports.get(), job.do)
    told = client.get(url(project, one)).json()
    assert (told["rows"], told["is_ready"], told["left_out"]) == (1, True, {})
    response = client.get(url(project, f"{one}file/"))
    rows = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert json.loads(rows[0])["completion"][0]["content"] == factories.RESPONSE
    assert Event.objects.get(verb="exported data").actor == ada
    assert Event.objects.get(verb="downloaded an export").actor == ada
    assert len(client.get(url(project, "exports/")).json()["results"]) == 1
    assert client.delete(url(project, one)).status_code == 204


@pytest.mark.parametrize(
    "wrong",
    [{}, {"kind": "all"}, {"kind": "rankings", "shape": "alpaca"}, {"kind": "rankings", "format": "csv"}],
)
def test_it_refuses_exports_that_do_not_fit(project: Project, ada: User, wrong: dict[str, str]) -> None:
    assert program(ada).post(url(project, "exports/"), wrong, content_type=JSON).status_code == 400


def test_it_never_fails_on_odd_bodies(project: Project, ada: User) -> None:
    client = program(ada)
    for path in ("", "members/", "guidelines/", "prompts/", "demonstrations/", "comparisons/", "rankings/"):
        for body in ("", "[]", "null", "17", '"x"', "{", "[" * 3000, '{"prompts": {"a": 1}, "order": {}, "role": []}'):
            method = client.patch if path == "" else client.post
            response = method(url(project, path), body, content_type=JSON)
            assert response.status_code in (200, 400), (path, body, response.content)


def test_it_refuses_a_body_that_is_too_large(project: Project, ada: User) -> None:
    body = json.dumps({"text": "x" * (5 * 1024 * 1024)})
    assert program(ada).post(url(project, "guidelines/"), body, content_type=JSON).status_code == 413


def test_it_gives_the_same_role_rules_to_a_session(project: Project, erin: User, ada: User, sign_in) -> None:
    assert sign_in(erin).get(url(project, "exports/")).status_code == 403
    assert sign_in(ada).get(url(project, "exports/")).status_code == 200
    assert project.role_of(ada) == Role.ADMIN
