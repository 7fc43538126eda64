from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from annotation.models import Candidate, Comparison, Gold, Project, Role
from tests import factories


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command(*(str(argument) for argument in arguments), stdout=out)
    return out.getvalue().strip()


def write(tmp_path: Path, *rows: Any, name: str = "rows.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


NOTES = [{"nr": n, "question": f"Question {n}?", "reply": f"Answer {n}.", "matter": f"m{n}"} for n in range(40)]


def importing(project: Project, path: Path, *more: Any) -> str:
    return run("import_records", path, "--project", project.name, "--by", "ada", "--map", "response=reply", *more)


def test_it_imports_records_with_a_mapping(project: Project, ada: User, tmp_path: Path) -> None:
    counts = json.loads(
        importing(
            project, write(tmp_path, *NOTES), "--map", "external_id=nr", "--split-shares", "0.6/0.2/0.2", "--json"
        )
    )
    assert (counts["new"], counts["responses"]) == (40, 40)
    assert counts["evaluation"] > 1
    assert project.prompts.filter(external_id="7", instruction="Question 7?", group="m7").exists()
    assert "40 known already" in importing(project, write(tmp_path, *NOTES), "--map", "external_id=nr")


def test_it_imports_when_prompts_come_and_how_many_answers_they_need(
    project: Project, ada: User, tmp_path: Path
) -> None:
    rows = [{**NOTES[0], "priority": "soon", "judges": 2}, {**NOTES[1], "priority": 2, "judges": 1}]
    named = ["--map", "answers_needed=judges", "--split-shares", "1/0/0"]
    importing(project, write(tmp_path, *rows), *named)
    assert sorted(project.prompts.values_list("priority", "answers_needed")) == [(1, 2), (2, 1)]
    with pytest.raises(CommandError, match="line 1: The number of answers 12 is not a whole number from 1 to 9"):
        importing(project, write(tmp_path, {**NOTES[2], "judges": 12}), *named)


def test_it_imports_for_review_in_somebodys_name(project: Project, erin: User, ada: User, tmp_path: Path) -> None:
    importing(
        project, write(tmp_path, *NOTES), "--responses", "submitted", "--author", "erin", "--split-shares", "1/0/0"
    )
    assert erin.demonstrations.filter(status="submitted").count() == 40


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--map", "colour=reply"], "no field “colour”"),
        (["--map", "input=colour"], "no column “colour”"),
        (["--split-shares", "0.5/0.5"], "three numbers"),
        (["--split-shares", "0.5/0.5/0.5"], "add up to 1"),
        (["--split-by", "column"], "no column with the split"),
        (["--author", "nobody"], "nobody with the user name"),
    ],
)
def test_it_refuses_an_import_with_a_sentence(
    project: Project, ada: User, tmp_path: Path, arguments: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        importing(project, write(tmp_path, *NOTES), *arguments)
    assert not project.prompts.exists()


def test_it_names_the_lines_at_fault_and_skips_them_when_told(project: Project, ada: User, tmp_path: Path) -> None:
    path = write(tmp_path, NOTES[0], "broken", NOTES[1])
    with pytest.raises(CommandError, match=r"nothing was imported\.\n  line 2: The line is not valid JSON"):
        importing(project, path)
    assert "2 prompts imported" in importing(project, path, "--skip-problems")


def test_it_refuses_files_it_cannot_read(project: Project, ada: User, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        importing(project, tmp_path / "absent.csv")
    with pytest.raises(CommandError, match="say --format"):
        importing(project, write(tmp_path, "Plain words.", name="rows.dat"))
    with pytest.raises(CommandError, match="Line 1: the file ends in the middle of its list"):
        importing(project, write(tmp_path, json.dumps(NOTES)[:-1]))
    assert "40 prompts imported" in importing(project, write(tmp_path, json.dumps(NOTES)))


def test_it_obeys_the_access_table(project: Project, erin: User, oscar: User, tmp_path: Path) -> None:
    for by in ("erin", "oscar"):
        with pytest.raises(CommandError, match="may not do this"):
            run("import_records", write(tmp_path, *NOTES), "--project", project.name, "--by", by)
    with pytest.raises(CommandError, match="no project called"):
        run("import_records", write(tmp_path, *NOTES), "--project", "Nowhere", "--by", "erin")


def test_it_asks_for_the_id_when_a_name_is_not_enough(project: Project, ada: User, tmp_path: Path) -> None:
    factories.project(created_by=ada)
    with pytest.raises(CommandError, match="name one by its id"):
        importing(project, write(tmp_path, *NOTES))
    run("export_records", "--project", project.pk, "--by", "ada", "--kind", "prompts", "--output", tmp_path / "x")


def test_it_creates_a_project_from_options(ada: User) -> None:
    made = run(
        "create_project", "--name", "Letters", "--objective", "Write letters.", "--section", "To", "--section",
        "Text", "--dated-section", "To", "--guidelines", "Be kind.", "--by", "ada", "--json",
    )  # fmt: skip
    project = Project.objects.get(pk=json.loads(made)["project"])
    assert (project.sections, project.dated_section, project.role_of(ada)) == (["To", "Text"], "To", Role.ADMIN)
    assert project.current_guidelines().text == "Be kind."  # type: ignore[union-attr]


def test_it_creates_a_project_from_a_file(ada: User, tmp_path: Path) -> None:
    values = {"name": "Letters", "objective": "x", "sections": ["A"], "rubric": {"accuracy": {"1": "Hopeless"}}}
    run("create_project", "--from-json", write(tmp_path, values), "--by", "ada", "--reviews-per-output", "2")
    project = Project.objects.get()
    assert project.rubric["accuracy"]["1"] == "Hopeless"
    assert project.reviews_per_output == 2
    with pytest.raises(CommandError, match="these names"):
        run("create_project", "--from-json", write(tmp_path, {"colour": 1}), "--by", "ada")
    with pytest.raises(CommandError, match=r"instruction_template: Nothing fills \{x\}"):
        run("create_project", "--name", "n", "--objective", "o", "--instruction-template", "{x}", "--by", "ada")


def test_it_adds_members_old_and_new(project: Project, ada: User, oscar: User) -> None:
    run("add_member", "oscar", "--project", project.name, "--role", "expert", "--by", "ada")
    run("add_member", "nora", "--name", "Nora Nurse", "--project", project.name, "--role", "reviewer", "--by", "ada")
    assert project.memberships.count() == 6
    for username, words in [("oscar", "is a member already"), ("zed", "--name makes a new person")]:
        with pytest.raises(CommandError, match=words):
            run("add_member", username, "--project", project.name, "--role", "expert", "--by", "ada")


def test_it_exports_to_a_file(project: Project, erin: User, ada: User, tmp_path: Path) -> None:
    factories.demonstration(factories.prompt(project), erin)
    out = tmp_path / "out.jsonl"
    options = ["--project", project.name, "--by", "ada", "--kind", "demonstrations"]
    assert "1 demonstrations written" in run("export_records", *options, "--output", out)
    assert json.loads(out.read_text())["completion"][0]["role"] == "assistant"
    with pytest.raises(CommandError, match="cannot be written"):
        run("export_records", *options, "--output", tmp_path / "no" / "where")


def test_it_makes_comparisons_all_or_none(project: Project, ada: User, tmp_path: Path) -> None:
    factories.prompt(project, external_id="a")
    factories.prompt(project, external_id="held", split="evaluation")
    good = {"id": "a", "candidates": ["One", {"text": "Two", "source": "model x"}]}
    options = ["--project", project.name, "--by", "ada"]
    for bad, words in [
        ({"id": "zzz", "candidates": ["1", "2"]}, "no prompt “zzz”"),
        ({"id": "held", "candidates": ["1", "2"]}, "held out"),
        ({"id": "a", "candidates": ["1", "1"]}, "fewer than two"),
        ({"id": "a", "candidates": list("abcdef")}, "at most 5"),
        ({"id": "a", "candidates": "text"}, "not a list"),
        ({"id": "a", "candidates": ["x", 17]}, "a candidate is a text"),
        ("broken", "not valid JSON"),
    ]:
        with pytest.raises(CommandError, match=words):
            run("create_comparisons", write(tmp_path, good, bad), *options)
        assert not Comparison.objects.exists()
    assert "1 comparisons made" in run("create_comparisons", write(tmp_path, good), *options)
    assert set(Comparison.objects.get().candidates.values_list("source", flat=True)) == {"file", "model x"}


def test_it_makes_comparisons_with_known_answers(project: Project, ada: User, tmp_path: Path) -> None:
    factories.prompt(project, external_id="a")
    options = ["--project", project.name, "--by", "ada"]
    lines = [
        {"id": "a", "candidates": ["One", "Two", "Three"], "known": [[3], [1, 2]]},
        {"id": "a", "candidates": ["Up", "Down"], "known": [2, 1], "explanation": "Dated.", "for_training": True},
        {"id": "a", "candidates": ["Odd", "Even"], "all_bad": True},
        {"id": "a", "candidates": ["Left", "Right"]},
    ]
    assert "4 comparisons made" in run("create_comparisons", write(tmp_path, *lines), *options)
    made = {}
    for known in Gold.objects.all():
        texts = {str(each.pk): each.text for each in known.comparison.candidates.all()}
        made[texts[known.order[0][0]]] = known
        assert known.comparison.rankings_needed == 0
    assert made.keys() >= {"Three", "Down"}
    assert [len(group) for group in made["Three"].order] == [1, 2]
    assert (made["Down"].explanation, made["Down"].for_training) == ("Dated.", True)
    assert [known.all_bad for known in made.values()].count(True) == 1
    assert Comparison.objects.unfinished().count() == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"known": [1]}, "lists each candidate once"),
        ({"known": [1, 1]}, "lists each candidate once"),
        ({"known": [0, 1]}, "lists each candidate once"),
        ({"known": [[1, 2], []]}, "lists each candidate once"),
        ({"known": [True, 2]}, "lists each candidate once"),
        ({"known": [[[1]], 2]}, "lists each candidate once"),
        ({"known": "A > B"}, "lists each candidate once"),
        ({"explanation": "Dated."}, "belongs to a known answer"),
        ({"known": [1, 2], "for_training": True}, "Write one"),
        ({"known": [1, 2], "for_training": "yes"}, "true or false"),
        ({"known": [1, 2], "explanation": 7}, "not a text"),
        ({"known": [1, 2], "candidates": ["Same", "Same "]}, "say the same"),
    ],
)
def test_it_says_what_is_wrong_with_a_known_answer(
    project: Project, ada: User, tmp_path: Path, line: dict[str, Any], words: str
) -> None:
    factories.prompt(project, external_id="a")
    whole = {"id": "a", "candidates": ["One", "Two"], **line}
    with pytest.raises(CommandError, match=f"Line 1: .*{words}"):
        run("create_comparisons", write(tmp_path, whole), "--project", project.name, "--by", "ada")
    assert not Comparison.objects.exists()


# --- The same from a spreadsheet ---------------------------------------------------------------------------------

SHEET = """Id{0}Candidate 1{0}candidate_2{0}Candidate 3{0}Source 2{0}Known{0}All bad{0}Explanation{0}For training
a{0}One{0}Two{0}Three{0}model x{0}3 > 1 = 2{0}{0}{0}
a{0}Up{0}"Down,
or; below"{0}{0}{0}2>1{0}FALSCH{0}Dated.{0}WAHR
a{0}Odd{0}Even{0}{0}{0}{0}x{0}{0}
a{0}Left{0}Right{0}{0}{0}{0}{0}{0}no
"""


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8-sig")])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_it_makes_them_from_what_a_spreadsheet_saves(
    project: Project, ada: User, tmp_path: Path, delimiter: str, encoding: str, ending: str
) -> None:
    factories.prompt(project, external_id="a")
    path = tmp_path / "known.csv"
    path.write_bytes(SHEET.format(delimiter).replace("\n", ending).encode(encoding))
    said = run("create_comparisons", path, "--project", project.name, "--by", "ada")
    assert "4 comparisons made" in said
    known = {len(each.order): each for each in Gold.objects.exclude(explanation="")}
    three, bad = Gold.objects.get(explanation="", all_bad=False), Gold.objects.get(all_bad=True)
    texts = {str(each.pk): each for each in Candidate.objects.all()}
    assert [sorted(texts[each].text for each in group) for group in three.order] == [["Three"], ["One", "Two"]]
    assert [texts[each[0]].text.split() for each in known[2].order] == [["Down,", "or;", "below"], ["Up"]]
    assert (known[2].for_training, three.for_training) == (True, False)
    assert {each.text for each in bad.comparison.candidates.all()} == {"Odd", "Even"}
    assert texts[next(pk for pk, each in texts.items() if each.text == "Two")].source == "model x"
    assert Comparison.objects.unfinished().count() == 1


def test_it_names_every_line_of_a_spreadsheet_that_is_wrong(project: Project, ada: User, tmp_path: Path) -> None:
    factories.prompt(project, external_id="a")
    lines = [
        "id;candidate 1;candidate 2;candidate 3;known;for training;rankings needed",
        "a;One;Two;;1 > 2;;",
        "zzz;One;Two;;1 > 2;;",
        "a;One;;Three;1 > 2;;",
        "a;One;Two;;A > B;;",
        "a;One;Two;;1 > 3;;",
        "a;One;Two;;1 > 2;perhaps;",
        "a;One;Two;;;;many",
        "a;One;Two",
        "a;Same;Same;;1 > 2;;",
    ]
    path = tmp_path / "known.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(CommandError) as told:
        run("create_comparisons", path, "--project", project.name, "--by", "ada")
    words = ["no prompt “zzz”", "“candidate 2” is empty", "best first", "best first", "yes or no, not “perhaps”"]
    words += ["is a number, not “many”", "3 cells", "say the same"]
    told_lines = str(told.value).split("\n")
    for number, (line, word) in enumerate(zip(told_lines, words, strict=False), start=3):
        assert line.startswith(f"Line {number}: ")
        assert word in line
    assert told_lines[len(words) :] == ["Nothing was made."]
    assert not Comparison.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"id,text\na,One\n", "no columns “candidate 1” and “candidate 2”"),
        (b"id,candidate 1,Candidate_1,candidate 2\na,One,Two,Three\n", "Two columns are called"),
        ("id;candidate 1;candidate 2\na;Über;Gut\n".encode("cp1252"), "CSV UTF-8"),
        ("id;candidate 1;candidate 2\n".encode("utf-16"), "UTF-16"),
        (b'id;candidate 1;candidate 2\na;"One;Two\n', "quotes do not match"),
    ],
)
def test_it_says_what_is_wrong_with_a_spreadsheet(
    project: Project, ada: User, tmp_path: Path, content: bytes, words: str
) -> None:
    factories.prompt(project, external_id="a")
    path = tmp_path / "known.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        run("create_comparisons", path, "--project", project.name, "--by", "ada")
    assert not Comparison.objects.exists()


def test_it_prints_a_token_that_works(ada: User) -> None:
    token = run("api_token", "ada")
    assert Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/projects/").status_code == 200
    with pytest.raises(CommandError, match="nobody with the user name"):
        run("api_token", "nobody")


def test_it_prints_a_link_that_works(erin: User) -> None:
    url = run("sign_in_link", "erin", "--base-url", "https://preceptor.example")
    assert url.startswith("https://preceptor.example/sign-in/")
    assert Client().get(url.removeprefix("https://preceptor.example")).status_code == 200


def test_it_changes_settings_and_keeps_the_others(project: Project, ada: User, tmp_path: Path) -> None:
    change = ["change_project", "--project", project.name, "--by", "ada"]
    before = (project.objective, project.sections, project.rubric)
    said = json.loads(run(*change, "--success-criteria", "Filed as they are.", "--reviews-per-output", 2, "--json"))
    assert sorted(said["changed"]) == ["reviews_per_output", "success_criteria"]
    project.refresh_from_db()
    assert (project.objective, project.sections, project.rubric) == before
    assert (project.success_criteria, project.reviews_per_output) == ("Filed as they are.", 2)
    assert run(*change, "--reviews-per-output", 2) == "Nothing was changed."
    with pytest.raises(CommandError, match="reviews_per_output"):
        run(*change, "--reviews-per-output", 99)


def test_it_writes_guidelines_from_a_file(project: Project, ada: User, tmp_path: Path) -> None:
    file = tmp_path / "guidelines.md"
    file.write_text("# Be brief\n")
    write_it = ["write_guidelines", file, "--project", project.name, "--by", "ada", "--json"]
    first = json.loads(run(*write_it))["version"]
    assert json.loads(run(*write_it))["version"] == first
    assert project.current_guidelines().text == "# Be brief"
    with pytest.raises(CommandError, match="cannot be read"):
        run("write_guidelines", tmp_path, "--project", project.name, "--by", "ada")


def test_it_changes_roles_and_removes_members(project: Project, ada: User, erin: User) -> None:
    change = ["change_member", "--project", project.name, "--by", "ada"]
    assert "erin is now reviewer" in run(*change, "erin", "--role", "reviewer")
    assert project.role_of(erin) == Role.REVIEWER
    assert "no longer a member" in run(*change, "erin", "--remove")
    with pytest.raises(CommandError, match="not a member"):
        run(*change, "erin", "--remove")
    with pytest.raises(CommandError, match="needs an admin"):
        run(*change, "ada", "--remove")
